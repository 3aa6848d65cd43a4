/* Dense layers of int8 models on the host; all of it is in the matrix product. */
#ifdef __wasm_simd128__
#include "host_int8_matrix.h"

void tinyml_host_dense_int8(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                            tinyml_size rows, tinyml_size inputs, tinyml_size outputs, int16_t minimum, int16_t maximum) {
  int16_t wide[TINYML_HOST_ELEMENTS + TINYML_HOST_SLACK] __attribute__((aligned(16)));
  int stride = ((int)inputs + 1) & ~1, most = TINYML_HOST_ELEMENTS / stride;
  if (most > TINYML_HOST_ROWS) most = TINYML_HOST_ROWS;
  while (rows > 0) {
    int count = rows < (tinyml_size)most ? (int)rows : most;
    if (stride == (int)inputs) {
      tinyml_widen_exactly(input, wide, count * stride);
    } else {
      for (int r = 0; r < count; r++) tinyml_widen_exactly(input + r * inputs, wide + r * stride, (int)inputs);
    }
    tinyml_host_output to = {output, (int)outputs, (int8_t)minimum, (int8_t)maximum};
    tinyml_multiply_panels(wide, count, stride, weights, stride / 2, eights, (int)outputs, &to);
    rows -= count;
    input += (tinyml_size)count * inputs;
    output += (tinyml_size)count * outputs;
  }
}
#endif

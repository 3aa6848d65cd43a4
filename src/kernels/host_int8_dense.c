/* Dense layers of int8 models on the host; all of it is in the matrix product. */
#ifdef __wasm_simd128__
#include "host_int8_matrix.h"

static inline void tinyml_dense_panels(const int8_t *input, const int8_t *weights, const tinyml_eight *eights,
                                       int8_t *output, tinyml_size batch, int inputs, int outputs, int8_t minimum,
                                       int8_t maximum, int flip, int sums) {
  tinyml_host_input rows[TINYML_HOST_ELEMENTS + TINYML_HOST_SLACK] __attribute__((aligned(16)));
  int stride = tinyml_host_stride(inputs + sums), most = TINYML_HOST_ELEMENTS / stride;
  if (most > TINYML_HOST_ROWS) most = TINYML_HOST_ROWS;
  while (batch > 0) {
    int count = batch < (tinyml_size)most ? (int)batch : most;
    if (stride == inputs) {
      tinyml_lay_out_exactly(input, rows, count * stride, flip);
    } else {
      for (int r = 0; r < count; r++) tinyml_lay_out_exactly(input + r * inputs, rows + r * stride, inputs, flip);
    }
    tinyml_append_sums(rows, count, stride, inputs, sums);
    tinyml_host_output to = {output, outputs, minimum, maximum};
    tinyml_multiply_rows(rows, count, stride, weights, eights, outputs, &to);
    batch -= count;
    input += count * inputs;
    output += count * outputs;
  }
}

#ifdef __wasm_relaxed_simd__
void tinyml_host_dense_bytes(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                             tinyml_size rows, tinyml_size inputs, tinyml_size outputs, int16_t minimum,
                             int16_t maximum, int flip) {
  tinyml_dense_panels(input, weights, eights, output, rows, (int)inputs, (int)outputs, (int8_t)minimum, (int8_t)maximum,
                      flip, 0);
}
#else
void tinyml_host_dense_int8(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                            tinyml_size rows, tinyml_size inputs, tinyml_size outputs, int16_t minimum, int16_t maximum,
                            int sums) {
  tinyml_dense_panels(input, weights, eights, output, rows, (int)inputs, (int)outputs, (int8_t)minimum, (int8_t)maximum,
                      0, sums);
}
#endif
#endif

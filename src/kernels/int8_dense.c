/* Dense layer of int8 models: TensorFlow Lite's FULLY_CONNECTED with one weight scale and weights of zero point 0. */
#include "int8_dot.h"
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"

void tinyml_dense_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                       tinyml_size batch, tinyml_size inputs, tinyml_size outputs, int16_t output_zero_point,
                       int32_t multiplier, int8_t shift, int16_t minimum, int16_t maximum) {
  for (tinyml_size b = 0; b < batch; b++) {
    const int8_t *row = weights;
    for (tinyml_size o = 0; o < outputs; o++) {
      int32_t sum = tinyml_dot_int8(input, row, inputs);
      if (bias) sum += TINYML_READ_INT32(bias + o);
      sum = tinyml_rescale(sum, multiplier, shift) + output_zero_point;
      *output++ = tinyml_clamp_int8(sum, minimum, maximum);
      row += inputs;
    }
    input += inputs;
  }
}

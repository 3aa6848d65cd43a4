/* Fully connected layer of int8 models whose weights or bias were computed. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"

void tinyml_computed_dense_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                                tinyml_size batch, tinyml_size inputs, tinyml_size outputs, int16_t input_zero_point,
                                int16_t weights_zero_point, int16_t output_zero_point, int32_t multiplier, int8_t shift,
                                int16_t minimum, int16_t maximum) {
  for (tinyml_size b = 0; b < batch; b++) {
    const int8_t *row = weights;
    for (tinyml_size o = 0; o < outputs; o++) {
      int32_t sum = bias ? bias[o] : 0;
      for (tinyml_size i = 0; i < inputs; i++) {
        sum += (int32_t)(row[i] - weights_zero_point) * (input[i] - input_zero_point);
      }
      *output++ = tinyml_clamp_int8(tinyml_rescale(sum, multiplier, shift) + output_zero_point, minimum, maximum);
      row += inputs;
    }
    input += inputs;
  }
}

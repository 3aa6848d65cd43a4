/* Functions of one int16 each: TensorFlow Lite's RELU, RELU6, LEAKY_RELU and ABS. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"

void tinyml_relu_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier, int8_t shift,
                       int16_t minimum, int16_t maximum) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t value = tinyml_rescale(input[i], multiplier, shift);
    if (value < minimum) value = minimum;
    output[i] = value > maximum ? maximum : (int16_t)value;
  }
}

void tinyml_leaky_relu_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier, int8_t shift,
                             int32_t alpha_multiplier, int8_t alpha_shift) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t value = input[i];
    if (value >= 0) {
      value = tinyml_rescale(value, multiplier, shift);
    } else if (alpha_multiplier < 0) {
      value = -tinyml_rescale(value, -alpha_multiplier, alpha_shift);
    } else {
      value = tinyml_rescale(value, alpha_multiplier, alpha_shift);
    }
    if (value < INT16_MIN) value = INT16_MIN;
    output[i] = value > INT16_MAX ? INT16_MAX : (int16_t)value;
  }
}

void tinyml_abs_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier, int8_t shift) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t value = tinyml_rescale(input[i] < 0 ? -(int32_t)input[i] : input[i], multiplier, shift);
    output[i] = value > INT16_MAX ? INT16_MAX : (int16_t)value;
  }
}

/*
 * Fixed-point arithmetic of the int16 kernels, with the roundings of TensorFlow Lite's reference kernels.
 */
#ifndef TINYML_INT16_FIXED_POINT_H
#define TINYML_INT16_FIXED_POINT_H

#include "int8_fixed_point.h"

static inline int16_t tinyml_clamp_int16(int32_t value, int32_t minimum, int32_t maximum) {
  if (value < minimum) value = minimum;
  if (value > maximum) value = maximum;
  return (int16_t)value;
}

/* value * multiplier * 2^(shift - 31) of a 64-bit sum, the multiplier rounded to 15 bits, the result rounded once; shift below 15. */
TINYML_FIXED_POINT int32_t tinyml_rescale_int64(int64_t value, int32_t multiplier, int8_t shift) {
  int32_t reduced = multiplier < 0x7fff0000 ? (multiplier + 0x8000) >> 16 : 0x7fff;
  uint8_t right = (uint8_t)(15 - shift);
  return (int32_t)((value * reduced + ((int64_t)1 << (right - 1))) >> right);
}

/* The sum over i of input[i] * weights[i]; weights in flash. */
TINYML_FIXED_POINT int64_t tinyml_dot_int16(const int16_t *input, const int8_t *weights, tinyml_size count) {
  int64_t sum = 0;
  for (tinyml_size i = 0; i < count; i++) sum += (int32_t)input[i] * TINYML_READ_INT8(weights + i);
  return sum;
}

#endif

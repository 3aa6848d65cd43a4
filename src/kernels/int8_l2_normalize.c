/* Rows of numbers brought to the length 1: TensorFlow Lite's L2_NORMALIZATION. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"

/* value * 2^left, or the largest number where it is above that; value is not negative. */
static int32_t tinyml_widen_saturated(int32_t value, uint8_t left) {
  return value > (INT32_MAX >> left) ? INT32_MAX : value << left;
}

/*
 * 1 / sqrt(value) as multiplier * 2^(shift - 31), by the reference's five steps of Newton's method: x = 3/2 x - v / 2 x^3 from
 * x = 1, v being the value brought to 1/4 .. 1 by a power of 4. Numbers have 28 fractional bits, so that 7 fits; the product
 * of two has 25, that of three 22.
 */
static int32_t tinyml_inverse_root(int32_t value, int8_t *shift) {
  if (value <= 1) {
    *shift = 0;
    return INT32_MAX;
  }
  int8_t right = 11;
  for (; value >= (int32_t)1 << 29; value /= 4) right++;
  for (; value < (int32_t)1 << 27; value *= 4) right--;
  int32_t half = tinyml_divide_by_power(value >> 1, 1);
  int32_t x = (int32_t)1 << 28;
  for (int8_t i = 0; i < 5; i++) {
    int32_t cube = tinyml_multiply_fraction(tinyml_multiply_fraction(x, x), x);
    int32_t next = tinyml_multiply_fraction((int32_t)3 << 27, x) -
                   tinyml_multiply_fraction(half, tinyml_widen_saturated(cube, 6));
    x = tinyml_widen_saturated(next, 3);
  }
  /* sqrt(1/2), for the value has an odd number of fractional bits */
  int32_t multiplier = tinyml_multiply_fraction(x, 1518500250);
  if (right < 0) {
    multiplier = (int32_t)((uint32_t)multiplier << (uint8_t)-right);
    right = 0;
  }
  *shift = (int8_t)-right;
  return multiplier;
}

void tinyml_l2_normalize_int8(const int8_t *input, int8_t *output, tinyml_size rows, tinyml_size width,
                              int16_t zero_point) {
  for (tinyml_size row = 0; row < rows; row++, input += width, output += width) {
    int32_t squares = 0;
    for (tinyml_size i = 0; i < width; i++) {
      int32_t x = input[i] - zero_point;
      squares += x * x;
    }
    int8_t shift;
    int32_t multiplier = tinyml_inverse_root(squares, &shift);
    for (tinyml_size i = 0; i < width; i++) {
      /* 7: in steps of 1/128 */
      int32_t value = tinyml_rescale(input[i] - zero_point, multiplier, (int8_t)(shift + 7));
      output[i] = tinyml_clamp_int8(value, -128, 127);
    }
  }
}

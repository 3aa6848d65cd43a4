/*
 * 32-bit fixed-point arithmetic of the int8 kernels. The roundings are those of TensorFlow Lite's reference kernels
 * (the gemmlowp library): a product's upper half rounds halves up, a division by 2^n rounds halves away from zero.
 *
 * Everything is computed from magnitudes and a sign: then both roundings are an addition and a shift, and AVR, which has
 * only 8-bit multiplications, needs no 64-bit arithmetic.
 */
#ifndef TINYML_INT8_FIXED_POINT_H
#define TINYML_INT8_FIXED_POINT_H

#include "tinyml_platform.h"

#ifdef __AVR__
/* One copy that is called: flash is short, and a call costs little beside the multiplication. */
#define TINYML_FIXED_POINT static __attribute__((unused, noinline))
#else
#define TINYML_FIXED_POINT static inline
#endif

static inline uint32_t tinyml_magnitude(int32_t value) {
  return value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
}

/* (a * b + 2^30 - down) / 2^31, without its fraction; a and b up to 2^31, down 0 or 1. */
TINYML_FIXED_POINT uint32_t tinyml_multiply_high(uint32_t a, uint32_t b, uint8_t down) {
#ifdef __AVR__
  /* Schoolbook multiplication in digits of 16 bits. */
  uint16_t a0 = (uint16_t)a, a1 = (uint16_t)(a >> 16), b0 = (uint16_t)b, b1 = (uint16_t)(b >> 16);
  uint32_t low = (uint32_t)a0 * b0;
  uint32_t middle = (uint32_t)a0 * b1;
  uint32_t other = (uint32_t)a1 * b0;
  uint32_t high = (uint32_t)a1 * b1 + (uint16_t)(middle >> 16) + (uint16_t)(other >> 16);
  middle = (uint32_t)(uint16_t)middle + (uint16_t)other + (uint16_t)(low >> 16);
  high += (uint16_t)(middle >> 16);
  low = middle << 16 | (uint16_t)low;
  uint32_t sum = low + (0x40000000u - down);
  high += sum < low;
  return high << 1 | (sum & 0x80000000u ? 1 : 0);
#else
  return (uint32_t)(((uint64_t)a * b + (0x40000000u - down)) >> 31);
#endif
}

/* a * b / 2^31, rounded, halves up: the product of two numbers in -1 .. 1 of 31 fractional bits. */
TINYML_FIXED_POINT int32_t tinyml_multiply_fraction(int32_t a, int32_t b) {
  uint8_t negative = (a < 0) != (b < 0);
  uint32_t product = tinyml_multiply_high(tinyml_magnitude(a), tinyml_magnitude(b), negative);
  return (int32_t)(negative ? 0u - product : product);
}

/* value / 2^exponent, rounded, halves away from zero; exponent 0 .. 31. */
TINYML_FIXED_POINT int32_t tinyml_divide_by_power(int32_t value, uint8_t exponent) {
  uint32_t result = (tinyml_magnitude(value) + (((uint32_t)1 << exponent) >> 1)) >> exponent;
  return (int32_t)(value < 0 ? 0u - result : result);
}

/* value * multiplier * 2^(shift - 31), rounded twice: after the product, and after the shift if it is to the right. */
TINYML_FIXED_POINT int32_t tinyml_rescale(int32_t value, int32_t multiplier, int32_t shift) {
  if (shift > 0) value = (int32_t)((uint32_t)value << shift);
  uint8_t negative = value < 0;
  uint32_t result = tinyml_multiply_high(tinyml_magnitude(value), (uint32_t)multiplier, negative);
  if (shift < 0) {
    uint8_t exponent = (uint8_t)-shift;
    result = (result + (((uint32_t)1 << exponent) >> 1)) >> exponent;
  }
  return (int32_t)(negative ? 0u - result : result);
}

static inline int8_t tinyml_clamp_int8(int32_t value, int32_t minimum, int32_t maximum) {
  if (value < minimum) value = minimum;
  if (value > maximum) value = maximum;
  return (int8_t)value;
}

#endif

/*
 * 32-bit fixed-point arithmetic of the int8 kernels. The roundings are those of TensorFlow Lite's reference kernels
 * (the gemmlowp library): a product's upper half rounds halves up, a division by 2^n rounds halves away from zero.
 * Shifting a negative number to the right must keep its sign, as every compiler for our boards does.
 */
#ifndef TINYML_INT8_FIXED_POINT_H
#define TINYML_INT8_FIXED_POINT_H

#include "tinyml_platform.h"

/* Not "inline": where flash is short (-Os), the compiler shall keep one copy of what is called from several places. */
#ifdef __GNUC__
#define TINYML_FIXED_POINT static __attribute__((unused))
#else
#define TINYML_FIXED_POINT static inline
#endif

/* a * b / 2^31, rounded, halves up: the product of two numbers in -1 .. 1 of 31 fractional bits. b is not negative. */
TINYML_FIXED_POINT int32_t tinyml_multiply_fraction(int32_t a, int32_t b) {
#ifdef __AVR__
  /*
   * AVR multiplies 8 bits by 8. Byte by byte of a, lowest first: adds b * byte to a sum of five bytes (which begins with
   * the half that rounds) and drops its lowest one, which is complete. At most 150 cycles; a byte that is 0 takes 18, so
   * magnitudes are multiplied: the halves of a negative product are then rounded down.
   */
  uint32_t sum = a < 0 ? 0x3fffffffu : 0x40000000u;
  uint32_t rest = a < 0 ? 0u - (uint32_t)a : (uint32_t)a;
  uint8_t top = 0, zero = 0, left = 4, byte, dropped;
  __asm__(
      "1: mov %[byte], %A[rest]\n\t"
      "mov %A[rest], %B[rest]\n\t"
      "mov %B[rest], %C[rest]\n\t"
      "mov %C[rest], %D[rest]\n\t"
      "tst %[byte]\n\t"
      "breq 2f\n\t"
      "mul %A[b], %[byte]\n\t"
      "add %A[sum], r0\n\t"
      "adc %B[sum], r1\n\t"
      "adc %C[sum], %[zero]\n\t"
      "adc %D[sum], %[zero]\n\t"
      "adc %[top], %[zero]\n\t"
      "mul %B[b], %[byte]\n\t"
      "add %B[sum], r0\n\t"
      "adc %C[sum], r1\n\t"
      "adc %D[sum], %[zero]\n\t"
      "adc %[top], %[zero]\n\t"
      "mul %C[b], %[byte]\n\t"
      "add %C[sum], r0\n\t"
      "adc %D[sum], r1\n\t"
      "adc %[top], %[zero]\n\t"
      "mul %D[b], %[byte]\n\t"
      "add %D[sum], r0\n\t"
      "adc %[top], r1\n\t"
      "2: mov %[dropped], %A[sum]\n\t"
      "mov %A[sum], %B[sum]\n\t"
      "mov %B[sum], %C[sum]\n\t"
      "mov %C[sum], %D[sum]\n\t"
      "mov %D[sum], %[top]\n\t"
      "clr %[top]\n\t"
      "dec %[left]\n\t"
      "brne 1b\n\t"
      "clr __zero_reg__"
      : [sum] "+&r"(sum), [rest] "+&r"(rest), [top] "+&r"(top), [left] "+&r"(left), [byte] "=&r"(byte),
        [dropped] "=&r"(dropped)
      : [b] "r"(b), [zero] "r"(zero)
      : "r0");
  sum = sum << 1 | dropped >> 7;
  return (int32_t)(a < 0 ? 0u - sum : sum);
#else
  return (int32_t)(((int64_t)a * b + ((int32_t)1 << 30)) >> 31);
#endif
}

/* value / 2^exponent, rounded, halves away from zero; exponent 1 .. 31. */
TINYML_FIXED_POINT int32_t tinyml_divide_by_power(int32_t value, uint8_t exponent) {
  if (value < 0) value--;
  return ((value >> (exponent - 1)) + 1) >> 1;
}

/* value * multiplier * 2^(shift - 31), rounded twice: after the product, and after the shift if it is to the right. */
TINYML_FIXED_POINT int32_t tinyml_rescale(int32_t value, int32_t multiplier, int8_t shift) {
  if (shift > 0) value = (int32_t)((uint32_t)value << (uint8_t)shift);
  value = tinyml_multiply_fraction(value, multiplier);
  return shift < 0 ? tinyml_divide_by_power(value, (uint8_t)-shift) : value;
}

static inline int8_t tinyml_clamp_int8(int32_t value, int16_t minimum, int16_t maximum) {
  if (value < minimum) value = minimum;
  if (value > maximum) value = maximum;
  return (int8_t)value;
}

#endif

/* Sums of products of int8 rows, which all int8 layers with weights are made of. */
#ifndef TINYML_INT8_DOT_H
#define TINYML_INT8_DOT_H

#include "tinyml_platform.h"

#ifdef __ARM_FEATURE_DSP

/* Elements 0 and 2, or 1 and 3, of four in a word, widened to 16 bits. (The compilers of some boards lack Arm's intrinsics.) */
static inline uint32_t tinyml_even_int8(uint32_t four) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1" : "=r"(pair) : "r"(four));
  return pair;
}

static inline uint32_t tinyml_odd_int8(uint32_t four) {
  uint32_t pair;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(pair) : "r"(four));
  return pair;
}

static inline uint32_t tinyml_load_four_int8(const int8_t *values) {
  uint32_t four;
  __builtin_memcpy(&four, values, 4);
  return four;
}

/* sum + the products of four elements, given as even and odd ones, with four in a word. */
static inline int32_t tinyml_multiply_four_int8(uint32_t even, uint32_t odd, uint32_t four, int32_t sum) {
  int32_t half, all;
  __asm__("smlad %0, %1, %2, %3" : "=r"(half) : "r"(even), "r"(tinyml_even_int8(four)), "r"(sum));
  __asm__("smlad %0, %1, %2, %3" : "=r"(all) : "r"(odd), "r"(tinyml_odd_int8(four)), "r"(half));
  return all;
}
#endif

/* The sum over i of input[i] * weights[i]. */
static int32_t tinyml_dot_int8(const int8_t *input, const int8_t *weights, tinyml_size count) {
  int32_t sum = 0;
#if defined(__AVR__)
  /* 16 cycles an element. muls leaves the product's sign in the carry, which sbc spreads over the upper half of the sum. */
  if (count > 0) {
    const int8_t *at = weights;
    tinyml_size left = count;
    int8_t x, w;
    __asm__ volatile(
        "1: ld %[x], %a[input]+\n\t"
        "lpm %[w], Z+\n\t"
        "muls %[x], %[w]\n\t"
        "sbc %[x], %[x]\n\t"
        "add %A[sum], r0\n\t"
        "adc %B[sum], r1\n\t"
        "adc %C[sum], %[x]\n\t"
        "adc %D[sum], %[x]\n\t"
        "sbiw %[left], 1\n\t"
        "brne 1b\n\t"
        "clr __zero_reg__"
        : [sum] "+&r"(sum), [input] "+&x"(input), [at] "+&z"(at), [left] "+&w"(left), [x] "=&d"(x), [w] "=&d"(w)
        :
        : "r0", "memory");
  }
#else
#ifdef __ARM_FEATURE_DSP
  /* Cortex-M4 and M7 multiply two pairs at once. */
  for (tinyml_size fours = count / 4; fours > 0; fours--) {
    uint32_t x = tinyml_load_four_int8(input);
    sum = tinyml_multiply_four_int8(tinyml_even_int8(x), tinyml_odd_int8(x), tinyml_load_four_int8(weights), sum);
    input += 4;
    weights += 4;
  }
  count %= 4;
#endif
  for (tinyml_size i = 0; i < count; i++) sum += input[i] * weights[i];
#endif
  return sum;
}

#endif

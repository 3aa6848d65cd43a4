/*
 * exp, log and sqrt in float arithmetic alone, so that the flow, the trainer and every board compute the same bits:
 * C libraries differ in these functions, and AVR has no double.
 * Range reduction and the polynomials follow S. L. Moshier's Cephes library (expf, logf); the error stays below 2 ulp.
 */
#include "tinyml_kernels.h"

static float float_from_bits(uint32_t bits) {
  union { uint32_t bits; float value; } pun;
  pun.bits = bits;
  return pun.value;
}

static uint32_t bits_from_float(float value) {
  union { uint32_t bits; float value; } pun;
  pun.value = value;
  return pun.bits;
}

/* e^x; 0 below -87.33 (where the result would be subnormal), +infinity above 88.72, NaN stays NaN. */
float tinyml_exp(float x) {
  if (x != x) return x;
  if (x > 88.72283f) return float_from_bits(0x7f800000u);
  if (x < -87.33654f) return 0.0f;
  /* x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 is split in two so that n times its first part is exact. */
  float scaled = x * 1.44269504f;
  int32_t n = (int32_t)(scaled + (scaled < 0.0f ? -0.5f : 0.5f));
  float r = x - (float)n * 0.693359375f;
  r = r - (float)n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  /* Two steps, because 2^128 is no float while p 2^128 may be one. */
  int32_t half = n / 2;
  return p * float_from_bits((uint32_t)(half + 127) << 23) * float_from_bits((uint32_t)(n - half + 127) << 23);
}

/* Natural logarithm of a normal positive number; -infinity for 0 and subnormals, NaN below. */
float tinyml_log(float x) {
  if (x != x) return x;
  uint32_t bits = bits_from_float(x);
  if (x < 0.0f) return float_from_bits(0x7fc00000u);
  if (bits < 0x00800000u) return float_from_bits(0xff800000u);
  if (bits == 0x7f800000u) return x;
  /* x = m 2^e with m in [sqrt(1/2), sqrt(2)). */
  int32_t e = (int32_t)(bits >> 23) - 126;
  float m = float_from_bits((bits & 0x007fffffu) | 0x3f000000u);
  if (m < 0.707106781f) {
    e -= 1;
    m = m + m;
  }
  m -= 1.0f;
  float square = m * m;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  p = p * m * square;
  p += (float)e * -2.12194440e-4f;
  p -= 0.5f * square;
  return m + p + (float)e * 0.693359375f;
}

/* The square root of a normal positive number, by Newton's method; 0 of 0 and subnormals, NaN below. */
float tinyml_sqrt(float x) {
  if (x != x) return x;
  uint32_t bits = bits_from_float(x);
  if (x < 0.0f) return float_from_bits(0x7fc00000u);
  if (bits < 0x00800000u || bits >= 0x80000000u) return 0.0f;
  if (bits == 0x7f800000u) return x;
  /* Halving the exponent gives 1 / sqrt(x) within 4 %; two steps bring it within 5e-6, and one of Heron's within 1 ulp. */
  float inverse = float_from_bits(0x5f3759dfu - (bits >> 1));
  for (int8_t i = 0; i < 2; i++) inverse = inverse * (1.5f - 0.5f * x * inverse * inverse);
  float root = x * inverse;
  return 0.5f * (root + x / root);
}

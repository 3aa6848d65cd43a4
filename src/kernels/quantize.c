/* The edges of an int8 model: readings become int8, int8 results become readable numbers. */
#include "tinyml_kernels.h"

void tinyml_quantize_int8(const float *input, int8_t *output, tinyml_size count, float scale, int16_t zero_point) {
  for (tinyml_size i = 0; i < count; i++) {
    float steps = input[i] / scale;
    /* Beyond 256 steps the result is clamped anyway; written so that NaN becomes the lowest value. */
    if (!(steps > -256.0f)) steps = -256.0f;
    if (steps > 256.0f) steps = 256.0f;
    /* In half steps: then the halves that are to be rounded are whole, and no sum of floats can round them away. */
    int16_t halves = (int16_t)(steps + steps);
    int16_t whole = (int16_t)((halves + (halves < 0 ? -1 : 1)) / 2);
    whole = (int16_t)(whole + zero_point);
    if (whole < -128) whole = -128;
    if (whole > 127) whole = 127;
    output[i] = (int8_t)whole;
  }
}

void tinyml_dequantize_int8(const int8_t *input, float *output, tinyml_size count, float scale, int16_t zero_point) {
  for (tinyml_size i = 0; i < count; i++) output[i] = scale * (float)(int16_t)(input[i] - zero_point);
}

/* value / scale in steps, halves away from zero, at most 65,536 of them: enough for 16 bits from any zero point. */
static int32_t tinyml_round_steps(float value, float scale) {
  float steps = value / scale;
  if (!(steps > -65536.0f)) steps = -65536.0f;
  if (steps > 65536.0f) steps = 65536.0f;
  int32_t halves = (int32_t)(steps + steps);
  return (halves + (halves < 0 ? -1 : 1)) / 2;
}

void tinyml_quantize_uint8(const float *input, uint8_t *output, tinyml_size count, float scale, int16_t zero_point) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t stored = tinyml_round_steps(input[i], scale) + zero_point;
    output[i] = stored < 0 ? 0 : stored > UINT8_MAX ? UINT8_MAX : (uint8_t)stored;
  }
}

void tinyml_quantize_int16(const float *input, int16_t *output, tinyml_size count, float scale, int16_t zero_point) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t stored = tinyml_round_steps(input[i], scale) + zero_point;
    output[i] = stored < INT16_MIN ? INT16_MIN : stored > INT16_MAX ? INT16_MAX : (int16_t)stored;
  }
}

void tinyml_dequantize_uint8(const uint8_t *input, float *output, tinyml_size count, float scale, int16_t zero_point) {
  for (tinyml_size i = 0; i < count; i++) output[i] = scale * (float)(int16_t)(input[i] - zero_point);
}

void tinyml_dequantize_int16(const int16_t *input, float *output, tinyml_size count, float scale, int16_t zero_point) {
  for (tinyml_size i = 0; i < count; i++) output[i] = scale * (float)((int32_t)input[i] - zero_point);
}

void tinyml_dequantize_float16(const uint16_t *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) {
    uint16_t exponent = (input[i] >> 10) & 0x1f, fraction = input[i] & 0x3ff;
    union { uint32_t bits; float value; } pun;
    /* A float has 13 more bits of fraction, and an exponent that counts from 127 instead of 15. */
    pun.bits = (uint32_t)(exponent == 0x1f ? 0xff : exponent + 112) << 23 | (uint32_t)fraction << 13;
    /* Below the smallest normal number, 2^-14, steps are 2^-24. */
    if (exponent == 0) pun.value = (float)fraction * 5.9604644775390625e-8f;
    output[i] = input[i] & 0x8000 ? -pun.value : pun.value;
  }
}

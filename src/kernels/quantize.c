/* The edges of an int8 model: readings become int8, int8 results become readable numbers. */
#include "tinyml_kernels.h"

void tinyml_quantize_int8(const float *input, int8_t *output, tinyml_size count, float scale, int32_t zero_point) {
  for (tinyml_size i = 0; i < count; i++) {
    float steps = input[i] / scale;
    /* Beyond 256 steps the result is clamped anyway; written so that NaN becomes the lowest value. */
    if (!(steps > -256.0f)) steps = -256.0f;
    if (steps > 256.0f) steps = 256.0f;
    int16_t whole = (int16_t)steps;
    float fraction = steps - (float)whole;
    if (fraction >= 0.5f) whole++;
    if (fraction <= -0.5f) whole--;
    whole = (int16_t)(whole + (int16_t)zero_point);
    if (whole < -128) whole = -128;
    if (whole > 127) whole = 127;
    output[i] = (int8_t)whole;
  }
}

void tinyml_dequantize_int8(const int8_t *input, float *output, tinyml_size count, float scale, int32_t zero_point) {
  for (tinyml_size i = 0; i < count; i++) output[i] = scale * (float)(int16_t)(input[i] - (int16_t)zero_point);
}

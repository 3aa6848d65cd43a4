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

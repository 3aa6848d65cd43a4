/* Rows of numbers brought to the length 1: TensorFlow Lite's L2_NORMALIZATION. */
#include "tinyml_kernels.h"

void tinyml_l2_normalize_float(const float *input, float *output, tinyml_size rows, tinyml_size width) {
  for (tinyml_size row = 0; row < rows; row++, input += width, output += width) {
    float squares = 0.0f;
    for (tinyml_size i = 0; i < width; i++) squares += input[i] * input[i];
    float length = tinyml_sqrt(squares);
    if (length < 1e-6f) length = 1e-6f;
    for (tinyml_size i = 0; i < width; i++) output[i] = input[i] / length;
  }
}

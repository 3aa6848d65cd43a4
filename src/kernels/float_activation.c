/* Activations of float models, element by element; softmax over the last axis. */
#include "tinyml_kernels.h"

void tinyml_relu_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = input[i] < 0.0f ? 0.0f : input[i];
}

/* 1 / (1 + e^-x), with the exponential's argument never positive so that it can't overflow. */
void tinyml_logistic_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) {
    float x = input[i];
    float e = tinyml_exp(x < 0.0f ? x : -x);
    output[i] = (x < 0.0f ? e : 1.0f) / (1.0f + e);
  }
}

/* (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x; near zero its series, where the difference would lose digits. */
void tinyml_tanh_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) {
    float x = input[i];
    float magnitude = x < 0.0f ? -x : x;
    float result;
    if (magnitude < 0.25f) {
      float square = x * x;
      result = magnitude + magnitude * square * (-0.333333333f + square * (0.133333333f + square * (-0.0539682540f + square * 0.0218694885f)));
    } else {
      float e = tinyml_exp(-2.0f * magnitude);
      result = (1.0f - e) / (1.0f + e);
    }
    output[i] = x < 0.0f ? -result : result;
  }
}

/* input and output [batch][classes]: e^(beta x) / sum of them, shifted by the largest so that nothing overflows. */
void tinyml_softmax_float(const float *input, float *output, tinyml_size batch, tinyml_size classes, float beta) {
  for (tinyml_size b = 0; b < batch; b++) {
    float largest = input[0];
    for (tinyml_size c = 1; c < classes; c++) if (input[c] > largest) largest = input[c];
    float sum = 0.0f;
    for (tinyml_size c = 0; c < classes; c++) {
      float e = tinyml_exp(beta * (input[c] - largest));
      output[c] = e;
      sum += e;
    }
    for (tinyml_size c = 0; c < classes; c++) output[c] /= sum;
    input += classes;
    output += classes;
  }
}

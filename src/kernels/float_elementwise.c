/* Functions of one float each: TensorFlow Lite's RELU6, LEAKY_RELU, HARD_SWISH, ELU, ABS, NEG, SQUARE, SQRT, RSQRT, EXP, LOG. */
#include "float_clamp.h"
#include "tinyml_kernels.h"

void tinyml_activation_float(const float *input, float *output, tinyml_size count, int activation) {
  for (tinyml_size i = 0; i < count; i++) output[i] = tinyml_clamp_activation(input[i], activation);
}

void tinyml_leaky_relu_float(const float *input, float *output, tinyml_size count, float alpha) {
  for (tinyml_size i = 0; i < count; i++) output[i] = input[i] > 0.0f ? input[i] : input[i] * alpha;
}

void tinyml_hard_swish_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) {
    float gate = tinyml_clamp_activation(input[i] + 3.0f, TINYML_ACTIVATION_RELU6);
    output[i] = input[i] * gate / 6.0f;
  }
}

/* e^x - 1 below zero; near zero its series, where the difference would lose digits. */
void tinyml_elu_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) {
    float x = input[i];
    if (x < -0.25f) {
      x = tinyml_exp(x) - 1.0f;
    } else if (x < 0.0f) {
      x = x + x * x * (0.5f + x * (0.166666667f + x * (0.0416666667f + x * (0.00833333333f + x * 0.00138888889f))));
    }
    output[i] = x;
  }
}

void tinyml_abs_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = __builtin_fabsf(input[i]);
}

void tinyml_neg_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = -input[i];
}

void tinyml_square_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = input[i] * input[i];
}

void tinyml_sqrt_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = tinyml_sqrt(input[i]);
}

void tinyml_rsqrt_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = 1.0f / tinyml_sqrt(input[i]);
}

void tinyml_exp_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = tinyml_exp(input[i]);
}

void tinyml_log_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = tinyml_log(input[i]);
}

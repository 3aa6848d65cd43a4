/* Gradients of functions of each number, of arithmetic of two operands, and of joining; each writes the whole gradient. */
#include "tinyml_training.h"

/* min(max(x, 0), 6) */
void tinyml_relu6_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) {
    float above = output[i] > 0.0f ? output_gradient[i] : 0.0f;
    input_gradient[i] = output[i] < 6.0f ? above : 0.0f;
  }
}

/* x, and e^x - 1 below zero, whose derivative is y + 1. */
void tinyml_elu_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) {
    input_gradient[i] = output_gradient[i] * (output[i] > 0.0f ? 1.0f : output[i] + 1.0f);
  }
}

/* x, and alpha x below zero. */
void tinyml_leaky_relu_gradient(const float *input, const float *output_gradient, float *input_gradient,
                                tinyml_size count, float alpha) {
  for (tinyml_size i = 0; i < count; i++) input_gradient[i] = output_gradient[i] * (input[i] > 0.0f ? 1.0f : alpha);
}

/* x min(max(x + 3, 0), 6) / 6 */
void tinyml_hard_swish_gradient(const float *input, const float *output_gradient, float *input_gradient,
                                tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) {
    float x = input[i];
    float slope = x <= -3.0f ? 0.0f : x >= 3.0f ? 1.0f : (2.0f * x + 3.0f) / 6.0f;
    input_gradient[i] = output_gradient[i] * slope;
  }
}

/*
 * The gradient [gradient_count] of an operand that is repeated to `count` numbers: at each place the sum of sign times the
 * output's gradient [count], times the other operand [factor_count], which is repeated too (NULL: without it).
 */
void tinyml_operand_gradient(const float *output_gradient, const float *factors, tinyml_size factor_count, float sign,
                             float *gradient, tinyml_size gradient_count, tinyml_size count) {
  for (tinyml_size i = 0; i < gradient_count; i++) gradient[i] = 0.0f;
  tinyml_size to = 0, from = 0;
  for (tinyml_size i = 0; i < count; i++) {
    float g = sign * output_gradient[i];
    gradient[to] += factors ? g * factors[from] : g;
    if (++to == gradient_count) to = 0;
    if (++from == factor_count) from = 0;
  }
}

/* Of rows [rows][stride] the first `width` numbers each, to [rows][width]. */
void tinyml_take_columns(const float *from, float *to, tinyml_size rows, tinyml_size width, tinyml_size stride) {
  for (tinyml_size row = 0; row < rows; row++) {
    for (tinyml_size i = 0; i < width; i++) to[i] = from[i];
    from += stride;
    to += width;
  }
}

/* Adds `from` to `to`. */
void tinyml_add_floats(const float *from, float *to, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) to[i] += from[i];
}

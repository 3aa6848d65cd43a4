/*
 * Gradients of the float operators, for training; they never enter a sketch.
 * "Gradient" of a tensor is the derivative of the batch's loss by each of its elements.
 */
#include "tinyml_training.h"
#include "training_rows.h"

/*
 * Fully connected layer without its activation. input [batch][inputs], weights [outputs][inputs], output_gradient
 * [batch][outputs]; writes input_gradient [batch][inputs] (unless NULL), weights_gradient [outputs][inputs] and
 * bias_gradient [outputs] (unless NULL).
 */
void tinyml_dense_gradient(const float *input, const float *weights, const float *output_gradient, float *input_gradient,
                           float *weights_gradient, float *bias_gradient, tinyml_size batch, tinyml_size inputs,
                           tinyml_size outputs) {
  tinyml_sum_rows((tinyml_row_sums){output_gradient, 1, outputs, input, inputs, weights_gradient, outputs, batch, inputs, 0});
  if (input_gradient) {
    tinyml_sum_rows((tinyml_row_sums){output_gradient, outputs, 1, weights, inputs, input_gradient, batch, outputs, inputs, 0});
  }
  if (!bias_gradient) return;
  for (tinyml_size o = 0; o < outputs; o++) bias_gradient[o] = 0.0f;
  for (tinyml_size b = 0; b < batch; b++) {
    const float *restrict gradient = output_gradient + b * outputs;
    float *restrict sums = bias_gradient;
    for (tinyml_size o = 0; o < outputs; o++) sums[o] += gradient[o];
  }
}

/* A fused activation: turns the gradient of its output into that of its input, in place; `output` is what it gave. */
void tinyml_fused_activation_gradient(const float *restrict output, float *restrict gradient, tinyml_size count,
                                      int activation) {
  if (activation == TINYML_ACTIVATION_NONE) return;
  float low = activation == TINYML_ACTIVATION_RELU_N1_TO_1 ? -1.0f : 0.0f;
  float high = activation == TINYML_ACTIVATION_RELU ? 3.402823466e38f : activation == TINYML_ACTIVATION_RELU6 ? 6.0f : 1.0f;
  /* Without branches, so that four elements go at once. */
  for (tinyml_size i = 0; i < count; i++) {
    float g = gradient[i];
    float above = output[i] > low ? g : 0.0f;
    gradient[i] = output[i] < high ? above : 0.0f;
  }
}

/* relu as an operator of its own. */
void tinyml_relu_gradient(const float *restrict output, const float *restrict output_gradient,
                          float *restrict input_gradient, tinyml_size count) {
  /* Without a branch, so that four elements go at once. */
  for (tinyml_size i = 0; i < count; i++) {
    float gradient = output_gradient[i];
    input_gradient[i] = output[i] > 0.0f ? gradient : 0.0f;
  }
}

/* d sigmoid(x) / dx = y (1 - y) */
void tinyml_logistic_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) input_gradient[i] = output_gradient[i] * output[i] * (1.0f - output[i]);
}

/* d tanh(x) / dx = 1 - y^2 */
void tinyml_tanh_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) input_gradient[i] = output_gradient[i] * (1.0f - output[i] * output[i]);
}

/* Softmax over [batch][classes]: beta y (g - sum of g y). */
void tinyml_softmax_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size batch,
                             tinyml_size classes, float beta) {
  for (tinyml_size b = 0; b < batch; b++) {
    float sum = 0.0f;
    for (tinyml_size c = 0; c < classes; c++) sum += output_gradient[c] * output[c];
    for (tinyml_size c = 0; c < classes; c++) input_gradient[c] = beta * output[c] * (output_gradient[c] - sum);
    output += classes;
    output_gradient += classes;
    input_gradient += classes;
  }
}

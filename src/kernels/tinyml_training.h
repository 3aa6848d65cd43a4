/* The kernels that only training needs: gradients, losses and optimizers. They run in the flow and never enter a sketch. */
#ifndef TINYML_TRAINING_H
#define TINYML_TRAINING_H

#include "tinyml_kernels.h"

void tinyml_dense_gradient(const float *input, const float *weights, const float *output_gradient, float *input_gradient,
                           float *weights_gradient, float *bias_gradient, tinyml_size batch, tinyml_size inputs,
                           tinyml_size outputs);
void tinyml_fused_activation_gradient(const float *output, float *gradient, tinyml_size count, int activation);
void tinyml_relu_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count);
void tinyml_logistic_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count);
void tinyml_tanh_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count);
void tinyml_softmax_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size batch,
                             tinyml_size classes, float beta);

/*
 * tinyml_conv_float without groups, for weights that change from step to step. panels [output_channels, filled up to
 * fours][1 + window_height * window_width * input_channels] is room to work in.
 */
void tinyml_training_conv_float(const float *input, const float *weights, const float *bias, float *output,
                                tinyml_size batch, const tinyml_window *window, int activation, float *panels);

/*
 * Convolution without groups and without its activation, as tinyml_conv_float. Writes weights_gradient [output_channels]
 * [length], where length = window_height * window_width * input_channels. Room to work in: sums [output_channels][length,
 * filled up to fours], windows [most * length + 4] and terms [most] of 8 bytes; so many places are laid out at once.
 */
void tinyml_conv_weights_gradient(const float *input, const float *output_gradient, float *weights_gradient,
                                  tinyml_size batch, const tinyml_window *window, float *sums, float *windows,
                                  void *terms, tinyml_size most);

/* Of the same convolution input_gradient, as large as the input. terms [output_channels] of 8 bytes is room to work in. */
void tinyml_conv_input_gradient(const float *weights, const float *output_gradient, float *input_gradient,
                                tinyml_size batch, const tinyml_window *window, void *terms);

/* The sums of each column of [rows][outputs]. */
void tinyml_bias_gradient(const float *output_gradient, float *bias_gradient, tinyml_size rows, tinyml_size outputs);

/* Depthwise convolution, as tinyml_depthwise_float: input_gradient (unless NULL) and weights_gradient. */
void tinyml_depthwise_gradient(const float *input, const float *weights, const float *output_gradient,
                               float *input_gradient, float *weights_gradient, tinyml_size batch,
                               const tinyml_window *window);

/* Pooling: input_gradient, as large as the input. Of equal largest numbers the first one gets all; output_gradient is destroyed. */
void tinyml_max_pool_gradient(const float *input, const float *output, float *output_gradient, float *input_gradient,
                              tinyml_size batch, const tinyml_window *window);
void tinyml_average_pool_gradient(float *output_gradient, float *input_gradient, tinyml_size batch,
                                  const tinyml_window *window);

float tinyml_mean_squared_error(const float *predictions, const float *targets, float *gradient, tinyml_size batch,
                                tinyml_size outputs);
float tinyml_categorical_crossentropy(const float *probabilities, const float *targets, float *logits_gradient,
                                      tinyml_size batch, tinyml_size classes);
tinyml_size tinyml_count_correct(const float *scores, const float *targets, tinyml_size batch, tinyml_size classes);

void tinyml_sgd(float *weights, const float *gradient, float *velocity, tinyml_size count, float rate, float momentum);
void tinyml_adam(float *weights, const float *gradient, float *first_moment, float *second_moment, tinyml_size count,
                 float rate, float beta1, float beta2, float epsilon, float first_correction, float second_correction);

#endif

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

void tinyml_relu6_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count);
void tinyml_elu_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count);
void tinyml_leaky_relu_gradient(const float *input, const float *output_gradient, float *input_gradient,
                                tinyml_size count, float alpha);
void tinyml_hard_swish_gradient(const float *input, const float *output_gradient, float *input_gradient,
                                tinyml_size count);
void tinyml_operand_gradient(const float *output_gradient, const float *factors, tinyml_size factor_count, float sign,
                             float *gradient, tinyml_size gradient_count, tinyml_size count);
void tinyml_take_columns(const float *from, float *to, tinyml_size rows, tinyml_size width, tinyml_size stride);
void tinyml_add_floats(const float *from, float *to, tinyml_size count);

void tinyml_batch_normalization(const float *input, float *output, tinyml_size rows, tinyml_size channels,
                                const float *gamma, const float *beta, const float *mean, const float *variance,
                                float epsilon);
void tinyml_batch_sums(const float *input, float *statistics, tinyml_size rows, tinyml_size channels);
void tinyml_batch_squares(const float *input, float *statistics, tinyml_size rows, tinyml_size channels);
void tinyml_normalize_batch(const float *input, float *output, tinyml_size rows, tinyml_size channels, float *statistics,
                            const float *gamma, const float *beta, float epsilon);
void tinyml_move_statistics(float *moving_mean, float *moving_variance, float *statistics, tinyml_size channels,
                            float momentum);
void tinyml_normalization_gradient_sums(const float *input, const float *output_gradient, float *statistics,
                                        float *gamma_gradient, float *beta_gradient, tinyml_size rows,
                                        tinyml_size channels);
void tinyml_normalization_gradient(const float *input, const float *output_gradient, float *input_gradient,
                                   tinyml_size rows, tinyml_size channels, float *statistics, const float *gamma);

void tinyml_philox(const uint32_t *counter, const uint32_t *key, uint32_t *numbers);
void tinyml_identity_float(const float *input, float *output, tinyml_size count);
void tinyml_dropout(const float *input, float *output, tinyml_size samples, tinyml_size count, tinyml_size channels,
                    float rate, uint32_t seed, uint32_t step, uint32_t first_sample, uint32_t layer);

float tinyml_mean_squared_error(const float *predictions, const float *targets, const float *weights, float *gradient,
                                tinyml_size rows, tinyml_size outputs, float scale);
float tinyml_mean_absolute_error(const float *predictions, const float *targets, const float *weights, float *gradient,
                                 tinyml_size rows, tinyml_size outputs, float scale);
float tinyml_huber(const float *predictions, const float *targets, const float *weights, float *gradient,
                   tinyml_size rows, tinyml_size outputs, float scale, float delta);
float tinyml_categorical_crossentropy(const float *probabilities, const float *targets, const float *weights,
                                      float *logits_gradient, tinyml_size rows, tinyml_size classes, float scale,
                                      float smoothing);
float tinyml_binary_crossentropy(const float *probabilities, const float *targets, const float *weights,
                                 float *logits_gradient, tinyml_size rows, tinyml_size outputs, float scale,
                                 float smoothing);
tinyml_size tinyml_count_correct(const float *scores, const float *targets, tinyml_size rows, tinyml_size outputs);

void tinyml_sgd(float *weights, const float *gradient, float *velocity, tinyml_size count, float rate, float momentum,
                int nesterov);
void tinyml_rmsprop(float *weights, const float *gradient, float *mean_square, float *velocity, tinyml_size count,
                    float rate, float share, float momentum, float epsilon);
void tinyml_adam(float *weights, const float *gradient, float *first_moment, float *second_moment, tinyml_size count,
                 float rate, float first_share, float second_share, float epsilon, float first_correction, float second_correction,
                 float decay);
float tinyml_weight_penalty(const float *weights, tinyml_size count, float l1, float l2);
void tinyml_add_penalty_gradient(const float *weights, float *gradient, tinyml_size count, float l1, float l2);
void tinyml_limit(float *numbers, tinyml_size count, float limit);
float tinyml_sum_of_squares(const float *numbers, tinyml_size count);
void tinyml_multiply(float *numbers, tinyml_size count, float factor);

#endif

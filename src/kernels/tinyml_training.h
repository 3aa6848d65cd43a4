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

float tinyml_mean_squared_error(const float *predictions, const float *targets, float *gradient, tinyml_size batch,
                                tinyml_size outputs);
float tinyml_categorical_crossentropy(const float *probabilities, const float *targets, float *logits_gradient,
                                      tinyml_size batch, tinyml_size classes);
tinyml_size tinyml_count_correct(const float *scores, const float *targets, tinyml_size batch, tinyml_size classes);

void tinyml_sgd(float *weights, const float *gradient, float *velocity, tinyml_size count, float rate, float momentum);
void tinyml_adam(float *weights, const float *gradient, float *first_moment, float *second_moment, tinyml_size count,
                 float rate, float beta1, float beta2, float epsilon, float first_correction, float second_correction);

#endif

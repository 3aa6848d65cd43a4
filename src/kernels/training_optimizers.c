/* One optimizer step over all weights of a model, which lie in one piece. */
#include "tinyml_training.h"

/* Stochastic gradient descent: v = momentum v - rate g; w = w + v. */
void tinyml_sgd(float *weights, const float *gradient, float *velocity, tinyml_size count, float rate, float momentum) {
  for (tinyml_size i = 0; i < count; i++) {
    velocity[i] = momentum * velocity[i] - rate * gradient[i];
    weights[i] += velocity[i];
  }
}

/*
 * Adam (Kingma and Ba 2015, algorithm 1): the caller passes the bias corrections of this step,
 * first_correction = 1 / (1 - beta1^t) and second_correction = 1 / (1 - beta2^t).
 */
void tinyml_adam(float *weights, const float *gradient, float *first_moment, float *second_moment, tinyml_size count,
                 float rate, float beta1, float beta2, float epsilon, float first_correction, float second_correction) {
  for (tinyml_size i = 0; i < count; i++) {
    float g = gradient[i];
    float m = first_moment[i] = beta1 * first_moment[i] + (1.0f - beta1) * g;
    float v = second_moment[i] = beta2 * second_moment[i] + (1.0f - beta2) * g * g;
    weights[i] -= rate * (m * first_correction) / (__builtin_sqrtf(v * second_correction) + epsilon);
  }
}

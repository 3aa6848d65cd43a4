/* One optimizer step over weights that lie in one piece, and what is done to their gradients before it. */
#include "tinyml_training.h"

/* Stochastic gradient descent, of which `velocity` (NULL without momentum) keeps the last step: v = momentum v - rate g; w = w + v. */
void tinyml_sgd(float *weights, const float *gradient, float *velocity, tinyml_size count, float rate, float momentum,
                int nesterov) {
  for (tinyml_size i = 0; i < count; i++) {
    float step = -rate * gradient[i];
    if (velocity) {
      velocity[i] = momentum * velocity[i] + step;
      step = nesterov ? momentum * velocity[i] + step : velocity[i];
    }
    weights[i] += step;
  }
}

/*
 * RMSprop: the gradient divided by the root of its mean square, with the last step (`velocity`, NULL without momentum)
 * added to the next. As in Keras and tfjs epsilon stands under the root. A share of 1 - rho of each square enters the mean:
 * the caller says it, since 1 - 0.999f has lost half of its digits.
 */
void tinyml_rmsprop(float *weights, const float *gradient, float *mean_square, float *velocity, tinyml_size count,
                    float rate, float share, float momentum, float epsilon) {
  for (tinyml_size i = 0; i < count; i++) {
    float g = gradient[i];
    float square = mean_square[i] += (g * g - mean_square[i]) * share;
    float step = rate * g / __builtin_sqrtf(square + epsilon);
    if (velocity) step = velocity[i] = momentum * velocity[i] + step;
    weights[i] -= step;
  }
}

/*
 * Adam (Kingma and Ba 2015, algorithm 1), with the shares 1 - beta1 and 1 - beta2, and the bias corrections of this step,
 * first_correction = 1 / (1 - beta1^t) and second_correction = 1 / (1 - beta2^t). Before it a share `decay` of each weight
 * goes (AdamW, Loshchilov and Hutter 2019); 0 for none.
 */
void tinyml_adam(float *weights, const float *gradient, float *first_moment, float *second_moment, tinyml_size count,
                 float rate, float first_share, float second_share, float epsilon, float first_correction, float second_correction,
                 float decay) {
  for (tinyml_size i = 0; i < count; i++) {
    float g = gradient[i];
    float m = first_moment[i] += (g - first_moment[i]) * first_share;
    float v = second_moment[i] += (g * g - second_moment[i]) * second_share;
    float weight = weights[i] - decay * weights[i];
    weights[i] = weight - rate * (m * first_correction) / (__builtin_sqrtf(v * second_correction) + epsilon);
  }
}

/* What weights add to the loss: l1 times their sizes and l2 times their squares. */
float tinyml_weight_penalty(const float *weights, tinyml_size count, float l1, float l2) {
  float sum = 0.0f;
  for (tinyml_size i = 0; i < count; i++) {
    float w = weights[i];
    sum += l1 * (w < 0.0f ? -w : w) + l2 * w * w;
  }
  return sum;
}

/* Adds the gradient of tinyml_weight_penalty; that of a size is 0 at 0. */
void tinyml_add_penalty_gradient(const float *weights, float *gradient, tinyml_size count, float l1, float l2) {
  for (tinyml_size i = 0; i < count; i++) {
    float w = weights[i];
    gradient[i] += (w < 0.0f ? -l1 : w > 0.0f ? l1 : 0.0f) + 2.0f * l2 * w;
  }
}

/* Keeps numbers between -limit and limit; NaN stays. */
void tinyml_limit(float *numbers, tinyml_size count, float limit) {
  for (tinyml_size i = 0; i < count; i++) {
    float above = numbers[i] < -limit ? -limit : numbers[i];
    numbers[i] = above > limit ? limit : above;
  }
}

float tinyml_sum_of_squares(const float *numbers, tinyml_size count) {
  float sum = 0.0f;
  for (tinyml_size i = 0; i < count; i++) sum += numbers[i] * numbers[i];
  return sum;
}

void tinyml_multiply(float *numbers, tinyml_size count, float factor) {
  for (tinyml_size i = 0; i < count; i++) numbers[i] *= factor;
}

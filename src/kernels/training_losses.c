/*
 * Losses over [rows][outputs], the part of a batch. Each returns the sum over the rows of weight times loss, a row's loss
 * being the mean over its outputs, and writes `scale` times its gradient (unless NULL). weights [rows], or NULL for 1 each.
 * Comparisons are written so that NaN stays NaN: a diverged training must show.
 */
#include "tinyml_training.h"

/* What Keras keeps probabilities away from 0 and 1 by. */
#define TINYML_LEAST_PROBABILITY 1e-7f

static float tinyml_probability(float p) {
  float above = p < TINYML_LEAST_PROBABILITY ? TINYML_LEAST_PROBABILITY : p;
  return above > 1.0f - TINYML_LEAST_PROBABILITY ? 1.0f - TINYML_LEAST_PROBABILITY : above;
}

static float tinyml_weight(const float *weights, tinyml_size row) {
  return weights ? weights[row] : 1.0f;
}

/* The square of predictions - targets [rows][outputs]. */
float tinyml_mean_squared_error(const float *predictions, const float *targets, const float *weights, float *gradient,
                                tinyml_size rows, tinyml_size outputs, float scale) {
  float total = 0.0f;
  for (tinyml_size row = 0; row < rows; row++) {
    float weight = tinyml_weight(weights, row) / (float)outputs, sum = 0.0f;
    for (tinyml_size i = row * outputs; i < (row + 1) * outputs; i++) {
      float difference = predictions[i] - targets[i];
      sum += difference * difference;
      if (gradient) gradient[i] = 2.0f * scale * weight * difference;
    }
    total += weight * sum;
  }
  return total;
}

/* The size of predictions - targets [rows][outputs]; its gradient is 0 at 0. */
float tinyml_mean_absolute_error(const float *predictions, const float *targets, const float *weights, float *gradient,
                                 tinyml_size rows, tinyml_size outputs, float scale) {
  float total = 0.0f;
  for (tinyml_size row = 0; row < rows; row++) {
    float weight = tinyml_weight(weights, row) / (float)outputs, sum = 0.0f;
    for (tinyml_size i = row * outputs; i < (row + 1) * outputs; i++) {
      float difference = predictions[i] - targets[i];
      sum += difference < 0.0f ? -difference : difference;
      if (gradient) gradient[i] = difference < 0.0f ? -scale * weight : difference > 0.0f ? scale * weight : 0.0f;
    }
    total += weight * sum;
  }
  return total;
}

/* Half the square of predictions - targets [rows][outputs] up to delta, from there on a line (Huber 1964). */
float tinyml_huber(const float *predictions, const float *targets, const float *weights, float *gradient,
                   tinyml_size rows, tinyml_size outputs, float scale, float delta) {
  float total = 0.0f;
  for (tinyml_size row = 0; row < rows; row++) {
    float weight = tinyml_weight(weights, row) / (float)outputs, sum = 0.0f;
    for (tinyml_size i = row * outputs; i < (row + 1) * outputs; i++) {
      float difference = predictions[i] - targets[i];
      float size = difference < 0.0f ? -difference : difference;
      float slope = size > delta ? (difference < 0.0f ? -delta : delta) : difference;
      sum += size > delta ? delta * size - 0.5f * delta * delta : 0.5f * difference * difference;
      if (gradient) gradient[i] = scale * weight * slope;
    }
    total += weight * sum;
  }
  return total;
}

/*
 * Categorical cross-entropy of softmax probabilities [rows][classes]; `targets` [rows] are class indices as floats, of whose
 * certainty a share `smoothing` is spread over all classes. The gradient is by the logits before the softmax, p - target:
 * exact where a probability underflows, too.
 */
float tinyml_categorical_crossentropy(const float *probabilities, const float *targets, const float *weights,
                                      float *logits_gradient, tinyml_size rows, tinyml_size classes, float scale,
                                      float smoothing) {
  float total = 0.0f;
  float spread = smoothing / (float)classes;
  for (tinyml_size row = 0; row < rows; row++) {
    tinyml_size target = (tinyml_size)targets[row];
    float weight = tinyml_weight(weights, row);
    float sum = (1.0f - smoothing) * tinyml_log(tinyml_probability(probabilities[target]));
    for (tinyml_size c = 0; spread > 0.0f && c < classes; c++) {
      sum += spread * tinyml_log(tinyml_probability(probabilities[c]));
    }
    for (tinyml_size c = 0; logits_gradient && c < classes; c++) {
      float wanted = (c == target ? 1.0f - smoothing : 0.0f) + spread;
      logits_gradient[c] = scale * weight * (probabilities[c] - wanted);
    }
    total -= weight * sum;
    probabilities += classes;
    if (logits_gradient) logits_gradient += classes;
  }
  return total;
}

/*
 * Binary cross-entropy of sigmoid probabilities [rows][outputs]; `targets` [rows] are class indices as floats: of the one
 * output that is to be 1, or whether the only one is. Smoothing draws what is wanted towards one half. The gradient is by
 * the logits before the sigmoid.
 */
float tinyml_binary_crossentropy(const float *probabilities, const float *targets, const float *weights,
                                 float *logits_gradient, tinyml_size rows, tinyml_size outputs, float scale,
                                 float smoothing) {
  float total = 0.0f;
  for (tinyml_size row = 0; row < rows; row++) {
    float weight = tinyml_weight(weights, row) / (float)outputs, sum = 0.0f;
    for (tinyml_size o = 0; o < outputs; o++) {
      int is_wanted = outputs == 1 ? targets[row] == 1.0f : (tinyml_size)targets[row] == o;
      float wanted = (is_wanted ? 1.0f - smoothing : 0.0f) + 0.5f * smoothing;
      float p = tinyml_probability(probabilities[o]);
      sum += wanted * tinyml_log(p) + (1.0f - wanted) * tinyml_log(1.0f - p);
      if (logits_gradient) logits_gradient[o] = scale * weight * (probabilities[o] - wanted);
    }
    total -= weight * sum;
    probabilities += outputs;
    if (logits_gradient) logits_gradient += outputs;
  }
  return total;
}

/* How many of [rows][outputs] have their largest score at the target class; of one output: are above one half if, and only if, it is 1. */
tinyml_size tinyml_count_correct(const float *scores, const float *targets, tinyml_size rows, tinyml_size outputs) {
  tinyml_size correct = 0;
  for (tinyml_size row = 0; row < rows; row++, scores += outputs) {
    tinyml_size best = outputs == 1 && scores[0] > 0.5f;
    for (tinyml_size o = 1; o < outputs; o++) if (scores[o] > scores[best]) best = o;
    if (best == (tinyml_size)targets[row]) correct++;
  }
  return correct;
}

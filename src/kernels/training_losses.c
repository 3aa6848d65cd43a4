/* Losses over a batch: each returns the batch's mean loss and writes its gradient (skipped when NULL). */
#include "tinyml_training.h"

/* Mean squared error over [batch][outputs]; gradient [batch][outputs] by the predictions. */
float tinyml_mean_squared_error(const float *predictions, const float *targets, float *gradient, tinyml_size batch,
                                tinyml_size outputs) {
  float sum = 0.0f;
  float scale = 1.0f / (float)(batch * outputs);
  for (tinyml_size i = 0; i < batch * outputs; i++) {
    float difference = predictions[i] - targets[i];
    sum += difference * difference;
    if (gradient) gradient[i] = 2.0f * scale * difference;
  }
  return sum * scale;
}

/*
 * Categorical cross-entropy of softmax probabilities [batch][classes]; `targets` [batch] are class indices as floats.
 * The gradient is by the logits before the softmax, (p - one hot) / batch: exact where a probability underflows, too.
 */
float tinyml_categorical_crossentropy(const float *probabilities, const float *targets, float *logits_gradient,
                                      tinyml_size batch, tinyml_size classes) {
  float sum = 0.0f;
  float scale = 1.0f / (float)batch;
  for (tinyml_size b = 0; b < batch; b++) {
    tinyml_size target = (tinyml_size)targets[b];
    float p = probabilities[b * classes + target];
    /* Written so that NaN stays NaN: a diverged training must show. */
    sum -= tinyml_log(p < 1e-7f ? 1e-7f : p);
    for (tinyml_size c = 0; logits_gradient && c < classes; c++) {
      logits_gradient[b * classes + c] = scale * (probabilities[b * classes + c] - (c == target ? 1.0f : 0.0f));
    }
  }
  return sum * scale;
}

/* How many of [batch][classes] rows have their largest score at the target class. */
tinyml_size tinyml_count_correct(const float *scores, const float *targets, tinyml_size batch, tinyml_size classes) {
  tinyml_size correct = 0;
  for (tinyml_size b = 0; b < batch; b++, scores += classes) {
    tinyml_size best = 0;
    for (tinyml_size c = 1; c < classes; c++) if (scores[c] > scores[best]) best = c;
    if (best == (tinyml_size)targets[b]) correct++;
  }
  return correct;
}

/*
 * Batch normalization of [rows][channels], rows being the samples times what each has of a channel. What its kernels tell
 * each other stands in `statistics`, 1 + 6 channels floats; where a batch is worked on in parts, sums are those of a part
 * until they are added up, so that each part goes on with the whole batch's:
 *   rows [1], sums [channels]        of the input
 *   squares [channels]               of the input's differences from its mean
 *   gradient sums [2][channels]      of the output's gradient, and of its products with those differences
 *   mean [channels], inverse [channels]   mean and 1 / sqrt(variance + epsilon) of the whole batch
 */
#include "tinyml_training.h"

typedef struct {
  float *rows, *sums, *squares, *gradient_sums, *products, *mean, *inverse;
} tinyml_batch_statistics;

static tinyml_batch_statistics tinyml_statistics_in(float *s, tinyml_size channels) {
  tinyml_batch_statistics found = {s, s + 1, s + 1 + channels, s + 1 + 2 * channels, s + 1 + 3 * channels,
                                   s + 1 + 4 * channels, s + 1 + 5 * channels};
  return found;
}

/* So many channels are summed side by side, and so many rows before their sum goes into the total: that keeps digits. */
#define TINYML_SUM_CHANNELS 8
#define TINYML_SUM_ROWS 64

/* sums [channels] of `term` over the rows; it may use `at`, the place of the element, and `channel`. */
#define TINYML_SUM_OVER_ROWS(sums, term)                                                                   \
  for (tinyml_size c = 0; c < channels; c += TINYML_SUM_CHANNELS) {                                        \
    tinyml_size width = channels - c < TINYML_SUM_CHANNELS ? channels - c : TINYML_SUM_CHANNELS;           \
    float total[TINYML_SUM_CHANNELS] = {0.0f};                                                             \
    for (tinyml_size first = 0; first < rows; first += TINYML_SUM_ROWS) {                                  \
      tinyml_size end = rows - first < TINYML_SUM_ROWS ? rows : first + TINYML_SUM_ROWS;                   \
      float sum[TINYML_SUM_CHANNELS] = {0.0f};                                                             \
      for (tinyml_size row = first; row < end; row++) {                                                    \
        for (tinyml_size i = 0; i < width; i++) {                                                          \
          tinyml_size channel = c + i, at = row * channels + channel;                                      \
          (void)channel;                                                                                   \
          sum[i] += (term);                                                                                \
        }                                                                                                  \
      }                                                                                                    \
      for (tinyml_size i = 0; i < width; i++) total[i] += sum[i];                                          \
    }                                                                                                      \
    for (tinyml_size i = 0; i < width; i++) (sums)[c + i] = total[i];                                      \
  }

/* Outside of a batch: gamma (x - mean) / sqrt(variance + epsilon) + beta. */
void tinyml_batch_normalization(const float *input, float *output, tinyml_size rows, tinyml_size channels,
                                const float *gamma, const float *beta, const float *mean, const float *variance,
                                float epsilon) {
  for (tinyml_size c = 0; c < channels; c++) {
    float factor = gamma[c] / __builtin_sqrtf(variance[c] + epsilon);
    for (tinyml_size row = 0; row < rows; row++) {
      tinyml_size at = row * channels + c;
      output[at] = (input[at] - mean[c]) * factor + beta[c];
    }
  }
}

/* First of the three steps of a batch: rows and sums. */
void tinyml_batch_sums(const float *input, float *statistics, tinyml_size rows, tinyml_size channels) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  *s.rows = (float)rows;
  TINYML_SUM_OVER_ROWS(s.sums, input[at])
}

/* Second step: mean of the whole batch, and squares: those of differences, as differences of squares lose all digits. */
void tinyml_batch_squares(const float *input, float *statistics, tinyml_size rows, tinyml_size channels) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  for (tinyml_size c = 0; c < channels; c++) s.mean[c] = s.sums[c] / *s.rows;
  TINYML_SUM_OVER_ROWS(s.squares, (input[at] - s.mean[channel]) * (input[at] - s.mean[channel]))
}

/* Third step: the output. */
void tinyml_normalize_batch(const float *input, float *output, tinyml_size rows, tinyml_size channels, float *statistics,
                            const float *gamma, const float *beta, float epsilon) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  for (tinyml_size c = 0; c < channels; c++) s.inverse[c] = 1.0f / __builtin_sqrtf(s.squares[c] / *s.rows + epsilon);
  for (tinyml_size row = 0; row < rows; row++) {
    for (tinyml_size c = 0; c < channels; c++) {
      output[c] = (input[c] - s.mean[c]) * (gamma[c] * s.inverse[c]) + beta[c];
    }
    input += channels;
    output += channels;
  }
}

/*
 * Once for a batch: a share of 1 - momentum of its mean and variance goes into the moving ones [channels]. It takes nothing but
 * the whole batch's sums, which a part without samples has, too.
 */
void tinyml_move_statistics(float *moving_mean, float *moving_variance, float *statistics, tinyml_size channels,
                            float momentum) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  float share = 1.0f - momentum;
  for (tinyml_size c = 0; c < channels; c++) {
    moving_mean[c] -= (moving_mean[c] - s.sums[c] / *s.rows) * share;
    moving_variance[c] -= (moving_variance[c] - s.squares[c] / *s.rows) * share;
  }
}

/* First of the two steps back: gradient sums, and the gradients [channels] of gamma and beta (unless NULL) of the part. */
void tinyml_normalization_gradient_sums(const float *input, const float *output_gradient, float *statistics,
                                        float *gamma_gradient, float *beta_gradient, tinyml_size rows,
                                        tinyml_size channels) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  TINYML_SUM_OVER_ROWS(s.gradient_sums, output_gradient[at])
  TINYML_SUM_OVER_ROWS(s.products, output_gradient[at] * (input[at] - s.mean[channel]))
  for (tinyml_size c = 0; gamma_gradient && c < channels; c++) gamma_gradient[c] = s.products[c] * s.inverse[c];
  for (tinyml_size c = 0; beta_gradient && c < channels; c++) beta_gradient[c] = s.gradient_sums[c];
}

/*
 * Second step back (Ioffe and Szegedy 2015), with d = x - mean over the n rows of the batch:
 * gamma inverse (g - sum of g / n - d inverse^2 sum of (g d) / n).
 */
void tinyml_normalization_gradient(const float *input, const float *output_gradient, float *input_gradient,
                                   tinyml_size rows, tinyml_size channels, float *statistics, const float *gamma) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  for (tinyml_size row = 0; row < rows; row++) {
    for (tinyml_size c = 0; c < channels; c++) {
      float slope = s.inverse[c] * s.inverse[c] * s.products[c] / *s.rows;
      float centered = output_gradient[c] - s.gradient_sums[c] / *s.rows;
      input_gradient[c] = gamma[c] * s.inverse[c] * (centered - (input[c] - s.mean[c]) * slope);
    }
    input += channels;
    output_gradient += channels;
    input_gradient += channels;
  }
}

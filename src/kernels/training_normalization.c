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

/* So many channels are worked on side by side, in registers; and so many rows: they stay in the nearest cache. */
#define TINYML_SIDE_CHANNELS 8
#define TINYML_NEAR_ROWS 64

/* What is summed up: numbers, squares of their differences from the mean, or gradients and their products with these. */
typedef enum { TINYML_SUM_NUMBERS, TINYML_SUM_SQUARES, TINYML_SUM_GRADIENTS } tinyml_summed;

/* sums and products (of gradients alone) of `width` channels, a constant, over some rows, added to those so far. */
static inline __attribute__((always_inline)) void tinyml_sum_channels(tinyml_summed summed, const float *input,
                                                                      const float *gradient, const float *mean,
                                                                      float *sums, float *products, tinyml_size rows,
                                                                      tinyml_size channels, tinyml_size width) {
  float sum[TINYML_SIDE_CHANNELS] = {0.0f}, product[TINYML_SIDE_CHANNELS] = {0.0f}, center[TINYML_SIDE_CHANNELS];
  for (tinyml_size i = 0; i < width; i++) center[i] = summed == TINYML_SUM_NUMBERS ? 0.0f : mean[i];
  for (tinyml_size at = 0; at < rows * channels; at += channels) {
    for (tinyml_size i = 0; i < width; i++) {
      float x = input[at + i], difference = x - center[i];
      if (summed == TINYML_SUM_GRADIENTS) {
        sum[i] += gradient[at + i];
        product[i] += gradient[at + i] * difference;
      } else {
        sum[i] += summed == TINYML_SUM_SQUARES ? difference * difference : x;
      }
    }
  }
  for (tinyml_size i = 0; i < width; i++) sums[i] += sum[i];
  for (tinyml_size i = 0; i < width && summed == TINYML_SUM_GRADIENTS; i++) products[i] += product[i];
}

/*
 * Does `work` for the rows in pieces of near rows, and for each piece's channels in groups of a constant `width`: with c, the
 * first channel of the group, `at`, its element in the piece's first row, and `near`, the rows of the piece.
 */
#define TINYML_FOR_GROUPS(rows, channels, work)                                                        \
  for (tinyml_size first = 0; first < (rows); first += TINYML_NEAR_ROWS) {                             \
    tinyml_size near = (rows) - first < TINYML_NEAR_ROWS ? (rows) - first : TINYML_NEAR_ROWS;          \
    tinyml_size c = 0, at = first * (channels);                                                        \
    for (; c + TINYML_SIDE_CHANNELS <= (channels); c += TINYML_SIDE_CHANNELS, at += TINYML_SIDE_CHANNELS) { \
      enum { width = TINYML_SIDE_CHANNELS };                                                           \
      work;                                                                                            \
    }                                                                                                  \
    for (; c < (channels); c++, at++) {                                                                \
      enum { width = 1 };                                                                              \
      work;                                                                                            \
    }                                                                                                  \
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
  for (tinyml_size c = 0; c < channels; c++) s.sums[c] = 0.0f;
  TINYML_FOR_GROUPS(rows, channels,
                    tinyml_sum_channels(TINYML_SUM_NUMBERS, input + at, 0, 0, s.sums + c, 0, near, channels, width))
}

/* Second step: mean of the whole batch, and squares: those of differences, as differences of squares lose all digits. */
void tinyml_batch_squares(const float *input, float *statistics, tinyml_size rows, tinyml_size channels) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  for (tinyml_size c = 0; c < channels; c++) s.mean[c] = s.sums[c] / *s.rows;
  for (tinyml_size c = 0; c < channels; c++) s.squares[c] = 0.0f;
  TINYML_FOR_GROUPS(
      rows, channels,
      tinyml_sum_channels(TINYML_SUM_SQUARES, input + at, 0, s.mean + c, s.squares + c, 0, near, channels, width))
}

/* The output of `width` channels from c on, a constant, for some rows. */
static inline __attribute__((always_inline)) void tinyml_normalize_channels(
    const float *input, float *output, tinyml_batch_statistics s, const float *gamma, const float *beta, tinyml_size c,
    tinyml_size rows, tinyml_size channels, tinyml_size width) {
  float center[TINYML_SIDE_CHANNELS], factor[TINYML_SIDE_CHANNELS], offset[TINYML_SIDE_CHANNELS];
  for (tinyml_size i = 0; i < width; i++) {
    center[i] = s.mean[c + i];
    factor[i] = gamma[c + i] * s.inverse[c + i];
    offset[i] = beta[c + i];
  }
  for (tinyml_size at = 0; at < rows * channels; at += channels) {
    float numbers[TINYML_SIDE_CHANNELS];
    for (tinyml_size i = 0; i < width; i++) numbers[i] = (input[at + i] - center[i]) * factor[i] + offset[i];
    for (tinyml_size i = 0; i < width; i++) output[at + i] = numbers[i];
  }
}

/* Third step: the output. */
void tinyml_normalize_batch(const float *input, float *output, tinyml_size rows, tinyml_size channels, float *statistics,
                            const float *gamma, const float *beta, float epsilon) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  for (tinyml_size c = 0; c < channels; c++) s.inverse[c] = 1.0f / __builtin_sqrtf(s.squares[c] / *s.rows + epsilon);
  TINYML_FOR_GROUPS(rows, channels,
                    tinyml_normalize_channels(input + at, output + at, s, gamma, beta, c, near, channels, width))
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
  for (tinyml_size c = 0; c < channels; c++) s.gradient_sums[c] = s.products[c] = 0.0f;
  TINYML_FOR_GROUPS(rows, channels,
                    tinyml_sum_channels(TINYML_SUM_GRADIENTS, input + at, output_gradient + at, s.mean + c,
                                        s.gradient_sums + c, s.products + c, near, channels, width))
  for (tinyml_size c = 0; gamma_gradient && c < channels; c++) gamma_gradient[c] = s.products[c] * s.inverse[c];
  for (tinyml_size c = 0; beta_gradient && c < channels; c++) beta_gradient[c] = s.gradient_sums[c];
}

/* The input's gradient in `width` channels from c on, a constant, for some rows. */
static inline __attribute__((always_inline)) void tinyml_normalization_channels_gradient(
    const float *input, const float *output_gradient, float *input_gradient, tinyml_batch_statistics s,
    const float *gamma, tinyml_size c, tinyml_size rows, tinyml_size channels, tinyml_size width) {
  float center[TINYML_SIDE_CHANNELS], factor[TINYML_SIDE_CHANNELS], shift[TINYML_SIDE_CHANNELS], slope[TINYML_SIDE_CHANNELS];
  for (tinyml_size i = 0; i < width; i++) {
    center[i] = s.mean[c + i];
    factor[i] = gamma[c + i] * s.inverse[c + i];
    shift[i] = s.gradient_sums[c + i] / *s.rows;
    slope[i] = s.inverse[c + i] * s.inverse[c + i] * s.products[c + i] / *s.rows;
  }
  for (tinyml_size at = 0; at < rows * channels; at += channels) {
    float numbers[TINYML_SIDE_CHANNELS];
    for (tinyml_size i = 0; i < width; i++) {
      numbers[i] = factor[i] * (output_gradient[at + i] - shift[i] - (input[at + i] - center[i]) * slope[i]);
    }
    for (tinyml_size i = 0; i < width; i++) input_gradient[at + i] = numbers[i];
  }
}

/*
 * Second step back (Ioffe and Szegedy 2015), with d = x - mean over the n rows of the batch:
 * gamma inverse (g - sum of g / n - d inverse^2 sum of (g d) / n).
 */
void tinyml_normalization_gradient(const float *input, const float *output_gradient, float *input_gradient,
                                   tinyml_size rows, tinyml_size channels, float *statistics, const float *gamma) {
  tinyml_batch_statistics s = tinyml_statistics_in(statistics, channels);
  TINYML_FOR_GROUPS(rows, channels,
                    tinyml_normalization_channels_gradient(input + at, output_gradient + at, input_gradient + at, s,
                                                           gamma, c, near, channels, width))
}

/*
 * Feature block "statistics": what a window of readings looks like, channel by channel, as a few numbers. Readings are pushed as they come, so a
 * board needs no memory for the window; a window that is pushed at once gives the same bits.
 *
 * Mean and central moments are updated with each reading (B. P. Welford 1962; T. B. Terriberry 2007 for the third and fourth), which
 * stays exact in float where sums of squares would cancel each other out.
 */
#include "tinyml_kernels.h"

/* The places of a channel's state. */
enum { MEAN, M2, M3, M4, MINIMUM, MAXIMUM, LAST, CHANGE, CROSSINGS };

void tinyml_statistics_reset(float *state, tinyml_size channels) {
  for (tinyml_size i = 0; i < TINYML_STATISTICS_STATE * channels; i++) state[i] = 0.0f;
}

static void take(float *state, float value, float count) {
  float before = count - 1.0f;
  float delta = value - state[MEAN];
  float share = delta / count;
  float share_squared = share * share;
  float term = delta * share * before;
  state[MEAN] = state[MEAN] + share;
  state[M4] = state[M4] + (term * share_squared * (count * count - 3.0f * count + 3.0f) + 6.0f * share_squared * state[M2] -
              4.0f * share * state[M3]);
  state[M3] = state[M3] + (term * share * (count - 2.0f) - 3.0f * share * state[M2]);
  state[M2] = state[M2] + term;
  if (before == 0.0f) {
    state[MINIMUM] = value;
    state[MAXIMUM] = value;
  } else {
    float change = value - state[LAST];
    state[CHANGE] = state[CHANGE] + (change < 0.0f ? -change : change);
    if ((value < 0.0f) != (state[LAST] < 0.0f)) state[CROSSINGS] = state[CROSSINGS] + 1.0f;
    if (value < state[MINIMUM]) state[MINIMUM] = value;
    if (value > state[MAXIMUM]) state[MAXIMUM] = value;
  }
  state[LAST] = value;
}

void tinyml_statistics_push(float *state, const float *input, tinyml_size readings, tinyml_size channels, tinyml_size before) {
  for (tinyml_size r = 0; r < readings; r++) {
    float count = (float)(before + r + 1);
    for (tinyml_size c = 0; c < channels; c++) take(state + TINYML_STATISTICS_STATE * c, *input++, count);
  }
}

void tinyml_statistics_features(const float *state, tinyml_size readings, tinyml_size channels, uint16_t wanted, float *output) {
  float count = (float)readings;
  float changes = readings > 1 ? count - 1.0f : 1.0f;
  for (tinyml_size c = 0; c < channels; c++, state += TINYML_STATISTICS_STATE) {
    float variance = state[M2] / count;
    float deviation = tinyml_sqrt(variance);
    /* A channel that does not change has no shape: 0, and not NaN. */
    float cubed = variance * deviation;
    float fourth = variance * variance;
    const float all[] = {
      state[MEAN],
      deviation,
      state[MINIMUM],
      state[MAXIMUM],
      tinyml_sqrt(state[MEAN] * state[MEAN] + variance),
      cubed > 0.0f ? state[M3] / count / cubed : 0.0f,
      fourth > 0.0f ? state[M4] / count / fourth : 0.0f,
      state[CHANGE] / changes,
      state[CROSSINGS] / changes,
    };
    for (uint8_t i = 0; i < sizeof all / sizeof all[0]; i++) {
      if (wanted & (uint16_t)1 << i) *output++ = all[i];
    }
  }
}

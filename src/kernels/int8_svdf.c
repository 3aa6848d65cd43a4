/* TensorFlow Lite's SVDF in int8: a dense layer whose outputs are filtered over time, remembered in int8 or int16. */
#include "int8_dot.h"
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"

/* The newest element of a filter's state: input times weights, in steps of the state; the bias has the zero point in it. */
static int32_t tinyml_svdf_feature(const int8_t *input, const int8_t *weights, int32_t bias, const tinyml_svdf *s,
                                   int32_t minimum, int32_t maximum) {
  int32_t sum = tinyml_rescale(tinyml_dot_int8(input, weights, (tinyml_size)s->inputs) + bias, s->feature_multiplier,
                               (int8_t)s->feature_shift);
  return sum < minimum ? minimum : sum > maximum ? maximum : sum;
}

static int8_t tinyml_svdf_output(int32_t sum, const tinyml_svdf *s) {
  return tinyml_clamp_int8(tinyml_rescale(sum, s->time_multiplier, (int8_t)s->time_shift) + s->output_zero_point, -128, 127);
}

void tinyml_svdf_int8(const int8_t *input, const int8_t *feature_weights, const int32_t *feature_bias,
                      const int8_t *time_weights, const int32_t *bias, int8_t *state, int8_t *output,
                      const tinyml_svdf *sizes) {
  tinyml_svdf s;
  TINYML_READ_STRUCT(s, sizes);
  for (int32_t b = 0; b < s.batch; b++) {
    const int8_t *feature = feature_weights, *time = time_weights;
    const int32_t *added = feature_bias;
    for (int32_t u = 0; u < s.units; u++) {
      int32_t sum = bias ? TINYML_READ_INT32(bias + u) : 0;
      for (int32_t r = 0; r < s.rank; r++) {
        for (int32_t m = 0; m + 1 < s.memory; m++) state[m] = state[m + 1];
        int32_t newest = tinyml_svdf_feature(input, feature, TINYML_READ_INT32(added), &s, -128, 127);
        /* As the reference: limited before the zero point is added, which then may wrap around. */
        state[s.memory - 1] = (int8_t)(uint8_t)(newest + s.state_zero_point);
        for (int32_t m = 0; m < s.memory; m++) sum += (int32_t)TINYML_READ_INT8(time + m) * (state[m] - s.state_zero_point);
        added++;
        feature += s.inputs;
        time += s.memory;
        state += s.memory;
      }
      *output++ = tinyml_svdf_output(sum, &s);
    }
    input += s.inputs;
  }
}

void tinyml_svdf_int8_int16(const int8_t *input, const int8_t *feature_weights, const int32_t *feature_bias,
                            const int16_t *time_weights, const int32_t *bias, int16_t *state, int8_t *output,
                            const tinyml_svdf *sizes) {
  tinyml_svdf s;
  TINYML_READ_STRUCT(s, sizes);
  for (int32_t b = 0; b < s.batch; b++) {
    const int8_t *feature = feature_weights;
    const int16_t *time = time_weights;
    const int32_t *added = feature_bias;
    for (int32_t u = 0; u < s.units; u++) {
      uint32_t sum = bias ? (uint32_t)TINYML_READ_INT32(bias + u) : 0;
      for (int32_t r = 0; r < s.rank; r++) {
        for (int32_t m = 0; m + 1 < s.memory; m++) state[m] = state[m + 1];
        int32_t newest = tinyml_svdf_feature(input, feature, TINYML_READ_INT32(added), &s, -32768, 32767);
        state[s.memory - 1] = (int16_t)newest;
        for (int32_t m = 0; m < s.memory; m++) sum += (uint32_t)((int32_t)TINYML_READ_INT16(time + m) * state[m]);
        added++;
        feature += s.inputs;
        time += s.memory;
        state += s.memory;
      }
      *output++ = tinyml_svdf_output((int32_t)sum, &s);
    }
    input += s.inputs;
  }
}

/* TensorFlow Lite's SVDF in float: a dense layer whose outputs are filtered over time. */
#include "float_clamp.h"
#include "tinyml_kernels.h"

void tinyml_svdf_float(const float *input, const float *feature_weights, const float *time_weights, const float *bias,
                       float *state, float *output, tinyml_size batch, tinyml_size inputs, tinyml_size units,
                       tinyml_size rank, tinyml_size memory, int activation) {
  for (tinyml_size b = 0; b < batch; b++) {
    const float *feature = feature_weights, *time = time_weights;
    for (tinyml_size u = 0; u < units; u++) {
      float sum = bias ? TINYML_READ_FLOAT(bias + u) : 0.0f;
      for (tinyml_size r = 0; r < rank; r++) {
        float newest = 0.0f, filtered = 0.0f;
        for (tinyml_size i = 0; i < inputs; i++) newest += TINYML_READ_FLOAT(feature + i) * input[i];
        for (tinyml_size m = 0; m + 1 < memory; m++) state[m] = state[m + 1];
        state[memory - 1] = newest;
        for (tinyml_size m = 0; m < memory; m++) filtered += TINYML_READ_FLOAT(time + m) * state[m];
        sum += filtered;
        feature += inputs;
        time += memory;
        state += memory;
      }
      *output++ = tinyml_clamp_activation(sum, activation);
    }
    input += inputs;
  }
}

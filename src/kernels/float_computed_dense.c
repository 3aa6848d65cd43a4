/* Fully connected layer in float whose weights or bias were computed, so lie in RAM. */
#include "float_clamp.h"
#include "tinyml_kernels.h"

void tinyml_computed_dense_float(const float *input, const float *weights, const float *bias, float *output,
                                 tinyml_size batch, tinyml_size inputs, tinyml_size outputs, int activation) {
  for (tinyml_size b = 0; b < batch; b++) {
    const float *row = weights;
    for (tinyml_size o = 0; o < outputs; o++) {
      float sum = 0.0f;
      for (tinyml_size i = 0; i < inputs; i++) sum += input[i] * row[i];
      *output++ = tinyml_clamp_activation(sum + (bias ? bias[o] : 0.0f), activation);
      row += inputs;
    }
    input += inputs;
  }
}

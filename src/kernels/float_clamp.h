/* Activations that are part of a float layer. */
#ifndef TINYML_FLOAT_CLAMP_H
#define TINYML_FLOAT_CLAMP_H

#include "tinyml_kernels.h"

static float tinyml_clamp_activation(float value, int activation) {
  if (activation == TINYML_ACTIVATION_NONE) return value;
  float low = activation == TINYML_ACTIVATION_RELU_N1_TO_1 ? -1.0f : 0.0f;
  if (value < low) return low;
  if (activation == TINYML_ACTIVATION_RELU_N1_TO_1 && value > 1.0f) return 1.0f;
  if (activation == TINYML_ACTIVATION_RELU6 && value > 6.0f) return 6.0f;
  return value;
}

#endif

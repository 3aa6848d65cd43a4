/* TensorFlow Lite's UNIDIRECTIONAL_SEQUENCE_LSTM in float. */
#include "tinyml_kernels.h"

static float tinyml_lstm_dot(const float *input, const float *weights, int32_t count) {
  float sum = 0.0f;
  for (int32_t i = 0; i < count; i++) sum += input[i] * TINYML_READ_FLOAT(weights + i);
  return sum;
}

/* One step in time of one sample: hidden and cell [units] are what the steps before it left, output its new hidden. */
static void tinyml_lstm_step(const float *input, const float *weights, const float *recurrent_weights,
                             const float *bias, float *hidden, float *cell, float *output, const tinyml_lstm *l,
                             float cell_clip) {
  for (int32_t u = 0; u < l->units; u++) {
    /* Input, forget, cell and output gate: the cell's one is a tanh, the others are logistic. */
    float gates[4];
    for (int32_t g = 0; g < 4; g++) {
      tinyml_size row = (tinyml_size)(g * l->units + u);
      gates[g] = tinyml_lstm_dot(input, weights + row * l->inputs, l->inputs) + TINYML_READ_FLOAT(bias + row) +
                 tinyml_lstm_dot(hidden, recurrent_weights + row * l->units, l->units);
    }
    tinyml_logistic_float(gates, gates, 2);
    tinyml_tanh_float(gates + 2, gates + 2, 1);
    tinyml_logistic_float(gates + 3, gates + 3, 1);
    float value = gates[1] * cell[u] + gates[0] * gates[2];
    if (cell_clip > 0.0f) {
      if (value > cell_clip) value = cell_clip;
      if (value < -cell_clip) value = -cell_clip;
    }
    cell[u] = value;
    tinyml_tanh_float(&value, &value, 1);
    output[u] = value * gates[3];
  }
  for (int32_t u = 0; u < l->units; u++) hidden[u] = output[u];
}

void tinyml_lstm_float(const float *input, const float *weights, const float *recurrent_weights, const float *bias,
                       float *hidden, float *cell, float *output, const tinyml_lstm *sizes, float cell_clip) {
  tinyml_lstm l;
  TINYML_READ_STRUCT(l, sizes);
  for (int32_t b = 0; b < l.batch; b++) {
    for (int32_t t = 0; t < l.time_steps; t++) {
      tinyml_size row = (tinyml_size)(l.time_major ? t * l.batch + b : b * l.time_steps + t);
      tinyml_lstm_step(input + row * l.inputs, weights, recurrent_weights, bias, hidden + b * l.units,
                       cell + b * l.units, output + row * l.units, &l, cell_clip);
    }
  }
}

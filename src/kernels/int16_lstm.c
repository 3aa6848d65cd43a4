/* TensorFlow Lite's UNIDIRECTIONAL_SEQUENCE_LSTM with int16 activations, int8 weights and an int16 cell. */
#include "lstm_cell.h"

void tinyml_lstm_int16(const int16_t *input, const int8_t *weights, const int8_t *recurrent_weights,
                       const int64_t *bias, int16_t *hidden, int16_t *cell, int16_t *output,
                       const tinyml_lstm_integer *parameters) {
  tinyml_lstm_integer l;
  TINYML_READ_STRUCT(l, parameters);
  for (int32_t b = 0; b < l.batch; b++) {
    for (int32_t t = 0; t < l.time_steps; t++) {
      tinyml_size place = (tinyml_size)(l.time_major ? t * l.batch + b : b * l.time_steps + t);
      const int16_t *x = input + place * l.inputs;
      int16_t *y = output + place * l.units;
      for (int32_t u = 0; u < l.units; u++) {
        int16_t gates[4];
        for (int32_t g = 0; g < 4; g++) {
          tinyml_size row = (tinyml_size)(g * l.units + u);
          int64_t now = tinyml_dot_int16(x, weights + row * l.inputs, l.inputs) + TINYML_READ_INT64(bias + row);
          int64_t before = tinyml_dot_int16(hidden, recurrent_weights + row * l.units, l.units);
          int32_t from_input = tinyml_rescale_int64(now, l.input_multipliers[g], (int8_t)l.input_shifts[g]);
          int32_t from_hidden = tinyml_rescale_int64(before, l.recurrent_multipliers[g], (int8_t)l.recurrent_shifts[g]);
          gates[g] = tinyml_saturate_int16(tinyml_saturate_int16(from_input) + tinyml_saturate_int16(from_hidden));
        }
        y[u] = tinyml_clamp_int16(tinyml_lstm_cell(gates, cell + u, &l), -32768, 32767);
      }
      for (int32_t u = 0; u < l.units; u++) hidden[u] = y[u];
    }
    hidden += l.units;
    cell += l.units;
  }
}

/* TensorFlow Lite's UNIDIRECTIONAL_SEQUENCE_LSTM in int8, with an int16 cell. */
#include "int8_dot.h"
#include "lstm_cell.h"

void tinyml_lstm_int8(const int8_t *input, const int8_t *weights, const int8_t *recurrent_weights,
                      const int32_t *bias, const int32_t *recurrent_bias, int8_t *hidden, int16_t *cell,
                      int8_t *output, const tinyml_lstm_integer *parameters) {
  tinyml_lstm_integer l;
  TINYML_READ_STRUCT(l, parameters);
  for (int32_t b = 0; b < l.batch; b++) {
    for (int32_t t = 0; t < l.time_steps; t++) {
      tinyml_size place = (tinyml_size)(l.time_major ? t * l.batch + b : b * l.time_steps + t);
      const int8_t *x = input + place * l.inputs;
      int8_t *y = output + place * l.units;
      for (int32_t u = 0; u < l.units; u++) {
        int16_t gates[4];
        for (int32_t g = 0; g < 4; g++) {
          tinyml_size row = (tinyml_size)(g * l.units + u);
          int32_t now = tinyml_dot_int8(x, weights + row * l.inputs, l.inputs) + TINYML_READ_INT32(bias + row);
          int32_t before = tinyml_dot_int8(hidden, recurrent_weights + row * l.units, l.units) +
                           TINYML_READ_INT32(recurrent_bias + row);
          now = tinyml_rescale(now, l.input_multipliers[g], (int8_t)l.input_shifts[g]);
          before = tinyml_rescale(before, l.recurrent_multipliers[g], (int8_t)l.recurrent_shifts[g]);
          gates[g] = tinyml_saturate_int16(tinyml_saturate_int16(now) + tinyml_saturate_int16(before));
        }
        y[u] = tinyml_clamp_int8(tinyml_lstm_cell(gates, cell + u, &l), -128, 127);
      }
      for (int32_t u = 0; u < l.units; u++) hidden[u] = y[u];
    }
    hidden += l.units;
    cell += l.units;
  }
}

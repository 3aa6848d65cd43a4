/* What happens inside of an LSTM's cell in int16, once its four gates are known. */
#ifndef TINYML_LSTM_CELL_H
#define TINYML_LSTM_CELL_H

#include "int16_fixed_point.h"
#include "tinyml_kernels.h"

static inline int16_t tinyml_saturate_int16(int32_t value) { return tinyml_clamp_int16(value, -32768, 32767); }

/*
 * Updates the cell by its gates (input, forget, cell and output gate before their curves, in steps of 1/4096) and returns
 * the new hidden state, not limited yet.
 */
static int32_t tinyml_lstm_cell(int16_t *gates, int16_t *cell, const tinyml_lstm_integer *l) {
  tinyml_logistic_int16(gates, gates, 2, 3, 0);
  tinyml_tanh_int16(gates + 2, gates + 2, 1, 3, 0);
  tinyml_logistic_int16(gates + 3, gates + 3, 1, 3, 0);
  int32_t kept = tinyml_rescale((int32_t)gates[1] * *cell, l->forget_multiplier, (int8_t)l->forget_shift);
  int32_t added = tinyml_rescale((int32_t)gates[0] * gates[2], l->cell_multiplier, (int8_t)l->cell_shift);
  int16_t value = tinyml_saturate_int16(tinyml_saturate_int16(kept) + tinyml_saturate_int16(added));
  if (l->cell_clip >= 0) value = tinyml_clamp_int16(value, -l->cell_clip, l->cell_clip);
  *cell = value;
  tinyml_tanh_int16(&value, &value, 1, l->tanh_multiplier, (int8_t)l->tanh_shift);
  return tinyml_rescale((int32_t)value * gates[3], l->hidden_multiplier, (int8_t)l->hidden_shift) + l->hidden_zero_point;
}

#endif

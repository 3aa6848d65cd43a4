/* Pooling in float. */
#include "float_clamp.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

/* pmax keeps its first operand unless it is less than the second one. */
static inline v128_t tinyml_pool_with(v128_t result, const float *place, int largest) {
  v128_t value = wasm_v128_load(place);
  return largest ? wasm_f32x4_pmax(result, value) : wasm_f32x4_add(result, value);
}

/* Four channels of a window whose inside begins at `place`; the bits of the plain path. */
static inline v128_t tinyml_pool_four(const float *place, const tinyml_window *w, int rows, int columns, int largest) {
  int column = w->input_channels, row = w->input_width * column;
  v128_t result = wasm_v128_load(place);
  if (rows == 2 && columns == 2) {
    /* Nearly all of them: the loops would take three times as long. */
    result = tinyml_pool_with(result, place + column, largest);
    result = tinyml_pool_with(result, place + row, largest);
    return tinyml_pool_with(result, place + row + column, largest);
  }
  for (int i = 0; i < rows; i++) {
    for (int j = i == 0; j < columns; j++) result = tinyml_pool_with(result, place + i * row + j * column, largest);
  }
  return result;
}
#endif

static inline void tinyml_pool_float(const float *input, float *output, tinyml_size batch, const tinyml_window *window,
                                     int activation, int largest) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
#ifdef __wasm_simd128__
  v128_t low = wasm_f32x4_splat(tinyml_clamp_activation(-__builtin_inff(), activation));
  v128_t high = wasm_f32x4_splat(tinyml_clamp_activation(__builtin_inff(), activation));
#endif
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, 1, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, 1, w.input_width);
        float elements = (float)(rows.end - rows.first) * (float)(columns.end - columns.first);
        const float *corner =
            input + ((tinyml_size)(top + rows.first) * w.input_width + left + columns.first) * w.input_channels;
        int plain = 0;
#ifdef __wasm_simd128__
        for (; plain + 4 <= w.output_channels; plain += 4) {
          v128_t four = tinyml_pool_four(corner + plain, &w, rows.end - rows.first, columns.end - columns.first, largest);
          if (!largest) four = wasm_f32x4_div(four, wasm_f32x4_splat(elements));
          wasm_v128_store(output + plain, wasm_f32x4_pmin(wasm_f32x4_pmax(four, low), high));
        }
#endif
        /* The output itself holds what the window has given so far. */
        for (int i = rows.first; i < rows.end; i++) {
          const float *place = corner + (tinyml_size)(i - rows.first) * w.input_width * w.input_channels;
          for (int j = columns.first; j < columns.end; j++) {
            int begins = i == rows.first && j == columns.first;
            for (int c = plain; c < w.output_channels; c++) {
              float value = place[c];
              if (begins) output[c] = value;
              else if (!largest) output[c] += value;
              else if (value > output[c]) output[c] = value;
            }
            place += w.input_channels;
          }
        }
        for (int c = plain; c < w.output_channels; c++) {
          output[c] = tinyml_clamp_activation(largest ? output[c] : output[c] / elements, activation);
        }
        output += w.output_channels;
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

void tinyml_average_pool_float(const float *input, float *output, tinyml_size batch, const tinyml_window *window,
                               int activation) {
  tinyml_pool_float(input, output, batch, window, activation, 0);
}

void tinyml_max_pool_float(const float *input, float *output, tinyml_size batch, const tinyml_window *window,
                           int activation) {
  tinyml_pool_float(input, output, batch, window, activation, 1);
}

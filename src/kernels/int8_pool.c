/* Pooling of int8 models: TensorFlow Lite's AVERAGE_POOL_2D and MAX_POOL_2D. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

/* How many channels are worked on at once. */
enum { TINYML_POOL_CHANNELS = 16 };

/* The sum (or the largest, where `largest` is 1) of a window's inside, for `count` channels from `input` on. */
static inline void tinyml_pool_window(const int8_t *input, const tinyml_window *w, int top, int left, tinyml_span rows,
                                      tinyml_span columns, int count, int largest, int32_t *results) {
  for (int c = 0; c < TINYML_POOL_CHANNELS; c++) results[c] = largest ? -128 : 0;
  for (int i = rows.first; i < rows.end; i++) {
    const int8_t *place = input + ((tinyml_size)(top + i) * w->input_width + left + columns.first) * w->input_channels;
    for (int j = columns.first; j < columns.end; j++) {
      for (int c = 0; c < count; c++) {
        if (!largest) results[c] += place[c];
        else if (place[c] > results[c]) results[c] = place[c];
      }
      place += w->input_channels;
    }
  }
}

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

/* The largest of a window's inside at sixteen channels, or at eight. */
static inline v128_t tinyml_largest_of(const int8_t *place, const tinyml_window *w, tinyml_span rows, tinyml_span columns,
                                       int eight) {
  v128_t largest = wasm_i8x16_const_splat(-128);
  for (int i = rows.first; i < rows.end; i++, place += w->input_width * w->input_channels) {
    for (int j = 0; j < columns.end - columns.first; j++) {
      const int8_t *at = place + j * w->input_channels;
      largest = wasm_i8x16_max(largest, eight ? wasm_v128_load64_zero(at) : wasm_v128_load(at));
    }
  }
  return largest;
}

/* The largest of a window whose inside begins at `place`, clamped, at as many channels as vectors hold; how many. */
static inline int tinyml_largest_channels(const int8_t *place, const tinyml_window *w, tinyml_span rows,
                                          tinyml_span columns, v128_t minimum, v128_t maximum, int8_t *output) {
  int channel = 0;
  for (; channel + 16 <= w->output_channels; channel += 16) {
    v128_t largest = tinyml_largest_of(place + channel, w, rows, columns, 0);
    wasm_v128_store(output + channel, wasm_i8x16_min(wasm_i8x16_max(largest, minimum), maximum));
  }
  if (channel + 8 <= w->output_channels) {
    v128_t largest = tinyml_largest_of(place + channel, w, rows, columns, 1);
    wasm_v128_store64_lane(output + channel, wasm_i8x16_min(wasm_i8x16_max(largest, minimum), maximum), 0);
    channel += 8;
  }
  return channel;
}
#endif

static inline void tinyml_pool_int8(const int8_t *input, int8_t *output, tinyml_size batch, const tinyml_window *window,
                                    int16_t minimum, int16_t maximum, int largest) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  int32_t results[TINYML_POOL_CHANNELS];
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, 1, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, 1, w.input_width);
        int32_t elements = (int32_t)(rows.end - rows.first) * (columns.end - columns.first);
        int vectors = 0;
#ifdef __wasm_simd128__
        if (largest) {
          const int8_t *place = input + ((top + rows.first) * w.input_width + left + columns.first) * w.input_channels;
          vectors = tinyml_largest_channels(place, &w, rows, columns, wasm_i8x16_splat((int8_t)minimum),
                                            wasm_i8x16_splat((int8_t)maximum), output);
          output += vectors;
        }
#endif
        for (int o = vectors; o < w.output_channels; o += TINYML_POOL_CHANNELS) {
          int left_over = w.output_channels - o;
          int count = left_over < TINYML_POOL_CHANNELS ? left_over : TINYML_POOL_CHANNELS;
          tinyml_pool_window(input + o, &w, top, left, rows, columns, count, largest, results);
          for (int c = 0; c < count; c++) {
            int32_t value = results[c];
            if (!largest) value = (value > 0 ? value + elements / 2 : value - elements / 2) / elements;
            *output++ = tinyml_clamp_int8(value, minimum, maximum);
          }
        }
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

void tinyml_average_pool_int8(const int8_t *input, int8_t *output, tinyml_size batch, const tinyml_window *window,
                              int16_t minimum, int16_t maximum) {
  tinyml_pool_int8(input, output, batch, window, minimum, maximum, 0);
}

void tinyml_max_pool_int8(const int8_t *input, int8_t *output, tinyml_size batch, const tinyml_window *window,
                          int16_t minimum, int16_t maximum) {
  tinyml_pool_int8(input, output, batch, window, minimum, maximum, 1);
}

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
        for (int o = 0; o < w.output_channels; o += TINYML_POOL_CHANNELS) {
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

/* Pooling of int16 models: TensorFlow Lite's AVERAGE_POOL_2D and MAX_POOL_2D. */
#include "int16_fixed_point.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

static inline void tinyml_pool_int16(const int16_t *input, int16_t *output, tinyml_size batch,
                                     const tinyml_window *window, int16_t minimum, int16_t maximum, int largest) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, 1, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, 1, w.input_width);
        int32_t elements = (int32_t)(rows.end - rows.first) * (columns.end - columns.first);
        for (int c = 0; c < w.output_channels; c++) {
          int32_t value = largest ? INT16_MIN : 0;
          for (int i = rows.first; i < rows.end; i++) {
            for (int j = columns.first; j < columns.end; j++) {
              int16_t one = input[((tinyml_size)(top + i) * w.input_width + left + j) * w.input_channels + c];
              if (!largest) value += one;
              else if (one > value) value = one;
            }
          }
          if (!largest) value = (value > 0 ? value + elements / 2 : value - elements / 2) / elements;
          *output++ = tinyml_clamp_int16(value, minimum, maximum);
        }
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

void tinyml_average_pool_int16(const int16_t *input, int16_t *output, tinyml_size batch, const tinyml_window *window,
                               int16_t minimum, int16_t maximum) {
  tinyml_pool_int16(input, output, batch, window, minimum, maximum, 0);
}

void tinyml_max_pool_int16(const int16_t *input, int16_t *output, tinyml_size batch, const tinyml_window *window,
                           int16_t minimum, int16_t maximum) {
  tinyml_pool_int16(input, output, batch, window, minimum, maximum, 1);
}

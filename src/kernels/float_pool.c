/* Pooling in float. */
#include "float_clamp.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

static inline void tinyml_pool_float(const float *input, float *output, tinyml_size batch, const tinyml_window *window,
                                     int activation, int largest) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, 1, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, 1, w.input_width);
        float elements = (float)(rows.end - rows.first) * (float)(columns.end - columns.first);
        /* The output itself holds what the window has given so far. */
        for (int i = rows.first; i < rows.end; i++) {
          const float *place = input + ((tinyml_size)(top + i) * w.input_width + left + columns.first) * w.input_channels;
          for (int j = columns.first; j < columns.end; j++) {
            int begins = i == rows.first && j == columns.first;
            for (int c = 0; c < w.output_channels; c++) {
              float value = place[c];
              if (begins) output[c] = value;
              else if (!largest) output[c] += value;
              else if (value > output[c]) output[c] = value;
            }
            place += w.input_channels;
          }
        }
        for (int c = 0; c < w.output_channels; c++) {
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

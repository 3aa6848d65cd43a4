/* TensorFlow Lite's TRANSPOSE_CONV in float: each output gathers the inputs whose windows reach it. */
#include "float_clamp.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

void tinyml_transpose_conv_float(const float *input, const float *weights, const float *bias, float *output,
                                 tinyml_size batch, const tinyml_window *window, int activation) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int row = y + w.padding_top;
      tinyml_span rows = tinyml_span_reaching(row, w.window_height, w.stride_height, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int column = x + w.padding_left;
        tinyml_span columns = tinyml_span_reaching(column, w.window_width, w.stride_width, w.input_width);
        for (int o = 0; o < w.output_channels; o++) {
          float sum = 0.0f;
          for (int i = rows.first; i < rows.end; i++) {
            for (int j = columns.first; j < columns.end; j++) {
              const float *place = input + ((tinyml_size)i * w.input_width + j) * w.input_channels;
              const float *weight = weights + tinyml_transposed_weight(&w, o, row - i * w.stride_height, column - j * w.stride_width);
              for (int c = 0; c < w.input_channels; c++) sum += place[c] * TINYML_READ_FLOAT(weight + c);
            }
          }
          *output++ = tinyml_clamp_activation(sum + (bias ? TINYML_READ_FLOAT(bias + o) : 0.0f), activation);
        }
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

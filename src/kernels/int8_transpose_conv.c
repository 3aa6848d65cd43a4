/* TensorFlow Lite's TRANSPOSE_CONV in int8: each output gathers the inputs whose windows reach it, so no sums are stored. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

/* weights_zero_point is a constant where it can be one, so that it costs nothing. */
static inline __attribute__((always_inline)) void tinyml_gather_int8(
    const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output, tinyml_size batch,
    const tinyml_window *window, const int32_t *multipliers, const int8_t *shifts, int16_t input_zero_point,
    int16_t weights_zero_point, int16_t output_zero_point, int16_t minimum, int16_t maximum) {
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
          int32_t sum = bias ? TINYML_READ_INT32(bias + o) : 0;
          for (int i = rows.first; i < rows.end; i++) {
            for (int j = columns.first; j < columns.end; j++) {
              const int8_t *place = input + ((tinyml_size)i * w.input_width + j) * w.input_channels;
              const int8_t *weight = weights + tinyml_transposed_weight(&w, o, row - i * w.stride_height, column - j * w.stride_width);
              for (int c = 0; c < w.input_channels; c++) {
                sum += (int32_t)(place[c] - input_zero_point) * (TINYML_READ_INT8(weight + c) - weights_zero_point);
              }
            }
          }
          sum = tinyml_rescale(sum, TINYML_READ_INT32(multipliers + o), TINYML_READ_INT8(shifts + o)) + output_zero_point;
          *output++ = tinyml_clamp_int8(sum, minimum, maximum);
        }
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

void tinyml_transpose_conv_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                                tinyml_size batch, const tinyml_window *window, const int32_t *multipliers,
                                const int8_t *shifts, int16_t input_zero_point, int16_t output_zero_point,
                                int16_t minimum, int16_t maximum) {
  tinyml_gather_int8(input, weights, bias, output, batch, window, multipliers, shifts, input_zero_point, 0,
                     output_zero_point, minimum, maximum);
}

void tinyml_asymmetric_transpose_conv_int8(const int8_t *input, const int8_t *weights, const int32_t *bias,
                                           int8_t *output, tinyml_size batch, const tinyml_window *window,
                                           const int32_t *multipliers, const int8_t *shifts, int16_t input_zero_point,
                                           int16_t weights_zero_point, int16_t output_zero_point, int16_t minimum,
                                           int16_t maximum) {
  tinyml_gather_int8(input, weights, bias, output, batch, window, multipliers, shifts, input_zero_point,
                     weights_zero_point, output_zero_point, minimum, maximum);
}

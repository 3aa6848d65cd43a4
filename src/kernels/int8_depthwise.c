/* Depthwise convolution of int8 models: TensorFlow Lite's DEPTHWISE_CONV_2D, one weight scale for each output channel. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

void tinyml_depthwise_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                           tinyml_size batch, const tinyml_window *window, const int32_t *multipliers,
                           const int8_t *shifts, int16_t input_zero_point, int16_t output_zero_point, int16_t minimum,
                           int16_t maximum) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  tinyml_size picture = (tinyml_size)w.input_height * w.input_width * w.input_channels;
  int multiple = w.output_channels / w.input_channels;
  tinyml_size place_step = (tinyml_size)w.dilation_width * w.input_channels;
  tinyml_size row_step = (tinyml_size)w.dilation_height * w.input_width * w.input_channels;
  tinyml_size weight_row_step = (tinyml_size)w.window_width * w.output_channels;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        tinyml_size start = ((tinyml_size)(top + rows.first * w.dilation_height) * w.input_width + left +
                             columns.first * w.dilation_width) *
                            w.input_channels;
        const int8_t *channel = input + start;
        const int8_t *first_weight = weights + (tinyml_size)(rows.first * w.window_width + columns.first) * w.output_channels;
        int left_over = multiple;
        for (int o = 0; o < w.output_channels; o++) {
          int32_t sum = bias ? TINYML_READ_INT32(bias + o) : 0;
          const int8_t *row = channel, *weight_row = first_weight + o;
          for (int i = rows.first; i < rows.end; i++) {
            const int8_t *place = row, *weight = weight_row;
            for (int j = columns.first; j < columns.end; j++) {
              /* An input less its zero point has 9 bits: the product fits into the 16 of AVR's int. */
              sum += (*place - input_zero_point) * TINYML_READ_INT8(weight);
              place += place_step;
              weight += w.output_channels;
            }
            row += row_step;
            weight_row += weight_row_step;
          }
          if (--left_over == 0) channel++, left_over = multiple;
          sum = tinyml_rescale(sum, TINYML_READ_INT32(multipliers + o), TINYML_READ_INT8(shifts + o)) + output_zero_point;
          *output++ = tinyml_clamp_int8(sum, minimum, maximum);
        }
      }
    }
    input += picture;
  }
}

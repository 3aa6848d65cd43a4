/* Convolution of int8 models whose weights have a zero point: what models of uint8 are made of. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

void tinyml_asymmetric_conv_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                                 tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                                 int32_t multiplier, int8_t shift, int16_t input_zero_point,
                                 int16_t weights_zero_point, int16_t output_zero_point, int16_t minimum,
                                 int16_t maximum) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  tinyml_size group_outputs = w.output_channels / (w.input_channels / filter_channels);
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        const int8_t *filter = weights;
        for (int o = 0; o < w.output_channels; o++) {
          const int8_t *group = input + o / group_outputs * filter_channels;
          int32_t sum = bias ? TINYML_READ_INT32(bias + o) : 0;
          for (int i = rows.first; i < rows.end; i++) {
            for (int j = columns.first; j < columns.end; j++) {
              tinyml_size at = (tinyml_size)(top + i * w.dilation_height) * w.input_width + left + j * w.dilation_width;
              const int8_t *place = group + at * w.input_channels;
              const int8_t *weight = filter + ((tinyml_size)i * w.window_width + j) * filter_channels;
              for (tinyml_size c = 0; c < filter_channels; c++) {
                sum += (int32_t)(place[c] - input_zero_point) * (TINYML_READ_INT8(weight + c) - weights_zero_point);
              }
            }
          }
          *output++ = tinyml_clamp_int8(tinyml_rescale(sum, multiplier, shift) + output_zero_point, minimum, maximum);
          filter += (tinyml_size)w.window_height * w.window_width * filter_channels;
        }
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

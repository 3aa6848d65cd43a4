/* CONV_2D and FULLY_CONNECTED with int16 activations of zero point 0 and int8 weights. */
#include "int16_fixed_point.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

void tinyml_conv_int16(const int16_t *input, const int8_t *weights, const int64_t *bias, int16_t *output,
                       tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                       const int32_t *multipliers, const int8_t *shifts, int wide, int16_t minimum, int16_t maximum) {
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
          const int16_t *group = input + o / group_outputs * filter_channels;
          int64_t sum = bias ? TINYML_READ_INT64(bias + o) : 0;
          for (int i = rows.first; i < rows.end; i++) {
            for (int j = columns.first; j < columns.end; j++) {
              tinyml_size at = (tinyml_size)(top + i * w.dilation_height) * w.input_width + left + j * w.dilation_width;
              sum += tinyml_dot_int16(group + at * w.input_channels,
                                      filter + ((tinyml_size)i * w.window_width + j) * filter_channels, filter_channels);
            }
          }
          int32_t multiplier = TINYML_READ_INT32(multipliers + o);
          int8_t shift = TINYML_READ_INT8(shifts + o);
          /* A sum of 32 bits wraps around as the reference's does. */
          int32_t value = wide ? tinyml_rescale_int64(sum, multiplier, shift)
                               : tinyml_rescale((int32_t)(uint32_t)(uint64_t)sum, multiplier, shift);
          *output++ = tinyml_clamp_int16(value, minimum, maximum);
          filter += (tinyml_size)w.window_height * w.window_width * filter_channels;
        }
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

/* DEPTHWISE_CONV_2D with int16 activations of zero point 0 and int8 weights. */
#include "int16_fixed_point.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

void tinyml_depthwise_int16(const int16_t *input, const int8_t *weights, const int64_t *bias, int16_t *output,
                            tinyml_size batch, const tinyml_window *window, const int32_t *multipliers,
                            const int8_t *shifts, int16_t minimum, int16_t maximum) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  int multiple = w.output_channels / w.input_channels;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        for (int o = 0; o < w.output_channels; o++) {
          int64_t sum = bias ? TINYML_READ_INT64(bias + o) : 0;
          for (int i = rows.first; i < rows.end; i++) {
            for (int j = columns.first; j < columns.end; j++) {
              tinyml_size at = (tinyml_size)(top + i * w.dilation_height) * w.input_width + left + j * w.dilation_width;
              const int8_t *weight = weights + ((tinyml_size)i * w.window_width + j) * w.output_channels + o;
              sum += (int32_t)input[at * w.input_channels + o / multiple] * TINYML_READ_INT8(weight);
            }
          }
          int32_t value = tinyml_rescale_int64(sum, TINYML_READ_INT32(multipliers + o), TINYML_READ_INT8(shifts + o));
          *output++ = tinyml_clamp_int16(value, minimum, maximum);
        }
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

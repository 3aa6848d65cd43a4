/*
 * Convolution of int8 models on the host, where windows have so few elements that laying each of them out would take as long as
 * multiplying it: the first layer of most networks. Here the picture is laid out, once, and windows slide over it.
 */
#ifdef __wasm_simd128__
#include "host_int8_matrix.h"
#include "tinyml_window.h"

/* How often at most the inputs of a window are multiplied together. */
enum { TINYML_HOST_STEPS = 256 };

/* A row of the picture as windows reach it, `columns` places from `left` on. Outside is the zero point, which adds nothing. */
static inline void tinyml_lay_out_row(const int8_t *picture, const tinyml_window *w, int y, int left, int columns,
                                      tinyml_host_input outside, int flip, tinyml_host_input *to) {
  int channels = w->input_channels;
  tinyml_span inside = tinyml_span_inside(left, columns, 1, w->input_width);
  if (y < 0 || y >= w->input_height) inside.first = inside.end = columns;
  int reached = (inside.end - inside.first) * channels;
  to = tinyml_repeat_input(to, outside, inside.first * channels);
  if (reached > 0) {
    tinyml_lay_out_exactly(picture + (y * w->input_width + left + inside.first) * channels, to, reached, flip);
  }
  tinyml_repeat_input(to + reached, outside, (columns - inside.end) * channels);
}

static inline void tinyml_slide_panels(const int8_t *input, const int8_t *weights, const tinyml_eight *eights,
                                       int8_t *output, tinyml_size batch, const tinyml_window *window, int zero_point,
                                       int8_t minimum, int8_t maximum, int flip) {
  tinyml_host_input band[TINYML_HOST_ELEMENTS + TINYML_HOST_SLACK] __attribute__((aligned(16)));
  int offsets[TINYML_HOST_STEPS], steps = 0;
  tinyml_window w = *window;
  int columns = (w.output_width - 1) * w.stride_width + w.window_width, row = columns * w.input_channels;
  int tall = (w.window_height - 1) * w.dilation_height + 1;
  /* Each row of the window is filled up to what is multiplied together, by weights of 0. */
  for (int i = 0; i < w.window_height; i++) {
    for (int k = 0; k < w.window_width * w.input_channels; k += TINYML_HOST_TOGETHER) {
      offsets[steps++] = i * w.dilation_height * row + k;
    }
  }
  int most = (TINYML_HOST_ELEMENTS / row - tall) / w.stride_height + 1;
  tinyml_host_input outside = tinyml_host_input_of(zero_point, flip);
  for (tinyml_size b = 0; b < batch; b++) {
    for (int start = 0; start < w.output_height; start += most) {
      int count = w.output_height - start < most ? w.output_height - start : most;
      int top = start * w.stride_height - w.padding_top, rows = (count - 1) * w.stride_height + tall;
      for (int r = 0; r < rows; r++) {
        tinyml_lay_out_row(input, &w, top + r, -w.padding_left, columns, outside, flip, band + r * row);
      }
      for (int y = 0; y < count; y++) {
        tinyml_host_output to = {output, w.output_channels, minimum, maximum};
        tinyml_multiply_panels(band + y * w.stride_height * row, w.output_width, w.stride_width * w.input_channels, weights,
                               steps, offsets, eights, w.output_channels, &to);
        output += w.output_width * w.output_channels;
      }
    }
    input += w.input_height * w.input_width * w.input_channels;
  }
}

#ifdef __wasm_relaxed_simd__
void tinyml_host_slide_bytes(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                             tinyml_size batch, const tinyml_window *window, int16_t input_zero_point, int16_t minimum,
                             int16_t maximum, int flip) {
  tinyml_slide_panels(input, weights, eights, output, batch, window, input_zero_point, (int8_t)minimum, (int8_t)maximum,
                      flip);
}
#else
void tinyml_host_slide_int8(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                            tinyml_size batch, const tinyml_window *window, int16_t input_zero_point, int16_t minimum,
                            int16_t maximum) {
  tinyml_slide_panels(input, weights, eights, output, batch, window, input_zero_point, (int8_t)minimum, (int8_t)maximum, 0);
}
#endif
#endif

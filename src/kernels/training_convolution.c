/* Gradients of float convolutions. */
#include "tinyml_training.h"
#include "tinyml_window.h"
#include "training_rows.h"

/* The elements of one window in the order of its weights, 0 outside of the picture. */
static void tinyml_lay_out_window(const float *picture, const tinyml_window *w, int top, int left, float *restrict to) {
  int channels = w->input_channels;
  tinyml_span rows = tinyml_span_inside(top, w->window_height, w->dilation_height, w->input_height);
  tinyml_span columns = tinyml_span_inside(left, w->window_width, w->dilation_width, w->input_width);
  for (int i = 0; i < w->window_height; i++) {
    const float *row = picture + ((tinyml_size)(top + i * w->dilation_height) * w->input_width + left) * channels;
    for (int j = 0; j < w->window_width; j++, to += channels) {
      int inside = i >= rows.first && i < rows.end && j >= columns.first && j < columns.end;
      for (int c = 0; c < channels; c++) to[c] = inside ? row[j * w->dilation_width * channels + c] : 0.0f;
    }
  }
}

void tinyml_conv_weights_gradient(const float *input, const float *output_gradient, float *weights_gradient,
                                  tinyml_size batch, const tinyml_window *window, float *windows, void *terms,
                                  tinyml_size most) {
  const tinyml_window w = *window;
  tinyml_size length = (tinyml_size)w.window_height * w.window_width * w.input_channels;
  tinyml_size places = (tinyml_size)w.output_height * w.output_width;
  for (tinyml_size k = 0; k < w.output_channels * length; k++) weights_gradient[k] = 0.0f;
  for (tinyml_size b = 0; b < batch; b++) {
    int y = 0, x = 0;
    for (tinyml_size start = 0; start < places; start += most) {
      tinyml_size count = places - start < most ? places - start : most;
      for (tinyml_size p = 0; p < count; p++) {
        tinyml_lay_out_window(input, &w, y * w.stride_height - w.padding_top, x * w.stride_width - w.padding_left,
                              windows + p * length);
        if (++x == w.output_width) x = 0, y++;
      }
      for (int o = 0; o < w.output_channels; o++) {
        tinyml_size found = tinyml_find_terms(output_gradient + o, count, w.output_channels, length, terms);
        tinyml_add_rows(windows, terms, found, weights_gradient + o * length, length);
      }
      output_gradient += count * w.output_channels;
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

void tinyml_conv_input_gradient(const float *weights, const float *output_gradient, float *input_gradient,
                                tinyml_size batch, const tinyml_window *window, void *terms) {
  const tinyml_window w = *window;
  int channels = w.input_channels, piece = w.dilation_width == 1 ? w.window_width : 1;
  tinyml_size row = (tinyml_size)w.window_width * channels, length = w.window_height * row;
  tinyml_size picture = (tinyml_size)w.input_height * w.input_width * channels;
  for (tinyml_size k = 0; k < batch * picture; k++) input_gradient[k] = 0.0f;
  for (tinyml_size b = 0; b < batch; b++, input_gradient += picture) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++, output_gradient += w.output_channels) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        tinyml_size found = tinyml_find_terms(output_gradient, w.output_channels, 1, length, terms);
        for (int i = rows.first; i < rows.end; i++) {
          float *to = input_gradient + ((tinyml_size)(top + i * w.dilation_height) * w.input_width + left) * channels;
          /* Where its elements are neighbours, a window's row is done at once. */
          for (int j = columns.first; j < columns.end; j += piece) {
            int together = piece == 1 ? 1 : columns.end - columns.first;
            tinyml_add_rows(weights + i * row + j * channels, terms, found, to + j * w.dilation_width * channels,
                            (tinyml_size)together * channels);
          }
        }
      }
    }
  }
}

void tinyml_bias_gradient(const float *restrict output_gradient, float *restrict bias_gradient, tinyml_size rows,
                          tinyml_size outputs) {
  for (tinyml_size o = 0; o < outputs; o++) bias_gradient[o] = 0.0f;
  for (tinyml_size r = 0; r < rows; r++, output_gradient += outputs) {
    for (tinyml_size o = 0; o < outputs; o++) bias_gradient[o] += output_gradient[o];
  }
}

/* The channels that one element of the window gives: `multiple` outputs for each input. */
static inline void tinyml_depthwise_place_gradient(const float *restrict input, const float *restrict weights,
                                                   const float *restrict gradient, float *restrict input_gradient,
                                                   float *restrict weights_gradient, int channels, int multiple) {
  if (multiple == 1) {
    for (int c = 0; c < channels; c++) weights_gradient[c] += gradient[c] * input[c];
    if (!input_gradient) return;
    for (int c = 0; c < channels; c++) input_gradient[c] += gradient[c] * weights[c];
    return;
  }
  for (int c = 0; c < channels; c++) {
    float sum = 0.0f;
    for (int m = 0; m < multiple; m++) {
      int o = c * multiple + m;
      weights_gradient[o] += gradient[o] * input[c];
      sum += gradient[o] * weights[o];
    }
    if (input_gradient) input_gradient[c] += sum;
  }
}

void tinyml_depthwise_gradient(const float *input, const float *weights, const float *output_gradient,
                               float *input_gradient, float *weights_gradient, tinyml_size batch,
                               const tinyml_window *window) {
  const tinyml_window w = *window;
  int channels = w.input_channels, outputs = w.output_channels, multiple = outputs / channels;
  tinyml_size picture = (tinyml_size)w.input_height * w.input_width * channels;
  tinyml_size taps = (tinyml_size)w.window_height * w.window_width;
  for (tinyml_size k = 0; k < taps * outputs; k++) weights_gradient[k] = 0.0f;
  if (input_gradient) {
    for (tinyml_size k = 0; k < batch * picture; k++) input_gradient[k] = 0.0f;
  }
  for (tinyml_size b = 0; b < batch; b++, input += picture) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++, output_gradient += outputs) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        for (int i = rows.first; i < rows.end; i++) {
          for (int j = columns.first; j < columns.end; j++) {
            tinyml_size place =
                ((tinyml_size)(top + i * w.dilation_height) * w.input_width + left + j * w.dilation_width) * channels;
            tinyml_size tap = ((tinyml_size)i * w.window_width + j) * outputs;
            tinyml_depthwise_place_gradient(input + place, weights + tap, output_gradient,
                                            input_gradient ? input_gradient + place : 0, weights_gradient + tap, channels,
                                            multiple);
          }
        }
      }
    }
    if (input_gradient) input_gradient += picture;
  }
}

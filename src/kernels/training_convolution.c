/* Float convolutions in training, and their gradients. */
#ifdef __wasm_simd128__
#include "host_float_windows.h"
#include "tinyml_host.h"
#include "tinyml_training.h"
#include "training_rows.h"

/* Windows of more elements, and fewer places, are nothing for tinyml_host_conv_float. */
enum { TINYML_HOST_LENGTH = 2048, TINYML_HOST_PLACES = 4 };

/* Places whose gradients are worked on at once, so that they stay in the nearest cache. */
enum { TINYML_NEAR_PLACES = 64 };

void tinyml_training_conv_float(const float *input, const float *weights, const float *bias, float *output,
                                tinyml_size batch, const tinyml_window *window, int activation, float *panels) {
  int length = window->window_height * window->window_width * window->input_channels;
  int channels = window->output_channels;
  if (length > TINYML_HOST_LENGTH || window->output_height * window->output_width < TINYML_HOST_PLACES) {
    tinyml_conv_float(input, weights, bias, output, batch, window, window->input_channels, activation);
    return;
  }
  /* The bias, filled up to fours, and panels of eight channels, or four where no more are left. */
  float *panel = panels + ((channels + 3) & ~3);
  for (int o = 0; o < channels; o++) {
    int lane = o % 8, lanes = channels - (o - lane) > 4 ? 8 : 4;
    float *to = panel + (o - lane) * length + lane;
    for (int k = 0; k < length; k++) to[k * lanes] = weights[o * length + k];
    panels[o] = bias ? bias[o] : 0.0f;
  }
  tinyml_host_conv_float(input, panel, panels, output, batch, window, activation);
}

/* Whether each window is one place of the picture, in their order: then a convolution is a dense layer over all places. */
static int tinyml_is_pointwise(const tinyml_window *w) {
  return w->window_height == 1 && w->window_width == 1 && w->output_height == w->input_height &&
         w->output_width == w->input_width;
}

void tinyml_conv_weights_gradient(const float *input, const float *output_gradient, float *weights_gradient,
                                  tinyml_size batch, const tinyml_window *window, float *sums, float *windows,
                                  void *terms, tinyml_size most) {
  const tinyml_window w = *window;
  tinyml_size length = (tinyml_size)w.window_height * w.window_width * w.input_channels;
  tinyml_size places = (tinyml_size)w.output_height * w.output_width, outputs = w.output_channels;
  /* Whole vectors: what is added up behind a window's elements is not read. */
  tinyml_size width = (length + 3) & ~(tinyml_size)3;
  int in_place = tinyml_is_pointwise(&w) && width == length;
  if (in_place) places *= batch, batch = 1;
  for (tinyml_size k = 0; k < outputs * width; k++) sums[k] = 0.0f;
  for (tinyml_size b = 0; b < batch; b++) {
    for (tinyml_size start = 0; start < places; start += most) {
      tinyml_size count = places - start < most ? places - start : most;
      const float *rows = in_place ? input + start * length : windows;
      if (!in_place) tinyml_lay_out_float_windows(input, &w, (int)start, (int)count, windows);
      if (tinyml_mostly_zero(output_gradient, count * outputs)) {
        for (tinyml_size o = 0; o < outputs; o++) {
          tinyml_size found = tinyml_find_terms(output_gradient + o, count, outputs, length, terms);
          tinyml_add_rows(rows, terms, found, sums + o * width, width);
        }
      } else {
        tinyml_sum_rows((tinyml_row_sums){output_gradient, 1, outputs, rows, length, sums, outputs, count, width, 1});
      }
      output_gradient += count * outputs;
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
  for (tinyml_size o = 0; o < outputs; o++) {
    for (tinyml_size k = 0; k < length; k++) weights_gradient[o * length + k] = sums[o * width + k];
  }
}

void tinyml_conv_input_gradient(const float *weights, const float *output_gradient, float *input_gradient,
                                tinyml_size batch, const tinyml_window *window, void *terms) {
  const tinyml_window w = *window;
  int channels = w.input_channels, piece = w.dilation_width == 1 ? w.window_width : 1;
  tinyml_size row = (tinyml_size)w.window_width * channels, length = w.window_height * row;
  tinyml_size picture = (tinyml_size)w.input_height * w.input_width * channels;
  tinyml_size places = batch * w.output_height * w.output_width, outputs = w.output_channels;
  if (tinyml_is_pointwise(&w) && !tinyml_mostly_zero(output_gradient, places * outputs)) {
    for (tinyml_size at = 0; at < places; at += TINYML_NEAR_PLACES) {
      tinyml_size count = places - at < TINYML_NEAR_PLACES ? places - at : TINYML_NEAR_PLACES;
      tinyml_sum_rows((tinyml_row_sums){output_gradient + at * outputs, outputs, 1, weights, length,
                                        input_gradient + at * length, count, outputs, length, 0});
    }
    return;
  }
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

/*
 * What one element of the window gives at `places` neighbouring places, whose inputs are input_step elements apart: to
 * its weights' gradients, and to the inputs' (unless NULL).
 */
static inline void tinyml_depthwise_tap_gradient(const float *input, const float *weights, const float *gradient,
                                                 float *input_gradient, float *weights_gradient, int places,
                                                 int input_step, int outputs, int multiple) {
  int o = 0;
  for (; multiple == 1 && o + 4 <= outputs; o += 4) {
    v128_t weight = wasm_v128_load(weights + o), sum = wasm_v128_load(weights_gradient + o);
    const float *from = input + o, *given = gradient + o;
    float *to = input_gradient + (input_gradient ? o : 0);
    for (int x = 0; x < places; x++, from += input_step, given += outputs) {
      v128_t g = wasm_v128_load(given);
      sum = wasm_f32x4_add(sum, wasm_f32x4_mul(g, wasm_v128_load(from)));
      if (!input_gradient) continue;
      wasm_v128_store(to, wasm_f32x4_add(wasm_v128_load(to), wasm_f32x4_mul(g, weight)));
      to += input_step;
    }
    wasm_v128_store(weights_gradient + o, sum);
  }
  for (; o < outputs; o++) {
    int c = o / multiple;
    float sum = weights_gradient[o];
    for (int x = 0; x < places; x++) {
      float g = gradient[x * outputs + o];
      sum += g * input[x * input_step + c];
      if (input_gradient) input_gradient[x * input_step + c] += g * weights[o];
    }
    weights_gradient[o] = sum;
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
    for (int y = 0; y < w.output_height; y++, output_gradient += (tinyml_size)w.output_width * outputs) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int j = 0; j < w.window_width; j++) {
        /* The places whose element of the window lies inside of the picture. */
        int left = j * w.dilation_width - w.padding_left;
        tinyml_span places = tinyml_span_inside(left, w.output_width, w.stride_width, w.input_width);
        if (places.first == places.end) continue;
        const float *gradient = output_gradient + (tinyml_size)places.first * outputs;
        left += places.first * w.stride_width;
        for (int i = rows.first; i < rows.end; i++) {
          tinyml_size place = ((tinyml_size)(top + i * w.dilation_height) * w.input_width + left) * channels;
          tinyml_size tap = ((tinyml_size)i * w.window_width + j) * outputs;
          tinyml_depthwise_tap_gradient(input + place, weights + tap, gradient,
                                        input_gradient ? input_gradient + place : 0, weights_gradient + tap,
                                        places.end - places.first, w.stride_width * channels, outputs, multiple);
        }
      }
    }
    if (input_gradient) input_gradient += picture;
  }
}
#endif

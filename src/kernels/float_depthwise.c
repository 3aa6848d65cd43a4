/* Depthwise convolution in float. */
#include "float_clamp.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

/*
 * 4 * fours channels of one place, fours being a constant, from o on: bias and products are added in the order of the plain
 * path, so the bits are the same. Where `multiple` is 1, as it mostly is, the channels' inputs are neighbours.
 */
static inline __attribute__((always_inline)) void tinyml_depthwise_float_fours(
    const float *input, const float *weights, const float *bias, int o, int multiple, int fours, float *output,
    const tinyml_window *w, int top, int left, tinyml_span rows, tinyml_span columns, v128_t low, v128_t high) {
  v128_t sums[4];
  for (int f = 0; f < fours; f++) sums[f] = bias ? wasm_v128_load(bias + o + 4 * f) : wasm_f32x4_const_splat(0);
  int a = o, b = 0, c = 0, d = 0;
  if (multiple != 1) {
    a = o / multiple;
    b = (o + 1) / multiple - a, c = (o + 2) / multiple - a, d = (o + 3) / multiple - a;
  }
  input += a;
  for (int i = rows.first; i < rows.end; i++) {
    const float *place = input + ((tinyml_size)(top + i * w->dilation_height) * w->input_width + left +
                                  columns.first * w->dilation_width) *
                                     w->input_channels;
    const float *weight = weights + (i * w->window_width + columns.first) * w->output_channels + o;
    for (int j = columns.first; j < columns.end; j++) {
      for (int f = 0; f < fours; f++) {
        v128_t inputs = multiple == 1 ? wasm_v128_load(place + 4 * f)
                                      : wasm_f32x4_make(place[0], place[b], place[c], place[d]);
        sums[f] = wasm_f32x4_add(sums[f], wasm_f32x4_mul(inputs, wasm_v128_load(weight + 4 * f)));
      }
      place += w->dilation_width * w->input_channels;
      weight += w->output_channels;
    }
  }
  for (int f = 0; f < fours; f++) {
    wasm_v128_store(output + o + 4 * f, wasm_f32x4_pmin(wasm_f32x4_pmax(sums[f], low), high));
  }
}
#endif

void tinyml_depthwise_float(const float *input, const float *weights, const float *bias, float *output,
                            tinyml_size batch, const tinyml_window *window, int activation) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  int multiple = w.output_channels / w.input_channels;
#ifdef __wasm_simd128__
  v128_t low = wasm_f32x4_splat(tinyml_clamp_activation(-__builtin_inff(), activation));
  v128_t high = wasm_f32x4_splat(tinyml_clamp_activation(__builtin_inff(), activation));
#endif
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        int o = 0;
#ifdef __wasm_simd128__
        for (; multiple == 1 && o + 16 <= w.output_channels; o += 16) {
          tinyml_depthwise_float_fours(input, weights, bias, o, 1, 4, output, &w, top, left, rows, columns, low, high);
        }
        for (; multiple == 1 && o + 4 <= w.output_channels; o += 4) {
          tinyml_depthwise_float_fours(input, weights, bias, o, 1, 1, output, &w, top, left, rows, columns, low, high);
        }
        for (; o + 4 <= w.output_channels; o += 4) {
          tinyml_depthwise_float_fours(input, weights, bias, o, multiple, 1, output, &w, top, left, rows, columns, low, high);
        }
#endif
        for (; o < w.output_channels; o++) {
          float sum = bias ? TINYML_READ_FLOAT(bias + o) : 0.0f;
          for (int i = rows.first; i < rows.end; i++) {
            const float *row = input + (tinyml_size)(top + i * w.dilation_height) * w.input_width * w.input_channels;
            const float *weight = weights + (tinyml_size)i * w.window_width * w.output_channels + o;
            for (int j = columns.first; j < columns.end; j++) {
              float value = row[(left + j * w.dilation_width) * w.input_channels + o / multiple];
              sum += value * TINYML_READ_FLOAT(weight + (tinyml_size)j * w.output_channels);
            }
          }
          output[o] = tinyml_clamp_activation(sum, activation);
        }
        output += w.output_channels;
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
  }
}

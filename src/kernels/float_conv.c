/*
 * Convolution in float. The SIMD path adds in another order than the plain one: results agree within rounding, not bit
 * for bit.
 */
#include "float_clamp.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

/* Elements of the windows that are laid out side by side before they are multiplied: half of the stack. */
enum { TINYML_FLOAT_PATCH_ELEMENTS = 8192, TINYML_FLOAT_PATCH_WINDOWS = 32 };

/* No calls of memcpy and memset: for a few elements they take longer than the loops do. */
#define TINYML_LOOP __attribute__((no_builtin("memcpy", "memset")))

TINYML_LOOP static void tinyml_copy_floats(const float *from, float *to, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) wasm_v128_store(to + i, wasm_v128_load(from + i));
  for (; i < count; i++) to[i] = from[i];
}

TINYML_LOOP static void tinyml_zero_floats(float *to, int count) {
  for (int i = 0; i < count; i++) to[i] = 0.0f;
}

/* The inputs of one window in the order of its weights, 0 outside of the picture; returns where the next one begins. */
TINYML_LOOP static float *tinyml_lay_out_float_window(const float *picture, const tinyml_window *w, int top, int left,
                                                      float *to) {
  int channels = w->input_channels;
  tinyml_span columns = tinyml_span_inside(left, w->window_width, w->dilation_width, w->input_width);
  for (int i = 0; i < w->window_height; i++) {
    int y = top + i * w->dilation_height;
    int inside = y >= 0 && y < w->input_height;
    int first = inside ? columns.first : w->window_width, end = inside ? columns.end : w->window_width;
    const float *row = picture + (tinyml_size)(inside ? y : 0) * w->input_width * channels;
    tinyml_zero_floats(to, first * channels);
    if (w->dilation_width == 1) {
      if (end > first) tinyml_copy_floats(row + (left + first) * channels, to + first * channels, (end - first) * channels);
    } else {
      for (int j = first; j < end; j++) {
        tinyml_copy_floats(row + (left + j * w->dilation_width) * channels, to + j * channels, channels);
      }
    }
    tinyml_zero_floats(to + end * channels, (w->window_width - end) * channels);
    to += w->window_width * channels;
  }
  return to;
}

/* Windows laid out as rows make a convolution a dense layer. */
static void tinyml_conv_float_patches(const float *input, const float *weights, const float *bias, float *output,
                                      const tinyml_window *w, tinyml_size length, int activation) {
  float patches[TINYML_FLOAT_PATCH_ELEMENTS] __attribute__((aligned(16)));
  int windows = (int)(TINYML_FLOAT_PATCH_ELEMENTS / length);
  if (windows > TINYML_FLOAT_PATCH_WINDOWS) windows = TINYML_FLOAT_PATCH_WINDOWS;
  int places = w->output_height * w->output_width, y = 0, x = 0;
  for (int start = 0; start < places; start += windows) {
    int count = places - start < windows ? places - start : windows;
    float *to = patches;
    for (int p = 0; p < count; p++) {
      to = tinyml_lay_out_float_window(input, w, y * w->stride_height - w->padding_top,
                                       x * w->stride_width - w->padding_left, to);
      if (++x == w->output_width) x = 0, y++;
    }
    tinyml_dense_float(patches, weights, bias, output + (tinyml_size)start * w->output_channels, count, length,
                       w->output_channels, activation);
  }
}
#endif

void tinyml_conv_float(const float *input, const float *weights, const float *bias, float *output, tinyml_size batch,
                       const tinyml_window *window, tinyml_size filter_channels, int activation) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  tinyml_size length = (tinyml_size)w.window_height * w.window_width * filter_channels;
  tinyml_size group_outputs = w.output_channels / (w.input_channels / filter_channels);
  tinyml_size picture = (tinyml_size)w.input_height * w.input_width * w.input_channels;
#ifdef __wasm_simd128__
  tinyml_size places = (tinyml_size)w.output_height * w.output_width;
  if (filter_channels == (tinyml_size)w.input_channels && length <= TINYML_FLOAT_PATCH_ELEMENTS) {
    if (length == filter_channels && w.stride_height == 1 && w.stride_width == 1) {
      /* A window of one place: the picture itself is the rows. */
      tinyml_dense_float(input, weights, bias, output, batch * places, length, w.output_channels, activation);
      return;
    }
    for (tinyml_size b = 0; b < batch; b++) {
      tinyml_conv_float_patches(input + b * picture, weights, bias, output + b * places * w.output_channels, &w, length,
                                activation);
    }
    return;
  }
#endif
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        for (int o = 0; o < w.output_channels; o++) {
          const float *group = input + o / group_outputs * filter_channels;
          const float *filter = weights + o * length;
          float sum = 0.0f;
          for (int i = rows.first; i < rows.end; i++) {
            for (int j = columns.first; j < columns.end; j++) {
              const float *weight = filter + ((tinyml_size)i * w.window_width + j) * filter_channels;
              const float *place = group + ((tinyml_size)(top + i * w.dilation_height) * w.input_width + left +
                                            j * w.dilation_width) *
                                               w.input_channels;
              for (tinyml_size c = 0; c < filter_channels; c++) sum += place[c] * TINYML_READ_FLOAT(weight + c);
            }
          }
          *output++ = tinyml_clamp_activation(sum + (bias ? TINYML_READ_FLOAT(bias + o) : 0.0f), activation);
        }
      }
    }
    input += picture;
  }
}

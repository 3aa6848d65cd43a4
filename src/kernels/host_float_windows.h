/* Windows of float pictures, laid out one behind the other: the rows of a matrix product. */
#ifndef TINYML_HOST_FLOAT_WINDOWS_H
#define TINYML_HOST_FLOAT_WINDOWS_H

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "tinyml_window.h"

/* Elements behind the last window that are written too. */
enum { TINYML_HOST_FLOAT_SLACK = 4 };

/* No calls of memcpy and memset: for a few elements they take longer than the loops do. */
#define TINYML_LOOP __attribute__((no_builtin("memcpy", "memset")))

/* Copies `count` elements; up to three more are read and written. */
static inline void tinyml_copy_beyond(const float *from, float *to, int count) {
  for (int i = 0; i < count; i += 4) wasm_v128_store(to + i, wasm_v128_load(from + i));
}

/* A window at the picture's edge: 0 outside of it. */
TINYML_LOOP static void tinyml_lay_out_float_border(const float *picture, const tinyml_window *w, int top, int left, float *to) {
  int channels = w->input_channels;
  tinyml_span columns = tinyml_span_inside(left, w->window_width, w->dilation_width, w->input_width);
  for (int i = 0; i < w->window_height; i++) {
    int y = top + i * w->dilation_height;
    int inside = y >= 0 && y < w->input_height;
    int first = inside ? columns.first : w->window_width, end = inside ? columns.end : w->window_width;
    const float *row = picture + (tinyml_size)(inside ? y : 0) * w->input_width * channels;
    for (int k = 0; k < first * channels; k++) *to++ = 0.0f;
    for (int j = first; j < end; j++) {
      const float *place = row + (left + j * w->dilation_width) * channels;
      for (int c = 0; c < channels; c++) *to++ = place[c];
    }
    for (int k = end * channels; k < w->window_width * channels; k++) *to++ = 0.0f;
  }
}

/* A window inside of the picture, row by row; each is written up to three elements too far, and the next one over that. */
static inline void tinyml_lay_out_float_inside(const float *at, const tinyml_window *w, float *to) {
  int row = w->dilation_height * w->input_width * w->input_channels, piece = w->window_width * w->input_channels;
  if (piece <= 4) {
    for (int i = 0; i < w->window_height; i++, at += row, to += piece) wasm_v128_store(to, wasm_v128_load(at));
    return;
  }
  for (int i = 0; i < w->window_height; i++) {
    tinyml_copy_beyond(at, to, piece);
    to += piece;
    at += row;
  }
}

/* The windows of `count` places from `start` on, [count][window_height * window_width * input_channels]. */
static inline void tinyml_lay_out_float_windows(const float *picture, const tinyml_window *w, int start, int count,
                                                float *to) {
  int length = w->window_height * w->window_width * w->input_channels;
  int elements = w->input_height * w->input_width * w->input_channels;
  int down = (w->window_height - 1) * w->dilation_height, across = w->window_width - 1;
  int reach = down * w->input_width * w->input_channels + ((w->window_width * w->input_channels + 3) & ~3);
  int y = start / w->output_width, x = start % w->output_width;
  for (int p = 0; p < count; p++, to += length) {
    int top = y * w->stride_height - w->padding_top, left = x * w->stride_width - w->padding_left;
    int first = (top * w->input_width + left) * w->input_channels;
    int inside = top >= 0 && left >= 0 && top + down < w->input_height && left + across < w->input_width;
    if (inside && w->dilation_width == 1 && first + reach <= elements) {
      tinyml_lay_out_float_inside(picture + first, w, to);
    } else {
      tinyml_lay_out_float_border(picture, w, top, left, to);
    }
    if (++x == w->output_width) x = 0, y++;
  }
}
#endif

#endif

/* Which elements of a window lie inside of the picture. */
#ifndef TINYML_WINDOW_H
#define TINYML_WINDOW_H

#include "tinyml_kernels.h"

/* The elements first .. end - 1 of a window, along one of its two directions. */
typedef struct {
  int first, end;
} tinyml_span;

/* Of a window of `count` elements, `dilation` apart, that starts at `start`: those inside of 0 .. size - 1. */
static inline tinyml_span tinyml_span_inside(int start, int count, int dilation, int size) {
  tinyml_span inside = {0, count};
  if (start < 0) inside.first = dilation == 1 ? -start : (dilation - 1 - start) / dilation;
  if (start + (count - 1) * dilation >= size) {
    inside.end = start >= size ? 0 : dilation == 1 ? size - start : (size - start + dilation - 1) / dilation;
  }
  if (inside.first > inside.end) inside.first = inside.end;
  return inside;
}

/*
 * Of a transposed convolution, along one direction: the inputs 0 .. size - 1 whose window of `count` elements, each `stride`
 * further than the one before it, reaches place `at` of the output, which counts the padding.
 */
static inline tinyml_span tinyml_span_reaching(int at, int count, int stride, int size) {
  tinyml_span reaching = {at < count ? 0 : (at - count) / stride + 1, at / stride + 1};
  if (reaching.end > size) reaching.end = size;
  if (reaching.first > reaching.end) reaching.first = reaching.end;
  return reaching;
}

/* Where in weights [outputs][height][width][inputs] the inputs' ones of an output's element of the window begin. */
static inline tinyml_size tinyml_transposed_weight(const tinyml_window *w, int output, int row, int column) {
  return (((tinyml_size)output * w->window_height + row) * w->window_width + column) * w->input_channels;
}

#endif

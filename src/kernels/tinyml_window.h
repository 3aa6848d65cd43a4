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

#endif

/* How kernels of two operands walk over them when an operand is repeated along some dimensions. */
#ifndef TINYML_BROADCAST_H
#define TINYML_BROADCAST_H

#include "tinyml_kernels.h"

/*
 * output[i] = f(a[i * a_step], b[i * b_step]) for i in 0 .. count - 1. A step is 0 or 1. output may be the a of step 1, or
 * the b of step 1. parameters is what the kernel itself was given.
 */
typedef void (*tinyml_row)(const void *a, const void *b, void *output, tinyml_size count, int a_step, int b_step,
                           const void *parameters);

/*
 * Calls row for each row of the output: all runs but the last are walked through here. The bytes are those of an element of
 * each tensor.
 */
#ifdef __GNUC__
__attribute__((unused))
#endif
static void tinyml_broadcast_mixed_rows(const void *a, tinyml_size a_bytes, const void *b, tinyml_size b_bytes,
                                        void *output, tinyml_size bytes, tinyml_size outer,
                                        const tinyml_broadcast *broadcast, tinyml_row row, const void *parameters) {
  tinyml_broadcast s;
  TINYML_READ_STRUCT(s, broadcast);
  s.sizes[0] = (int32_t)outer;
  int last = (int)s.runs - 1;
  int32_t index[TINYML_BROADCAST_RUNS] = {0};
  const uint8_t *at_a = (const uint8_t *)a;
  const uint8_t *at_b = (const uint8_t *)b;
  uint8_t *at = (uint8_t *)output;
  for (;;) {
    row(at_a, at_b, at, (tinyml_size)s.sizes[last], (int)s.a_steps[last], (int)s.b_steps[last], parameters);
    at += (tinyml_size)s.sizes[last] * bytes;
    int run = last - 1;
    for (; run >= 0; run--) {
      at_a += (tinyml_size)s.a_steps[run] * a_bytes;
      at_b += (tinyml_size)s.b_steps[run] * b_bytes;
      if (++index[run] < s.sizes[run]) break;
      at_a -= (tinyml_size)s.sizes[run] * (tinyml_size)s.a_steps[run] * a_bytes;
      at_b -= (tinyml_size)s.sizes[run] * (tinyml_size)s.b_steps[run] * b_bytes;
      index[run] = 0;
    }
    if (run < 0) return;
  }
}

/* The same where all elements have one size. */
#ifdef __GNUC__
__attribute__((unused))
#endif
static void tinyml_broadcast_rows(const void *a, const void *b, void *output, tinyml_size outer,
                                  const tinyml_broadcast *broadcast, tinyml_size bytes, tinyml_row row,
                                  const void *parameters) {
  tinyml_broadcast_mixed_rows(a, bytes, b, bytes, output, bytes, outer, broadcast, row, parameters);
}

#endif

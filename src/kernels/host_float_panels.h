/* Products of float matrices on the host: rows times weights in panels, [inputs][8 or 4 channels]. */
#ifndef TINYML_HOST_FLOAT_PANELS_H
#define TINYML_HOST_FLOAT_PANELS_H

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "float_multiply_add_simd.h"

/*
 * Stores the first `count` of four outputs, clamped. pmax and pmin rather than branches, which a relu makes unpredictable; they
 * let NaN through.
 */
static inline void tinyml_store_four(float *to, v128_t four, v128_t low, v128_t high, int count) {
  four = wasm_f32x4_pmin(wasm_f32x4_pmax(four, low), high);
  if (count >= 4) {
    wasm_v128_store(to, four);
  } else {
    float lanes[4];
    wasm_v128_store(lanes, four);
    for (int i = 0; i < count; i++) to[i] = lanes[i];
  }
}

/* Four rows times a panel of 4 * fours channels, the first `count` of which are stored; fours is a constant. */
static inline __attribute__((always_inline)) void tinyml_float_tile(const float *rows, int length, const float *weights,
                                                                    int fours, const v128_t *bias, v128_t low,
                                                                    v128_t high, float *output, int stride, int count) {
  v128_t sums[8];
  const float *r0 = rows, *r1 = r0 + length, *r2 = r1 + length, *r3 = r2 + length;
  for (int i = 0; i < 4 * fours; i++) sums[i] = bias[i % fours];
  /* Unrolled, all loads of some turns would come first, and the sums would move to the stack. */
#pragma clang loop unroll(disable)
  for (int k = 0; k < length; k++) {
    v128_t x[4] = {wasm_v128_load32_splat(r0++), wasm_v128_load32_splat(r1++), wasm_v128_load32_splat(r2++),
                   wasm_v128_load32_splat(r3++)};
    for (int f = 0; f < fours; f++) {
      v128_t w = wasm_v128_load(weights + 4 * f);
      for (int r = 0; r < 4; r++) sums[r * fours + f] = tinyml_multiply_add(sums[r * fours + f], x[r], w);
    }
    weights += 4 * fours;
  }
  for (int r = 0; r < 4; r++, output += stride) {
    for (int f = 0; f < fours; f++) tinyml_store_four(output + 4 * f, sums[r * fours + f], low, high, count - 4 * f);
  }
}

/* At least four rows times a panel; each row's outputs are `stride` elements from those of the one before. */
static inline __attribute__((always_inline)) void tinyml_float_panel(const float *rows, int row_count, int length,
                                                                     const float *weights, const float *bias, int fours,
                                                                     v128_t low, v128_t high, float *output, int stride,
                                                                     int count) {
  v128_t start[2] = {wasm_v128_load(bias), fours == 2 ? wasm_v128_load(bias + 4) : wasm_f32x4_const_splat(0)};
  for (int r = 0; r < row_count; r += 4) {
    /* The last four may overlap those before them: then some are computed twice. */
    int first = r + 4 > row_count ? row_count - 4 : r;
    tinyml_float_tile(rows + first * length, length, weights, fours, start, low, high, output + first * stride, stride,
                      count);
  }
}
#endif

#endif

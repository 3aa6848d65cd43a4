/*
 * Products of int8 matrices in WebAssembly's vectors. Weights come as src/runtime/host-layout.ts has laid them out:
 * in panels of eight output channels (the last one of four, where no more are left), and in a panel, for each pair of
 * inputs, the two weights of every channel. So a pair of inputs in all lanes meets four channels in one instruction, and
 * no sum has to be added up across lanes.
 */
#ifndef TINYML_HOST_INT8_MATRIX_H
#define TINYML_HOST_INT8_MATRIX_H

#include <wasm_simd128.h>

#include "tinyml_host.h"

/* Elements that are widened to 16 bits before they are multiplied, half of the stack; and rows at once at most. */
enum { TINYML_HOST_ELEMENTS = 16384, TINYML_HOST_SLACK = 8, TINYML_HOST_ROWS = 64 };

/* What turns the sums of four channels into outputs. */
typedef struct {
  v128_t limit, lowest, left, multiplier, half_low, half_high, below_zero, round;
} tinyml_finish;

static inline tinyml_finish tinyml_finish_of(const tinyml_eight *eight, int from) {
  v128_t limit = wasm_v128_load(eight->limit + from);
  tinyml_finish finish = {limit,
                          wasm_i32x4_neg(limit),
                          wasm_v128_load(eight->left + from),
                          wasm_v128_load(eight->multiplier + from),
                          wasm_v128_load(eight->half + from),
                          wasm_v128_load(eight->half + from + 2),
                          wasm_v128_load(eight->below_zero + from),
                          wasm_v128_load(eight->round + from)};
  return finish;
}

/* Whether nothing is to be added for negative sums: most layers end in a relu, which makes zero of all of them. */
static inline int tinyml_rectified(const tinyml_eight *eight) {
  return !wasm_v128_any_true(wasm_v128_or(wasm_v128_load(eight->below_zero), wasm_v128_load(eight->below_zero + 4)));
}

/* Sums as stored outputs in 32 bits, not clamped yet; the formula stands at tinyml_eight. */
static inline v128_t tinyml_finish_four(v128_t sum, const tinyml_finish *by, int rectified) {
  v128_t x = wasm_i32x4_mul(wasm_i32x4_max(wasm_i32x4_min(sum, by->limit), by->lowest), by->left);
  v128_t low = wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(x, by->multiplier), by->half_low);
  v128_t high = wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(x, by->multiplier), by->half_high);
  v128_t y = wasm_i32x4_add(wasm_i32x4_shuffle(low, high, 1, 3, 5, 7), by->round);
  if (!rectified) y = wasm_i32x4_add(y, wasm_v128_and(wasm_i32x4_shr(x, 31), by->below_zero));
  return wasm_i32x4_shr(y, TINYML_HOST_RIGHT);
}

/* Stores 1 .. 8 of eight bytes: the lower half of `bytes` (half 0) or the upper one. */
static inline void tinyml_store_eight(int8_t *to, v128_t bytes, int half, int count) {
  if (half) bytes = wasm_i64x2_shuffle(bytes, bytes, 1, 1);
  if (count == 8) {
    wasm_v128_store64_lane(to, bytes, 0);
  } else if (count == 4) {
    wasm_v128_store32_lane(to, bytes, 0);
  } else {
    int8_t lanes[16];
    wasm_v128_store(lanes, bytes);
    for (int i = 0; i < count; i++) to[i] = lanes[i];
  }
}

/* Widens `count` elements to 16 bits; up to seven more are read and written. */
static inline void tinyml_widen_beyond(const int8_t *from, int16_t *to, int count) {
  for (int i = 0; i < count; i += 8) wasm_v128_store(to + i, wasm_i16x8_load8x8(from + i));
}

/* The same without reading or writing more. */
static inline void tinyml_widen_exactly(const int8_t *from, int16_t *to, int count) {
  int i = 0;
  for (; i + 8 <= count; i += 8) wasm_v128_store(to + i, wasm_i16x8_load8x8(from + i));
  for (; i < count; i++) to[i] = from[i];
}

/* The outputs of a matrix product: where, how far apart two rows lie, and between which values. */
typedef struct {
  int8_t *output;
  int stride;
  int8_t minimum, maximum;
} tinyml_host_output;

/*
 * `height` rows times a panel of 4 * fours channels; the first `count` of them are stored. height, fours and
 * rectified are constants wherever this is inlined.
 */
static inline __attribute__((always_inline)) void tinyml_tile(const int16_t *rows, int stride, const int8_t *weights,
                                                              int pairs, int height, int fours, const v128_t *bias,
                                                              const tinyml_finish *finish, int8_t *output,
                                                              const tinyml_host_output *to, int count,
                                                              int rectified) {
  v128_t sums[8];
  const int16_t *at[4];
  for (int r = 0; r < height; r++) at[r] = rows + r * stride;
  for (int i = 0; i < height * fours; i++) sums[i] = bias[i % fours];
  /* Unrolled, all loads of some turns would come first, and the sums would move to the stack. */
#pragma clang loop unroll(disable)
  for (int k = 0; k < pairs; k++) {
    v128_t w[2];
    for (int f = 0; f < fours; f++) w[f] = wasm_i16x8_load8x8(weights + 8 * f);
    for (int r = 0; r < height; r++) {
      v128_t x = wasm_v128_load32_splat(at[r]);
      at[r] += 2;
      for (int f = 0; f < fours; f++) {
        sums[r * fours + f] = wasm_i32x4_add(sums[r * fours + f], wasm_i32x4_dot_i16x8(x, w[f]));
      }
    }
    weights += 8 * fours;
  }
  for (int f = 0; f < fours; f++) {
    for (int r = 0; r < height; r++) sums[r * fours + f] = tinyml_finish_four(sums[r * fours + f], finish + f, rectified);
  }
  v128_t minimum = wasm_i8x16_splat(to->minimum), maximum = wasm_i8x16_splat(to->maximum);
  for (int r = 0; r < height; r += 2) {
    int s = r + 1 < height ? r + 1 : r;
    v128_t first = wasm_i16x8_narrow_i32x4(sums[r * fours], sums[r * fours + fours - 1]);
    v128_t second = wasm_i16x8_narrow_i32x4(sums[s * fours], sums[s * fours + fours - 1]);
    v128_t bytes = wasm_i8x16_narrow_i16x8(first, second);
    bytes = wasm_i8x16_min(wasm_i8x16_max(bytes, minimum), maximum);
    tinyml_store_eight(output + r * to->stride, bytes, 0, count);
    if (s > r) tinyml_store_eight(output + s * to->stride, bytes, 1, count);
  }
}

static inline __attribute__((always_inline)) void tinyml_panel(const int16_t *rows, int row_count, int stride,
                                                               const int8_t *weights, int pairs,
                                                               const tinyml_eight *eight, int fours, int8_t *output,
                                                               const tinyml_host_output *to, int count,
                                                               int rectified) {
  v128_t bias[2] = {wasm_v128_load(eight->bias), wasm_v128_load(eight->bias + 4)};
  tinyml_finish finish[2] = {tinyml_finish_of(eight, 0), tinyml_finish_of(eight, 4)};
  int r = 0;
  for (; r + 4 <= row_count; r += 4) {
    tinyml_tile(rows + r * stride, stride, weights, pairs, 4, fours, bias, finish, output + r * to->stride, to, count,
                rectified);
  }
  for (; r < row_count; r++) {
    tinyml_tile(rows + r * stride, stride, weights, pairs, 1, fours, bias, finish, output + r * to->stride, to, count,
                rectified);
  }
}

/* rows [row_count][stride] of 2 * pairs inputs each, times all panels of `channels` channels. */
static void tinyml_multiply_panels(const int16_t *rows, int row_count, int stride, const int8_t *weights, int pairs,
                                   const tinyml_eight *eights, int channels, const tinyml_host_output *to) {
  for (int o = 0; o < channels; o += 8, eights++) {
    int left = channels - o;
    int8_t *output = to->output + o;
    if (left < 5) tinyml_panel(rows, row_count, stride, weights, pairs, eights, 1, output, to, left, 0);
    else if (left < 8) tinyml_panel(rows, row_count, stride, weights, pairs, eights, 2, output, to, left, 0);
    else if (tinyml_rectified(eights)) tinyml_panel(rows, row_count, stride, weights, pairs, eights, 2, output, to, 8, 1);
    else tinyml_panel(rows, row_count, stride, weights, pairs, eights, 2, output, to, 8, 0);
    weights += 16 * pairs;
  }
}

#endif

/*
 * Products of int8 matrices in WebAssembly's vectors. Weights come as src/runtime/host-layout.ts has laid them out:
 * in panels of eight output channels (the last one of four, where no more are left), and in a panel, for each two inputs,
 * the two weights of every channel. So two inputs in all lanes meet four channels in one instruction, and no sum has to be
 * added up across lanes. Relaxed SIMD takes four inputs at once, where it is exact (src/kernels/byte-products.ts).
 */
#ifndef TINYML_HOST_INT8_MATRIX_H
#define TINYML_HOST_INT8_MATRIX_H

#include <wasm_simd128.h>

#include "tinyml_host.h"

/* Elements that are laid out before they are multiplied, at most half of the stack; and rows at once at most. */
enum { TINYML_HOST_ELEMENTS = 16384, TINYML_HOST_SLACK = 16, TINYML_HOST_ROWS = 64 };

#ifdef __wasm_relaxed_simd__
/* An input as it is laid out, how many of them an instruction multiplies in each lane, and how many a vector holds. */
typedef int8_t tinyml_host_input;
enum { TINYML_HOST_TOGETHER = 4, TINYML_HOST_VECTOR = 16 };

/* Inputs as they are laid out; flip 0, or 128 where the instruction reads them as unsigned. */
static inline v128_t tinyml_load_inputs(const int8_t *from, int flip) {
  return wasm_v128_xor(wasm_v128_load(from), wasm_i8x16_splat((int8_t)flip));
}

static inline tinyml_host_input tinyml_host_input_of(int value, int flip) { return (tinyml_host_input)(value ^ flip); }

/* The weights of four channels. */
static inline v128_t tinyml_load_weights(const int8_t *from) { return wasm_v128_load(from); }

static inline v128_t tinyml_add_products(v128_t weights, v128_t inputs, v128_t sums) {
  return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(weights, inputs, sums);
}
#else
typedef int16_t tinyml_host_input;
enum { TINYML_HOST_TOGETHER = 2, TINYML_HOST_VECTOR = 8 };

static inline v128_t tinyml_load_inputs(const int8_t *from, int flip) {
  (void)flip;
  return wasm_i16x8_load8x8(from);
}

static inline tinyml_host_input tinyml_host_input_of(int value, int flip) {
  (void)flip;
  return (tinyml_host_input)value;
}

static inline v128_t tinyml_load_weights(const int8_t *from) { return wasm_i16x8_load8x8(from); }

static inline v128_t tinyml_add_products(v128_t weights, v128_t inputs, v128_t sums) {
  return wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(inputs, weights));
}
#endif

/*
 * Behind each row minus the sums of its inputs, TINYML_HOST_SUMMED at a time, which fit into 16 bits: multiplied by the
 * weights' zero point they take it off every weight.
 */
static inline void tinyml_append_sums(tinyml_host_input *rows, int row_count, int stride, int length, int sums) {
  for (int r = 0; r < row_count; r++, rows += stride) {
    for (int s = 0; s < sums; s++) {
      int first = s * TINYML_HOST_SUMMED, left = length - first, sum = 0;
      for (int i = 0; i < left && i < TINYML_HOST_SUMMED; i++) sum -= rows[first + i];
      rows[length + s] = (tinyml_host_input)sum;
    }
  }
}

/* Where the next row begins: rows are filled up to what is multiplied together, by weights of 0. */
static inline int tinyml_host_stride(int length) {
  return (length + TINYML_HOST_TOGETHER - 1) & ~(TINYML_HOST_TOGETHER - 1);
}

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

/* Lays `count` elements out; up to a vector less one more are read and written. */
static inline void tinyml_lay_out_beyond(const int8_t *from, tinyml_host_input *to, int count, int flip) {
  for (int i = 0; i < count; i += TINYML_HOST_VECTOR) wasm_v128_store(to + i, tinyml_load_inputs(from + i, flip));
}

/* The same without reading or writing more. */
static inline void tinyml_lay_out_exactly(const int8_t *from, tinyml_host_input *to, int count, int flip) {
  int i = 0;
  for (; i + TINYML_HOST_VECTOR <= count; i += TINYML_HOST_VECTOR) {
    wasm_v128_store(to + i, tinyml_load_inputs(from + i, flip));
  }
  for (; i < count; i++) to[i] = tinyml_host_input_of(from[i], flip);
}

/* Lays the same element out `count` times; where the next one comes. */
static inline tinyml_host_input *tinyml_repeat_input(tinyml_host_input *to, tinyml_host_input value, int count) {
  for (int i = 0; i < count; i++) to[i] = value;
  return to + count;
}

/* The outputs of a matrix product: where, how far apart two rows lie, and between which values. */
typedef struct {
  int8_t *output;
  int stride;
  int8_t minimum, maximum;
} tinyml_host_output;

/*
 * `height` rows times a panel of 4 * fours channels; the first `count` of them are stored. The inputs of a row lie one behind
 * the other, or for each step where offsets say. height, fours and rectified are constants wherever this is inlined, and
 * whether there are offsets.
 */
static inline __attribute__((always_inline)) void tinyml_tile(const tinyml_host_input *rows, int stride,
                                                              const int8_t *weights, int steps, const int *offsets,
                                                              int height, int fours, const v128_t *bias,
                                                              const tinyml_finish *finish, int8_t *output,
                                                              const tinyml_host_output *to, int count, int rectified) {
  v128_t sums[8];
  const tinyml_host_input *at[4];
  for (int r = 0; r < height; r++) at[r] = rows + r * stride;
  for (int i = 0; i < height * fours; i++) sums[i] = bias[i % fours];
  /* Unrolled, all loads of some turns would come first, and the sums would move to the stack. */
#pragma clang loop unroll(disable)
  for (int k = 0; k < steps; k++) {
    v128_t w[2];
    for (int f = 0; f < fours; f++) w[f] = tinyml_load_weights(weights + 4 * TINYML_HOST_TOGETHER * f);
    for (int r = 0; r < height; r++) {
      v128_t x = wasm_v128_load32_splat(offsets ? at[r] + offsets[k] : at[r]);
      if (!offsets) at[r] += TINYML_HOST_TOGETHER;
      for (int f = 0; f < fours; f++) sums[r * fours + f] = tinyml_add_products(w[f], x, sums[r * fours + f]);
    }
    weights += 4 * TINYML_HOST_TOGETHER * fours;
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

static inline __attribute__((always_inline)) void tinyml_panel(const tinyml_host_input *rows, int row_count, int stride,
                                                               const int8_t *weights, int steps, const int *offsets,
                                                               const tinyml_eight *eight, int fours, int8_t *output,
                                                               const tinyml_host_output *to, int count,
                                                               int rectified) {
  v128_t bias[2] = {wasm_v128_load(eight->bias), wasm_v128_load(eight->bias + 4)};
  tinyml_finish finish[2] = {tinyml_finish_of(eight, 0), tinyml_finish_of(eight, 4)};
  int r = 0;
  for (; r + 4 <= row_count; r += 4) {
    tinyml_tile(rows + r * stride, stride, weights, steps, offsets, 4, fours, bias, finish, output + r * to->stride, to,
                count, rectified);
  }
  for (; r < row_count; r++) {
    tinyml_tile(rows + r * stride, stride, weights, steps, offsets, 1, fours, bias, finish, output + r * to->stride, to,
                count, rectified);
  }
}

/* Rows, `stride` elements from one to the next, times all panels of `channels` channels. */
static inline __attribute__((always_inline)) void tinyml_multiply_panels(const tinyml_host_input *rows, int row_count,
                                                                         int stride, const int8_t *weights, int steps,
                                                                         const int *offsets, const tinyml_eight *eights,
                                                                         int channels, const tinyml_host_output *to) {
  for (int o = 0; o < channels; o += 8, eights++) {
    int left = channels - o;
    int8_t *output = to->output + o;
    if (left < 5) tinyml_panel(rows, row_count, stride, weights, steps, offsets, eights, 1, output, to, left, 0);
    else if (left < 8) tinyml_panel(rows, row_count, stride, weights, steps, offsets, eights, 2, output, to, left, 0);
    else if (tinyml_rectified(eights)) tinyml_panel(rows, row_count, stride, weights, steps, offsets, eights, 2, output, to, 8, 1);
    else tinyml_panel(rows, row_count, stride, weights, steps, offsets, eights, 2, output, to, 8, 0);
    weights += 8 * TINYML_HOST_TOGETHER * steps;
  }
}

/* Rows [row_count][stride], as tinyml_host_stride says, times all panels of `channels` channels. */
static void tinyml_multiply_rows(const tinyml_host_input *rows, int row_count, int stride, const int8_t *weights,
                                 const tinyml_eight *eights, int channels, const tinyml_host_output *to) {
  tinyml_multiply_panels(rows, row_count, stride, weights, stride / TINYML_HOST_TOGETHER, 0, eights, channels, to);
}

#endif

/* tinyml_rescale for four channels at once, each with its own factor, in WebAssembly's vectors: the same bits. */
#ifndef TINYML_INT8_RESCALE_SIMD_H
#define TINYML_INT8_RESCALE_SIMD_H

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "tinyml_platform.h"

/* The factors of four channels. */
typedef struct {
  v128_t left;       /* 2^shift of shifts to the left, else 1 */
  v128_t multiplier;
  v128_t right;      /* 2^(31 - n) of shifts by n to the right, else 0 */
  v128_t unshifted;  /* all ones where nothing is shifted to the right */
  int any_left;      /* whether anything is shifted to the left */
} tinyml_rescale_lanes;

/* count of four lanes, the others 0. */
static inline v128_t tinyml_load_int32_lanes(const int32_t *values, int count) {
  int32_t lanes[4] = {0};
  for (int i = 0; i < count; i++) lanes[i] = values[i];
  return wasm_v128_load(lanes);
}

static inline tinyml_rescale_lanes tinyml_rescale_lanes_of(const int32_t *multipliers, const int8_t *shifts, int count) {
  int32_t left[4] = {0}, right[4] = {0}, unshifted[4] = {0};
  int any_left = 0;
  for (int i = 0; i < count; i++) {
    int shift = shifts[i];
    if (shift > 0) any_left = 1;
    left[i] = shift > 0 ? (int32_t)1 << shift : 1;
    right[i] = shift < 0 ? (int32_t)1 << (31 + shift) : 0;
    unshifted[i] = shift < 0 ? 0 : -1;
  }
  tinyml_rescale_lanes lanes = {wasm_v128_load(left), tinyml_load_int32_lanes(multipliers, count), wasm_v128_load(right),
                                wasm_v128_load(unshifted), any_left};
  return lanes;
}

/* a * b / 2^31, rounded, halves up: twice the product's upper 32 bits. */
static inline v128_t tinyml_multiply_fraction_lanes(v128_t a, v128_t b) {
  v128_t half = wasm_i64x2_const_splat((int64_t)1 << 30);
  v128_t low = wasm_i64x2_shl(wasm_i64x2_add(wasm_i64x2_extmul_low_i32x4(a, b), half), 1);
  v128_t high = wasm_i64x2_shl(wasm_i64x2_add(wasm_i64x2_extmul_high_i32x4(a, b), half), 1);
  return wasm_i32x4_shuffle(low, high, 1, 3, 5, 7);
}

static inline v128_t tinyml_rescale_four(v128_t value, const tinyml_rescale_lanes *by) {
  if (by->any_left) value = wasm_i32x4_mul(value, by->left);
  value = tinyml_multiply_fraction_lanes(value, by->multiplier);
  /* value / 2^n, halves away from zero, is (value - 1 if negative) * 2^(31 - n) / 2^31, halves up. */
  v128_t shifted = tinyml_multiply_fraction_lanes(wasm_i32x4_add(value, wasm_i32x4_shr(value, 31)), by->right);
  return wasm_v128_bitselect(value, shifted, by->unshifted);
}

/* Sums of products as stored outputs, in 32 bits. */
static inline v128_t tinyml_finish_lanes(v128_t sum, const tinyml_rescale_lanes *by, int16_t zero_point, int16_t minimum,
                                         int16_t maximum) {
  sum = wasm_i32x4_add(tinyml_rescale_four(sum, by), wasm_i32x4_splat(zero_point));
  return wasm_i32x4_min(wasm_i32x4_max(sum, wasm_i32x4_splat(minimum)), wasm_i32x4_splat(maximum));
}

/* Stores the first `count` of eight lanes, 1 .. 4 or 8, as int8. */
static inline void tinyml_store_int8_lanes(int8_t *to, v128_t low, v128_t high, int count) {
  v128_t narrow = wasm_i16x8_narrow_i32x4(low, high);
  narrow = wasm_i8x16_narrow_i16x8(narrow, narrow);
  if (count == 8) {
    wasm_v128_store64_lane(to, narrow, 0);
  } else if (count == 4) {
    wasm_v128_store32_lane(to, narrow, 0);
  } else {
    int8_t lanes[16];
    wasm_v128_store(lanes, narrow);
    for (int i = 0; i < count; i++) to[i] = lanes[i];
  }
}
#endif

#endif

/*
 * Fully connected layer in float: output[b][o] = activation(bias[o] + sum over i of input[b][i] weights[o][i]).
 * The SIMD path adds in another order than the plain one: results agree within rounding, not bit for bit.
 */
#include "float_clamp.h"
#include "float_multiply_add_simd.h"
#include "tinyml_kernels.h"

#ifdef __wasm_simd128__
/* The four lane sums of a, b, c and d as one vector. */
static v128_t lane_sums(v128_t a, v128_t b, v128_t c, v128_t d) {
  v128_t ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
  v128_t cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
  v128_t ab = wasm_f32x4_add(ab_low, ab_high), cd = wasm_f32x4_add(cd_low, cd_high);
  return wasm_f32x4_add(wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3));
}

/*
 * Four or eight neighbouring outputs (fours = 1 or 2) of one row. Eight keep the adders busy, which take a new sum every
 * half cycle but four cycles for each; `fours` is a constant wherever this is inlined, so its loops unroll.
 */
static inline __attribute__((always_inline)) void dense_fours(const float *input, const float *weights, const float *bias,
                                                              float *output, tinyml_size inputs, v128_t low, v128_t high,
                                                              tinyml_size fours) {
  v128_t sums[8];
  for (tinyml_size k = 0; k < 4 * fours; k++) sums[k] = wasm_f32x4_const_splat(0);
  tinyml_size i = 0;
  for (; i + 4 <= inputs; i += 4) {
    v128_t x = wasm_v128_load(input + i);
    for (tinyml_size k = 0; k < 4 * fours; k++) {
      sums[k] = tinyml_multiply_add(sums[k], x, wasm_v128_load(weights + k * inputs + i));
    }
  }
  for (tinyml_size f = 0; f < fours; f++) {
    v128_t sum = lane_sums(sums[4 * f], sums[4 * f + 1], sums[4 * f + 2], sums[4 * f + 3]);
    for (tinyml_size rest = i; rest < inputs; rest++) {
      const float *w = weights + 4 * f * inputs + rest;
      v128_t column = wasm_f32x4_make(w[0], w[inputs], w[2 * inputs], w[3 * inputs]);
      sum = wasm_f32x4_add(sum, wasm_f32x4_mul(wasm_v128_load32_splat(input + rest), column));
    }
    sum = wasm_f32x4_add(sum, bias ? wasm_v128_load(bias + 4 * f) : wasm_f32x4_const_splat(0));
    /* pmax and pmin rather than branches, which a relu makes unpredictable; they let NaN through. */
    wasm_v128_store(output + 4 * f, wasm_f32x4_pmin(wasm_f32x4_pmax(sum, low), high));
  }
}

/* One output of one row, added up in the order of dense_fours. */
static inline float dense_one(const float *input, const float *weights, tinyml_size inputs) {
  v128_t none = wasm_f32x4_const_splat(0), sums = none;
  tinyml_size i = 0;
  for (; i + 4 <= inputs; i += 4) {
    sums = tinyml_multiply_add(sums, wasm_v128_load(input + i), wasm_v128_load(weights + i));
  }
  float sum = wasm_f32x4_extract_lane(lane_sums(sums, none, none, none), 0);
  for (; i < inputs; i++) sum += input[i] * weights[i];
  return sum;
}

/* The rows' loops are the inner ones, so that the weights stay in the nearest cache. */
static void dense_simd(const float *input, const float *weights, const float *bias, float *output, tinyml_size batch,
                       tinyml_size inputs, tinyml_size outputs, int activation) {
  v128_t low = wasm_f32x4_splat(tinyml_clamp_activation(-__builtin_inff(), activation));
  v128_t high = wasm_f32x4_splat(tinyml_clamp_activation(__builtin_inff(), activation));
  tinyml_size o = 0;
  for (; o + 8 <= outputs; o += 8) {
    for (tinyml_size b = 0; b < batch; b++) {
      dense_fours(input + b * inputs, weights + o * inputs, bias ? bias + o : bias, output + b * outputs + o, inputs, low,
                  high, 2);
    }
  }
  for (; o + 4 <= outputs; o += 4) {
    for (tinyml_size b = 0; b < batch; b++) {
      dense_fours(input + b * inputs, weights + o * inputs, bias ? bias + o : bias, output + b * outputs + o, inputs, low,
                  high, 1);
    }
  }
  for (; o < outputs; o++) {
    for (tinyml_size b = 0; b < batch; b++) {
      float sum = dense_one(input + b * inputs, weights + o * inputs, inputs);
      output[b * outputs + o] = tinyml_clamp_activation(sum + (bias ? bias[o] : 0.0f), activation);
    }
  }
}
#else
/* The sum over i of input[i] weights[i]; weights in flash. */
static float dot_product(const float *input, const float *weights, tinyml_size count) {
  float sum = 0.0f;
  for (tinyml_size i = 0; i < count; i++) sum += input[i] * TINYML_READ_FLOAT(weights + i);
  return sum;
}
#endif

/* input [batch][inputs], weights [outputs][inputs] and bias [outputs] (or NULL) in flash, output [batch][outputs]. */
void tinyml_dense_float(const float *input, const float *weights, const float *bias, float *output, tinyml_size batch,
                        tinyml_size inputs, tinyml_size outputs, int activation) {
#ifdef __wasm_simd128__
  dense_simd(input, weights, bias, output, batch, inputs, outputs, activation);
#else
  for (tinyml_size b = 0; b < batch; b++) {
    for (tinyml_size o = 0; o < outputs; o++) {
      float sum = dot_product(input, weights + o * inputs, inputs);
      output[o] = tinyml_clamp_activation(sum + (bias ? TINYML_READ_FLOAT(bias + o) : 0.0f), activation);
    }
    input += inputs;
    output += outputs;
  }
#endif
}

/*
 * Fully connected layer in float: output[b][o] = activation(bias[o] + sum over i of input[b][i] weights[o][i]).
 * The SIMD path adds in another order than the plain one: results agree within rounding, not bit for bit.
 */
#include "tinyml_kernels.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

static float clamp_activation(float value, int activation) {
  if (activation == TINYML_ACTIVATION_NONE) return value;
  float low = activation == TINYML_ACTIVATION_RELU_N1_TO_1 ? -1.0f : 0.0f;
  if (value < low) return low;
  if (activation == TINYML_ACTIVATION_RELU_N1_TO_1 && value > 1.0f) return 1.0f;
  if (activation == TINYML_ACTIVATION_RELU6 && value > 6.0f) return 6.0f;
  return value;
}

/* The sum over i of input[i] weights[i]; weights in flash. */
static float dot_product(const float *input, const float *weights, tinyml_size count) {
  float sum = 0.0f;
  for (tinyml_size i = 0; i < count; i++) sum += input[i] * TINYML_READ_FLOAT(weights + i);
  return sum;
}

#ifdef __wasm_simd128__
/* The four lane sums of a, b, c and d as one vector. */
static v128_t lane_sums(v128_t a, v128_t b, v128_t c, v128_t d) {
  v128_t ab_low = wasm_i32x4_shuffle(a, b, 0, 4, 1, 5), ab_high = wasm_i32x4_shuffle(a, b, 2, 6, 3, 7);
  v128_t cd_low = wasm_i32x4_shuffle(c, d, 0, 4, 1, 5), cd_high = wasm_i32x4_shuffle(c, d, 2, 6, 3, 7);
  v128_t ab = wasm_f32x4_add(ab_low, ab_high), cd = wasm_f32x4_add(cd_low, cd_high);
  return wasm_f32x4_add(wasm_i64x2_shuffle(ab, cd, 0, 2), wasm_i64x2_shuffle(ab, cd, 1, 3));
}

/* Dot products of one input row with four weight rows, without bias; `whole` is inputs rounded down to fours. */
static void four_outputs(const float *input, const float *weights, float *sums, tinyml_size inputs, tinyml_size whole) {
  const float *w0 = weights, *w1 = w0 + inputs, *w2 = w1 + inputs, *w3 = w2 + inputs;
  v128_t a = wasm_f32x4_const_splat(0), b = a, c = a, d = a;
  for (tinyml_size i = 0; i < whole; i += 4) {
    v128_t x = wasm_v128_load(input + i);
    a = wasm_f32x4_add(a, wasm_f32x4_mul(x, wasm_v128_load(w0 + i)));
    b = wasm_f32x4_add(b, wasm_f32x4_mul(x, wasm_v128_load(w1 + i)));
    c = wasm_f32x4_add(c, wasm_f32x4_mul(x, wasm_v128_load(w2 + i)));
    d = wasm_f32x4_add(d, wasm_f32x4_mul(x, wasm_v128_load(w3 + i)));
  }
  wasm_v128_store(sums, lane_sums(a, b, c, d));
  for (tinyml_size i = whole; i < inputs; i++) {
    sums[0] += input[i] * w0[i];
    sums[1] += input[i] * w1[i];
    sums[2] += input[i] * w2[i];
    sums[3] += input[i] * w3[i];
  }
}
#endif

/* input [batch][inputs], weights [outputs][inputs] and bias [outputs] (or NULL) in flash, output [batch][outputs]. */
void tinyml_dense_float(const float *input, const float *weights, const float *bias, float *output, tinyml_size batch,
                        tinyml_size inputs, tinyml_size outputs, int activation) {
  for (tinyml_size b = 0; b < batch; b++) {
    tinyml_size o = 0;
#ifdef __wasm_simd128__
    tinyml_size whole = inputs - inputs % 4;
    for (; o + 4 <= outputs; o += 4) {
      float sums[4];
      four_outputs(input, weights + o * inputs, sums, inputs, whole);
      for (tinyml_size lane = 0; lane < 4; lane++) {
        output[o + lane] = clamp_activation(sums[lane] + (bias ? bias[o + lane] : 0.0f), activation);
      }
    }
#endif
    for (; o < outputs; o++) {
      float sum = dot_product(input, weights + o * inputs, inputs);
      output[o] = clamp_activation(sum + (bias ? TINYML_READ_FLOAT(bias + o) : 0.0f), activation);
    }
    input += inputs;
    output += outputs;
  }
}

/* Fully connected layer of float models on the host: inputs that are 0, most of a drawn digit's, are passed over. */
#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "float_clamp.h"
#include "float_multiply_add_simd.h"
#include "tinyml_host.h"

/* Inputs at most: half of the stack is theirs. */
enum { TINYML_HOST_LISTED = 8192 };

/*
 * 4 * fours outputs, the first `count` of which are stored, of the inputs that are listed; fours is a constant. They are
 * added up one by one, as a board adds them: both have the same bits.
 */
static inline __attribute__((always_inline)) void tinyml_listed_panel(const float *input, const int *listed, int listed_count,
                                                                      const float *weights, int fours, const float *bias,
                                                                      v128_t low, v128_t high, float *output, int count) {
  v128_t sums[8];
  for (int f = 0; f < fours; f++) sums[f] = wasm_f32x4_const_splat(0);
  /* Unrolled, all loads of some turns would come first, and the sums would move to the stack. */
#pragma clang loop unroll(disable)
  for (int k = 0; k < listed_count; k++) {
    const float *w = weights + listed[k] * 4 * fours;
    v128_t x = wasm_v128_load32_splat(input + listed[k]);
    for (int f = 0; f < fours; f++) sums[f] = tinyml_multiply_add(sums[f], x, wasm_v128_load(w + 4 * f));
  }
  for (int f = 0; f < fours; f++, bias += 4, output += 4, count -= 4) {
    /* pmax and pmin let NaN through. */
    v128_t four = wasm_f32x4_pmin(wasm_f32x4_pmax(wasm_f32x4_add(sums[f], wasm_v128_load(bias)), low), high);
    if (count >= 4) {
      wasm_v128_store(output, four);
    } else {
      float lanes[4];
      wasm_v128_store(lanes, four);
      for (int i = 0; i < count; i++) output[i] = lanes[i];
    }
  }
}

void tinyml_host_dense_float(const float *input, const float *weights, const float *bias, float *output, tinyml_size rows,
                             tinyml_size inputs, tinyml_size outputs, int activation) {
  int listed[TINYML_HOST_LISTED];
  v128_t low = wasm_f32x4_splat(tinyml_clamp_activation(-__builtin_inff(), activation));
  v128_t high = wasm_f32x4_splat(tinyml_clamp_activation(__builtin_inff(), activation));
  for (tinyml_size row = 0; row < rows; row++, input += inputs, output += outputs) {
    int count = 0, left = (int)outputs;
    for (int i = 0; i < (int)inputs; i++) {
      listed[count] = i;
      count += input[i] != 0.0f;
    }
    const float *panel = weights;
    for (; left > 16; left -= 32, panel += 32 * inputs) {
      int o = (int)outputs - left;
      tinyml_listed_panel(input, listed, count, panel, 8, bias + o, low, high, output + o, left);
    }
    if (left > 0) {
      int o = (int)outputs - left;
      tinyml_listed_panel(input, listed, count, panel, 4, bias + o, low, high, output + o, left);
    }
  }
}
#endif

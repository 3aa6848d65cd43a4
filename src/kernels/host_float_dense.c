/* Fully connected layer of float models on the host: inputs that are 0, most of a drawn digit's, are passed over. */
#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "float_clamp.h"
#include "host_float_panels.h"
#include "tinyml_host.h"

/* Inputs at most: their indices take half of the stack. And the outputs of a panel. */
enum { TINYML_HOST_LISTED = 8192, TINYML_HOST_DENSE_PANEL = 32 };

/*
 * A panel of outputs, the first `count` of which are stored, of the inputs that are listed, or of the first `inputs` where
 * there is no list. They are added up one by one, in the order in which a board adds them.
 */
static inline __attribute__((always_inline)) void tinyml_dense_panel(const float *input, const int *listed, int inputs,
                                                                     const float *weights, const float *bias, v128_t low,
                                                                     v128_t high, float *output, int count) {
  v128_t sums[TINYML_HOST_DENSE_PANEL / 4];
  for (int f = 0; f < TINYML_HOST_DENSE_PANEL / 4; f++) sums[f] = wasm_f32x4_const_splat(0);
  /* Unrolled, all loads of some turns would come first, and the sums would move to the stack. */
#pragma clang loop unroll(disable)
  for (int k = 0; k < inputs; k++) {
    int i = listed ? listed[k] : k;
    const float *w = weights + i * TINYML_HOST_DENSE_PANEL;
    v128_t x = wasm_v128_load32_splat(input + i);
    for (int f = 0; f < TINYML_HOST_DENSE_PANEL / 4; f++) sums[f] = tinyml_multiply_add(sums[f], x, wasm_v128_load(w + 4 * f));
  }
  for (int f = 0; f < TINYML_HOST_DENSE_PANEL / 4; f++, bias += 4, output += 4, count -= 4) {
    tinyml_store_four(output, wasm_f32x4_add(sums[f], wasm_v128_load(bias)), low, high, count);
  }
}

/* Lists the inputs that are not 0; how many they are. */
static inline int tinyml_list_inputs(const float *input, int inputs, int *listed) {
  int count = 0;
  for (int i = 0; i < inputs; i++) {
    listed[count] = i;
    count += input[i] != 0.0f;
  }
  return count;
}

/* How many of the first inputs, a multiple of four, are 0. */
static inline int tinyml_count_zeros(const float *input, int inputs) {
  v128_t zeros = wasm_i32x4_const_splat(0);
  for (int i = 0; i + 4 <= inputs; i += 4) {
    zeros = wasm_i32x4_sub(zeros, wasm_f32x4_eq(wasm_v128_load(input + i), wasm_f32x4_const_splat(0)));
  }
  return wasm_i32x4_extract_lane(zeros, 0) + wasm_i32x4_extract_lane(zeros, 1) + wasm_i32x4_extract_lane(zeros, 2) +
         wasm_i32x4_extract_lane(zeros, 3);
}

void tinyml_host_dense_float(const float *input, const float *weights, const float *bias, float *output, tinyml_size rows,
                             tinyml_size inputs, tinyml_size outputs, int activation) {
  int list[TINYML_HOST_LISTED];
  v128_t low = wasm_f32x4_splat(tinyml_clamp_activation(-__builtin_inff(), activation));
  v128_t high = wasm_f32x4_splat(tinyml_clamp_activation(__builtin_inff(), activation));
  for (tinyml_size row = 0; row < rows; row++, input += inputs, output += outputs) {
    /* A list of most inputs would take more time than it saves. */
    int listed = tinyml_count_zeros(input, (int)inputs) * 2 > (int)inputs;
    int count = listed ? tinyml_list_inputs(input, (int)inputs, list) : (int)inputs;
    for (int o = 0; o < (int)outputs; o += TINYML_HOST_DENSE_PANEL) {
      const float *panel = weights + (tinyml_size)o * inputs;
      if (listed) tinyml_dense_panel(input, list, count, panel, bias + o, low, high, output + o, (int)outputs - o);
      else tinyml_dense_panel(input, 0, count, panel, bias + o, low, high, output + o, (int)outputs - o);
    }
  }
}
#endif

/* Products of floats in WebAssembly's vectors. */
#ifndef TINYML_FLOAT_MULTIPLY_ADD_SIMD_H
#define TINYML_FLOAT_MULTIPLY_ADD_SIMD_H

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

/*
 * sum + a * b of four floats: rounded twice, on every machine alike; in the module of relaxed SIMD
 * (relaxedNames of kernels.ts) once, where the machine does that in one instruction.
 */
static inline v128_t tinyml_multiply_add(v128_t sum, v128_t a, v128_t b) {
#ifdef __wasm_relaxed_simd__
  return wasm_f32x4_relaxed_madd(a, b, sum);
#else
  return wasm_f32x4_add(sum, wasm_f32x4_mul(a, b));
#endif
}
#endif

#endif

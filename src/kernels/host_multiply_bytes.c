/* Relaxed SIMD's dot product of bytes by itself, to find out what it does on this machine (byte-products.ts). */
#ifdef __wasm_relaxed_simd__
#include "host_int8_matrix.h"

void tinyml_host_multiply_bytes(const int8_t *weights, const int8_t *inputs, int32_t *sums, tinyml_size count) {
  for (; count > 0; count--, weights += 16, inputs += 16, sums += 4) {
    wasm_v128_store(sums, tinyml_add_products(wasm_v128_load(weights), wasm_v128_load(inputs), wasm_v128_load(sums)));
  }
}
#endif

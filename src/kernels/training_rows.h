/* Weighted sums of rows: what gradients of layers with weights are made of. Most weights are 0 behind a relu: those are left out. */
#ifndef TINYML_TRAINING_ROWS_H
#define TINYML_TRAINING_ROWS_H

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "tinyml_platform.h"

/* A term of a sum: how often a row counts, and how many elements behind the first one it begins. */
typedef struct {
  float factor;
  tinyml_size offset;
} tinyml_row_term;

/*
 * The terms whose factors are not 0, in their order: `count` factors, factor_step elements apart, of rows that begin
 * row_step apart. Without a branch, which could not be predicted. terms [count]; returns how many there are.
 */
static inline tinyml_size tinyml_find_terms(const float *factors, tinyml_size count, tinyml_size factor_step,
                                            tinyml_size row_step, tinyml_row_term *terms) {
  tinyml_size found = 0;
  for (tinyml_size t = 0; t < count; t++) {
    float factor = factors[t * factor_step];
    terms[found].factor = factor;
    terms[found].offset = t * row_step;
    found += factor != 0.0f;
  }
  return found;
}

/* 4 * vectors elements of tinyml_add_rows; vectors, at most eight, is a constant: the sums stay in registers. */
static inline __attribute__((always_inline)) void tinyml_add_row_vectors(const float *rows, const tinyml_row_term *terms,
                                                                         tinyml_size count, float *sums, int vectors) {
  v128_t sum[8];
  for (int v = 0; v < vectors; v++) sum[v] = wasm_v128_load(sums + 4 * v);
  for (const tinyml_row_term *end = terms + count; terms != end; terms++) {
    v128_t factor = wasm_v128_load32_splat(&terms->factor);
    const float *row = rows + terms->offset;
    for (int v = 0; v < vectors; v++) {
      sum[v] = wasm_f32x4_add(sum[v], wasm_f32x4_mul(factor, wasm_v128_load(row + 4 * v)));
    }
  }
  for (int v = 0; v < vectors; v++) wasm_v128_store(sums + 4 * v, sum[v]);
}

/* Functions of their own: inlined into one, V8 would keep the sums of all of them on the stack. */
#define TINYML_ADD_ROW_VECTORS(vectors)                                                                              \
  static __attribute__((noinline)) void tinyml_add_row_vectors_##vectors(const float *rows, const tinyml_row_term *terms, \
                                                                         tinyml_size count, float *sums) {           \
    tinyml_add_row_vectors(rows, terms, count, sums, vectors);                                                       \
  }
TINYML_ADD_ROW_VECTORS(1)
TINYML_ADD_ROW_VECTORS(2)
TINYML_ADD_ROW_VECTORS(3)
TINYML_ADD_ROW_VECTORS(4)
TINYML_ADD_ROW_VECTORS(5)
TINYML_ADD_ROW_VECTORS(6)
TINYML_ADD_ROW_VECTORS(7)
TINYML_ADD_ROW_VECTORS(8)

/* sums[i] += sum over the terms of factor * rows[offset + i], in their order, for i < width. */
static inline void tinyml_add_rows(const float *rows, const tinyml_row_term *terms, tinyml_size count, float *sums,
                                   tinyml_size width) {
  tinyml_size i = 0;
  /* Pieces of the same size: small ones would wait for their sums. */
  tinyml_size vectors = width / 4;
  for (tinyml_size pieces = (vectors + 7) / 8; pieces > 0; pieces--) {
    tinyml_size size = (vectors + pieces - 1) / pieces;
    vectors -= size;
    switch (size) {
      case 1: tinyml_add_row_vectors_1(rows + i, terms, count, sums + i); break;
      case 2: tinyml_add_row_vectors_2(rows + i, terms, count, sums + i); break;
      case 3: tinyml_add_row_vectors_3(rows + i, terms, count, sums + i); break;
      case 4: tinyml_add_row_vectors_4(rows + i, terms, count, sums + i); break;
      case 5: tinyml_add_row_vectors_5(rows + i, terms, count, sums + i); break;
      case 6: tinyml_add_row_vectors_6(rows + i, terms, count, sums + i); break;
      case 7: tinyml_add_row_vectors_7(rows + i, terms, count, sums + i); break;
      default: tinyml_add_row_vectors_8(rows + i, terms, count, sums + i); break;
    }
    i += 4 * size;
  }
  for (; i < width; i++) {
    float sum = sums[i];
    for (tinyml_size t = 0; t < count; t++) sum += terms[t].factor * rows[terms[t].offset + i];
    sums[i] = sum;
  }
}

#endif

#endif

/*
 * Weighted sums of rows: what gradients of layers with weights are made of. There are two ways to add them up, which give the
 * same bits: many sums side by side, and, where most factors are 0 as behind a relu, sum by sum without these.
 */
#ifndef TINYML_TRAINING_ROWS_H
#define TINYML_TRAINING_ROWS_H

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "tinyml_platform.h"

/* result[r][i] = (adds ? result[r][i] : 0) + sum over t of factors[r * result_step + t * term_step] * rows[t * row_step + i]. */
typedef struct {
  const float *factors;
  tinyml_size result_step, term_step;
  const float *rows;
  tinyml_size row_step;
  float *result; /* [results][width] */
  tinyml_size results, terms, width;
  int adds;
} tinyml_row_sums;

/*
 * `height` results from r on, 4 * `vectors` columns of them from i on; at most eight sums, which stay in registers. Both
 * are constants wherever this is inlined, so that their loops unroll.
 */
static inline __attribute__((always_inline)) void tinyml_row_sums_tile(const tinyml_row_sums *s, tinyml_size r, tinyml_size i,
                                                                tinyml_size height, tinyml_size vectors) {
  v128_t sums[8];
  for (tinyml_size k = 0; k < height * vectors; k++) {
    const float *so_far = s->result + (r + k / vectors) * s->width + i + 4 * (k % vectors);
    sums[k] = s->adds ? wasm_v128_load(so_far) : wasm_f32x4_const_splat(0);
  }
  const float *factor = s->factors + r * s->result_step;
  const float *row = s->rows + i;
  tinyml_size result_step = s->result_step, term_step = s->term_step, row_step = s->row_step, width = s->width;
  for (tinyml_size left = s->terms; left > 0; left--) {
    for (tinyml_size h = 0; h < height; h++) {
      v128_t f = wasm_v128_load32_splat(factor + h * result_step);
      for (tinyml_size v = 0; v < vectors; v++) {
        v128_t product = wasm_f32x4_mul(f, wasm_v128_load(row + 4 * v));
        sums[h * vectors + v] = wasm_f32x4_add(sums[h * vectors + v], product);
      }
    }
    factor += term_step;
    row += row_step;
  }
  for (tinyml_size h = 0; h < height; h++) {
    for (tinyml_size v = 0; v < vectors; v++) {
      wasm_v128_store(s->result + (r + h) * width + i + 4 * v, sums[h * vectors + v]);
    }
  }
}

/* One column of `height` results, at most four; their sums run side by side. */
static inline __attribute__((always_inline)) void tinyml_row_sums_column(const tinyml_row_sums *s, tinyml_size r, tinyml_size i,
                                                                  tinyml_size height) {
  float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  for (tinyml_size h = 0; s->adds && h < height; h++) sums[h] = s->result[(r + h) * s->width + i];
  const float *factor = s->factors + r * s->result_step;
  for (tinyml_size t = 0; t < s->terms; t++) {
    float x = s->rows[t * s->row_step + i];
    for (tinyml_size h = 0; h < height; h++) sums[h] += factor[h * s->result_step] * x;
    factor += s->term_step;
  }
  for (tinyml_size h = 0; h < height; h++) s->result[(r + h) * s->width + i] = sums[h];
}

/* Columns outside, results inside: the few columns of all rows that a tile reads stay in the nearest cache. */
static void tinyml_sum_rows(tinyml_row_sums s) {
  tinyml_size i = 0, r;
  for (; i + 8 <= s.width; i += 8) {
    for (r = 0; r + 4 <= s.results; r += 4) tinyml_row_sums_tile(&s, r, i, 4, 2);
    for (; r < s.results; r++) tinyml_row_sums_tile(&s, r, i, 1, 2);
  }
  for (; i + 4 <= s.width; i += 4) {
    for (r = 0; r + 4 <= s.results; r += 4) tinyml_row_sums_tile(&s, r, i, 4, 1);
    for (; r < s.results; r++) tinyml_row_sums_tile(&s, r, i, 1, 1);
  }
  for (; i < s.width; i++) {
    for (r = 0; r + 4 <= s.results; r += 4) tinyml_row_sums_column(&s, r, i, 4);
    for (; r < s.results; r++) tinyml_row_sums_column(&s, r, i, 1);
  }
}

/* Whether more than half of the factors are 0. */
static inline int tinyml_mostly_zero(const float *factors, tinyml_size count) {
  tinyml_size zeros = 0;
  for (tinyml_size i = 0; i < count; i++) zeros += factors[i] == 0.0f;
  return 2 * zeros > count;
}

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

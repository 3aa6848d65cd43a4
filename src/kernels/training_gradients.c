/*
 * Gradients of the float operators, for training; they never enter a sketch.
 * "Gradient" of a tensor is the derivative of the batch's loss by each of its elements.
 */
#include "tinyml_training.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

/* Weighted sums of rows: result[r][i] = sum over t of factors[r * result_step + t * term_step] * rows[t][i]. */
struct row_sums {
  const float *factors;
  tinyml_size result_step, term_step;
  const float *rows; /* [terms][width] */
  float *result;     /* [results][width] */
  tinyml_size results, terms, width;
};

#ifdef __wasm_simd128__
/*
 * `height` results from r on, 4 * `vectors` columns of them from i on; at most eight sums, which stay in registers. Both
 * are constants wherever this is inlined, so that their loops unroll.
 */
static inline __attribute__((always_inline)) void row_sums_tile(const struct row_sums *s, tinyml_size r, tinyml_size i,
                                                                tinyml_size height, tinyml_size vectors) {
  v128_t sums[8];
  for (tinyml_size k = 0; k < height * vectors; k++) sums[k] = wasm_f32x4_const_splat(0);
  const float *factor = s->factors + r * s->result_step;
  const float *row = s->rows + i;
  tinyml_size result_step = s->result_step, term_step = s->term_step, width = s->width;
  for (tinyml_size left = s->terms; left > 0; left--) {
    for (tinyml_size h = 0; h < height; h++) {
      v128_t f = wasm_v128_load32_splat(factor + h * result_step);
      for (tinyml_size v = 0; v < vectors; v++) {
        v128_t product = wasm_f32x4_mul(f, wasm_v128_load(row + 4 * v));
        sums[h * vectors + v] = wasm_f32x4_add(sums[h * vectors + v], product);
      }
    }
    factor += term_step;
    row += width;
  }
  for (tinyml_size h = 0; h < height; h++) {
    for (tinyml_size v = 0; v < vectors; v++) {
      wasm_v128_store(s->result + (r + h) * width + i + 4 * v, sums[h * vectors + v]);
    }
  }
}
#endif

/* One column of `height` results, at most four; their sums run side by side. */
static inline __attribute__((always_inline)) void row_sums_column(const struct row_sums *s, tinyml_size r, tinyml_size i,
                                                                  tinyml_size height) {
  float sums[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  const float *factor = s->factors + r * s->result_step;
  for (tinyml_size t = 0; t < s->terms; t++) {
    float x = s->rows[t * s->width + i];
    for (tinyml_size h = 0; h < height; h++) sums[h] += factor[h * s->result_step] * x;
    factor += s->term_step;
  }
  for (tinyml_size h = 0; h < height; h++) s->result[(r + h) * s->width + i] = sums[h];
}

/* Columns outside, results inside: the few columns of all rows that a tile reads stay in the nearest cache. */
static void sum_rows(struct row_sums s) {
  tinyml_size i = 0, r;
#ifdef __wasm_simd128__
  for (; i + 8 <= s.width; i += 8) {
    for (r = 0; r + 4 <= s.results; r += 4) row_sums_tile(&s, r, i, 4, 2);
    for (; r < s.results; r++) row_sums_tile(&s, r, i, 1, 2);
  }
  for (; i + 4 <= s.width; i += 4) {
    for (r = 0; r + 4 <= s.results; r += 4) row_sums_tile(&s, r, i, 4, 1);
    for (; r < s.results; r++) row_sums_tile(&s, r, i, 1, 1);
  }
#endif
  for (; i < s.width; i++) {
    for (r = 0; r + 4 <= s.results; r += 4) row_sums_column(&s, r, i, 4);
    for (; r < s.results; r++) row_sums_column(&s, r, i, 1);
  }
}

/*
 * Fully connected layer without its activation. input [batch][inputs], weights [outputs][inputs], output_gradient
 * [batch][outputs]; writes input_gradient [batch][inputs] (unless NULL), weights_gradient [outputs][inputs] and
 * bias_gradient [outputs] (unless NULL).
 */
void tinyml_dense_gradient(const float *input, const float *weights, const float *output_gradient, float *input_gradient,
                           float *weights_gradient, float *bias_gradient, tinyml_size batch, tinyml_size inputs,
                           tinyml_size outputs) {
  sum_rows((struct row_sums){output_gradient, 1, outputs, input, weights_gradient, outputs, batch, inputs});
  if (input_gradient) {
    sum_rows((struct row_sums){output_gradient, outputs, 1, weights, input_gradient, batch, outputs, inputs});
  }
  if (!bias_gradient) return;
  for (tinyml_size o = 0; o < outputs; o++) bias_gradient[o] = 0.0f;
  for (tinyml_size b = 0; b < batch; b++) {
    const float *restrict gradient = output_gradient + b * outputs;
    float *restrict sums = bias_gradient;
    for (tinyml_size o = 0; o < outputs; o++) sums[o] += gradient[o];
  }
}

/* A fused activation: turns the gradient of its output into that of its input, in place; `output` is what it gave. */
void tinyml_fused_activation_gradient(const float *restrict output, float *restrict gradient, tinyml_size count,
                                      int activation) {
  if (activation == TINYML_ACTIVATION_NONE) return;
  float low = activation == TINYML_ACTIVATION_RELU_N1_TO_1 ? -1.0f : 0.0f;
  float high = activation == TINYML_ACTIVATION_RELU ? 3.402823466e38f : activation == TINYML_ACTIVATION_RELU6 ? 6.0f : 1.0f;
  /* Without branches, so that four elements go at once. */
  for (tinyml_size i = 0; i < count; i++) {
    float g = gradient[i];
    float above = output[i] > low ? g : 0.0f;
    gradient[i] = output[i] < high ? above : 0.0f;
  }
}

/* relu as an operator of its own. */
void tinyml_relu_gradient(const float *restrict output, const float *restrict output_gradient,
                          float *restrict input_gradient, tinyml_size count) {
  /* Without a branch, so that four elements go at once. */
  for (tinyml_size i = 0; i < count; i++) {
    float gradient = output_gradient[i];
    input_gradient[i] = output[i] > 0.0f ? gradient : 0.0f;
  }
}

/* d sigmoid(x) / dx = y (1 - y) */
void tinyml_logistic_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) input_gradient[i] = output_gradient[i] * output[i] * (1.0f - output[i]);
}

/* d tanh(x) / dx = 1 - y^2 */
void tinyml_tanh_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) input_gradient[i] = output_gradient[i] * (1.0f - output[i] * output[i]);
}

/* Softmax over [batch][classes]: beta y (g - sum of g y). */
void tinyml_softmax_gradient(const float *output, const float *output_gradient, float *input_gradient, tinyml_size batch,
                             tinyml_size classes, float beta) {
  for (tinyml_size b = 0; b < batch; b++) {
    float sum = 0.0f;
    for (tinyml_size c = 0; c < classes; c++) sum += output_gradient[c] * output[c];
    for (tinyml_size c = 0; c < classes; c++) input_gradient[c] = beta * output[c] * (output_gradient[c] - sum);
    output += classes;
    output_gradient += classes;
    input_gradient += classes;
  }
}

/* Arithmetic of two float tensors, element by element: TensorFlow Lite's ADD, SUB, MUL, DIV, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU. */
#include "broadcast.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

/* What a fused activation keeps results between. */
typedef struct {
  float low, high;
} tinyml_float_limits;

static tinyml_float_limits tinyml_limits_of(int activation) {
  const float infinity = __builtin_inff();
  tinyml_float_limits limits = {-infinity, infinity};
  if (activation == TINYML_ACTIVATION_RELU || activation == TINYML_ACTIVATION_RELU6) limits.low = 0.0f;
  if (activation == TINYML_ACTIVATION_RELU6) limits.high = 6.0f;
  if (activation == TINYML_ACTIVATION_RELU_N1_TO_1) {
    limits.low = -1.0f;
    limits.high = 1.0f;
  }
  return limits;
}

/* Where there are no vectors, four elements at once are none. */
#ifdef __wasm_simd128__
#define TINYML_FLOAT_VECTORS(vector)                                                              \
  v128_t low = wasm_f32x4_splat(limits.low), high = wasm_f32x4_splat(limits.high);                \
  for (; i + 4 <= count; i += 4) {                                                                \
    v128_t x = a_step ? wasm_v128_load(a + i) : wasm_v128_load32_splat(a);                        \
    v128_t y = b_step ? wasm_v128_load(b + i) : wasm_v128_load32_splat(b);                        \
    wasm_v128_store(output + i, wasm_f32x4_pmin(wasm_f32x4_pmax(vector, low), high));             \
  }
#else
#define TINYML_FLOAT_VECTORS(vector)
#endif

/* A row of the kernel `name`: `scalar` computes the result of x and y, `vector` that of four of them. */
#define TINYML_FLOAT_ROW(name, scalar, vector)                                                    \
  static void name(const void *a_elements, const void *b_elements, void *results, tinyml_size count, int a_step, \
                   int b_step, const void *parameters) {                                          \
    const float *a = (const float *)a_elements;                                                   \
    const float *b = (const float *)b_elements;                                                   \
    float *output = (float *)results;                                                             \
    tinyml_float_limits limits = *(const tinyml_float_limits *)parameters;                        \
    tinyml_size i = 0;                                                                            \
    TINYML_FLOAT_VECTORS(vector)                                                                  \
    for (; i < count; i++) {                                                                      \
      float x = a_step ? a[i] : *a, y = b_step ? b[i] : *b;                                       \
      float value = scalar;                                                                       \
      value = value < limits.low ? limits.low : value;                                            \
      output[i] = value > limits.high ? limits.high : value;                                      \
    }                                                                                             \
  }

TINYML_FLOAT_ROW(tinyml_add_float_row, x + y, wasm_f32x4_add(x, y))
TINYML_FLOAT_ROW(tinyml_sub_float_row, x - y, wasm_f32x4_sub(x, y))
TINYML_FLOAT_ROW(tinyml_mul_float_row, x * y, wasm_f32x4_mul(x, y))
TINYML_FLOAT_ROW(tinyml_div_float_row, x / y, wasm_f32x4_div(x, y))
TINYML_FLOAT_ROW(tinyml_maximum_float_row, x > y ? x : y, wasm_v128_bitselect(x, y, wasm_f32x4_gt(x, y)))
TINYML_FLOAT_ROW(tinyml_minimum_float_row, x < y ? x : y, wasm_v128_bitselect(x, y, wasm_f32x4_lt(x, y)))
TINYML_FLOAT_ROW(tinyml_squared_difference_float_row, (x - y) * (x - y),
                 wasm_f32x4_mul(wasm_f32x4_sub(x, y), wasm_f32x4_sub(x, y)))
TINYML_FLOAT_ROW(tinyml_prelu_float_row, x < 0.0f ? x * y : x,
                 wasm_v128_bitselect(wasm_f32x4_mul(x, y), x, wasm_f32x4_lt(x, wasm_f32x4_const_splat(0.0f))))

void tinyml_add_float(const float *a, const float *b, float *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int activation) {
  tinyml_float_limits limits = tinyml_limits_of(activation);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_add_float_row, &limits);
}

void tinyml_sub_float(const float *a, const float *b, float *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int activation) {
  tinyml_float_limits limits = tinyml_limits_of(activation);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_sub_float_row, &limits);
}

void tinyml_mul_float(const float *a, const float *b, float *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int activation) {
  tinyml_float_limits limits = tinyml_limits_of(activation);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_mul_float_row, &limits);
}

void tinyml_div_float(const float *a, const float *b, float *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int activation) {
  tinyml_float_limits limits = tinyml_limits_of(activation);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_div_float_row, &limits);
}

void tinyml_maximum_float(const float *a, const float *b, float *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast) {
  tinyml_float_limits limits = tinyml_limits_of(TINYML_ACTIVATION_NONE);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_maximum_float_row, &limits);
}

void tinyml_minimum_float(const float *a, const float *b, float *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast) {
  tinyml_float_limits limits = tinyml_limits_of(TINYML_ACTIVATION_NONE);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_minimum_float_row, &limits);
}

void tinyml_squared_difference_float(const float *a, const float *b, float *output, tinyml_size outer,
                                     const tinyml_broadcast *broadcast) {
  tinyml_float_limits limits = tinyml_limits_of(TINYML_ACTIVATION_NONE);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_squared_difference_float_row, &limits);
}

void tinyml_prelu_float(const float *input, const float *alpha, float *output, tinyml_size outer,
                        const tinyml_broadcast *broadcast) {
  tinyml_float_limits limits = tinyml_limits_of(TINYML_ACTIVATION_NONE);
  tinyml_broadcast_rows(input, alpha, output, outer, broadcast, sizeof(float), tinyml_prelu_float_row, &limits);
}

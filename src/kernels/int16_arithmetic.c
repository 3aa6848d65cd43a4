/* Arithmetic of two int16 tensors, element by element: TensorFlow Lite's ADD, SUB, MUL, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU. */
#include "broadcast.h"
#include "int16_fixed_point.h"

/* A row of the kernel `name`, with parameters p of type `parameters_type`: `result` computes it from x and y. */
#define TINYML_INT16_ROW(name, parameters_type, result)                                           \
  static void name(const void *a_elements, const void *b_elements, void *results, tinyml_size count, int a_step, \
                   int b_step, const void *parameters) {                                          \
    const int16_t *a = (const int16_t *)a_elements;                                               \
    const int16_t *b = (const int16_t *)b_elements;                                               \
    int16_t *output = (int16_t *)results;                                                         \
    const parameters_type *p = (const parameters_type *)parameters;                               \
    (void)p;                                                                                      \
    for (tinyml_size i = 0; i < count; i++) {                                                     \
      int32_t x = a[a_step ? i : 0], y = b[b_step ? i : 0];                                       \
      output[i] = result;                                                                         \
    }                                                                                             \
  }

static int16_t tinyml_sum_int16(int32_t x, int32_t y, const tinyml_sum *p) {
  x = (x - p->a_zero_point) * ((int32_t)1 << p->left_shift);
  y = (y - p->b_zero_point) * ((int32_t)1 << p->left_shift);
  int32_t sum = tinyml_rescale(x, p->a_multiplier, (int8_t)p->a_shift) +
                p->sign * tinyml_rescale(y, p->b_multiplier, (int8_t)p->b_shift);
  int32_t value = tinyml_rescale(sum, p->output_multiplier, (int8_t)p->output_shift) + p->output_zero_point;
  return tinyml_clamp_int16(value, p->minimum, p->maximum);
}

static int16_t tinyml_product_int16(int32_t x, int32_t y, const tinyml_product *p) {
  int32_t value = tinyml_rescale(x * y, p->multiplier, (int8_t)p->shift);
  return tinyml_clamp_int16(value, p->minimum, p->maximum);
}

/* At most 2^15 apart, so that the square fits 32 bits. */
static int16_t tinyml_squared_difference_of_int16(int32_t x, int32_t y, const tinyml_sum *p) {
  int32_t difference =
      tinyml_rescale(x, p->a_multiplier, (int8_t)p->a_shift) - tinyml_rescale(y, p->b_multiplier, (int8_t)p->b_shift);
  int32_t value = tinyml_rescale(difference * difference, p->output_multiplier, (int8_t)p->output_shift);
  return tinyml_clamp_int16(value, p->minimum, p->maximum);
}

TINYML_INT16_ROW(tinyml_squared_difference_int16_row, tinyml_sum, tinyml_squared_difference_of_int16(x, y, p))
TINYML_INT16_ROW(tinyml_add_int16_row, tinyml_sum, tinyml_sum_int16(x, y, p))
TINYML_INT16_ROW(tinyml_mul_int16_row, tinyml_product, tinyml_product_int16(x, y, p))
TINYML_INT16_ROW(tinyml_maximum_int16_row, void, (int16_t)(x > y ? x : y))
TINYML_INT16_ROW(tinyml_minimum_int16_row, void, (int16_t)(x < y ? x : y))

void tinyml_add_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, const tinyml_sum *sum) {
  tinyml_sum parameters;
  TINYML_READ_STRUCT(parameters, sum);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int16_t), tinyml_add_int16_row, &parameters);
}

void tinyml_mul_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, const tinyml_product *product) {
  tinyml_product parameters;
  TINYML_READ_STRUCT(parameters, product);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int16_t), tinyml_mul_int16_row, &parameters);
}

void tinyml_maximum_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int16_t), tinyml_maximum_int16_row, NULL);
}

void tinyml_minimum_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int16_t), tinyml_minimum_int16_row, NULL);
}

void tinyml_squared_difference_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                                     const tinyml_broadcast *broadcast, const tinyml_sum *sum) {
  tinyml_sum parameters;
  TINYML_READ_STRUCT(parameters, sum);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int16_t), tinyml_squared_difference_int16_row, &parameters);
}

static void tinyml_prelu_int16_row(const void *a_elements, const void *b_elements, void *results, tinyml_size count,
                                   int a_step, int b_step, const void *parameters) {
  const int16_t *input = (const int16_t *)a_elements;
  const int8_t *alpha = (const int8_t *)b_elements;
  int16_t *output = (int16_t *)results;
  tinyml_slope p = *(const tinyml_slope *)parameters;
  for (tinyml_size i = 0; i < count; i++) {
    int32_t x = input[a_step ? i : 0] - p.input_zero_point;
    int32_t value = x >= 0 ? tinyml_rescale(x, p.multiplier, (int8_t)p.shift)
                           : tinyml_rescale(x * (alpha[b_step ? i : 0] - p.alpha_zero_point), p.alpha_multiplier,
                                            (int8_t)p.alpha_shift);
    output[i] = tinyml_clamp_int16(value + p.output_zero_point, INT16_MIN, INT16_MAX);
  }
}

void tinyml_prelu_int16(const int16_t *input, const int8_t *alpha, int16_t *output, tinyml_size outer,
                        const tinyml_broadcast *broadcast, const tinyml_slope *slope) {
  tinyml_slope parameters;
  TINYML_READ_STRUCT(parameters, slope);
  tinyml_broadcast_mixed_rows(input, sizeof(int16_t), alpha, sizeof(int8_t), output, sizeof(int16_t), outer, broadcast,
                              tinyml_prelu_int16_row, &parameters);
}

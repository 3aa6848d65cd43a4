/* Arithmetic of two tensors of whole numbers, element by element: TensorFlow Lite's ADD, SUB, MUL, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE. */
#include "broadcast.h"

/* What a fused activation keeps results between. */
typedef struct {
  int32_t minimum, maximum;
} tinyml_int32_limits;

/* A row of the kernel `name`: `result` computes it from x and y. Unsigned numbers wrap around, signed ones must not. */
#define TINYML_INT32_ROW(name, result)                                                            \
  static void name(const void *a_elements, const void *b_elements, void *results, tinyml_size count, int a_step, \
                   int b_step, const void *parameters) {                                          \
    const int32_t *a = (const int32_t *)a_elements;                                               \
    const int32_t *b = (const int32_t *)b_elements;                                               \
    int32_t *output = (int32_t *)results;                                                         \
    tinyml_int32_limits limits = *(const tinyml_int32_limits *)parameters;                        \
    for (tinyml_size i = 0; i < count; i++) {                                                     \
      int32_t x = a[a_step ? i : 0], y = b[b_step ? i : 0];                                       \
      int32_t value = result;                                                                     \
      if (value < limits.minimum) value = limits.minimum;                                         \
      output[i] = value > limits.maximum ? limits.maximum : value;                                \
    }                                                                                             \
  }

TINYML_INT32_ROW(tinyml_add_int32_row, (int32_t)((uint32_t)x + (uint32_t)y))
TINYML_INT32_ROW(tinyml_sub_int32_row, (int32_t)((uint32_t)x - (uint32_t)y))
TINYML_INT32_ROW(tinyml_mul_int32_row, (int32_t)((uint32_t)x * (uint32_t)y))
TINYML_INT32_ROW(tinyml_squared_difference_int32_row,
                 (int32_t)(((uint32_t)x - (uint32_t)y) * ((uint32_t)x - (uint32_t)y)))
TINYML_INT32_ROW(tinyml_maximum_int32_row, x > y ? x : y)
TINYML_INT32_ROW(tinyml_minimum_int32_row, x < y ? x : y)

static const tinyml_int32_limits tinyml_all_int32 = {INT32_MIN, INT32_MAX};

void tinyml_add_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int32_t minimum, int32_t maximum) {
  tinyml_int32_limits limits = {minimum, maximum};
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int32_t), tinyml_add_int32_row, &limits);
}

void tinyml_sub_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int32_t minimum, int32_t maximum) {
  tinyml_int32_limits limits = {minimum, maximum};
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int32_t), tinyml_sub_int32_row, &limits);
}

void tinyml_mul_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int32_t minimum, int32_t maximum) {
  tinyml_int32_limits limits = {minimum, maximum};
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int32_t), tinyml_mul_int32_row, &limits);
}

void tinyml_maximum_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int32_t), tinyml_maximum_int32_row, &tinyml_all_int32);
}

void tinyml_minimum_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int32_t), tinyml_minimum_int32_row, &tinyml_all_int32);
}

void tinyml_squared_difference_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                                     const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int32_t), tinyml_squared_difference_int32_row,
                        &tinyml_all_int32);
}

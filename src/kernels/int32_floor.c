/* Division of two tensors of whole numbers, element by element, rounded down: TensorFlow Lite's FLOOR_DIV and FLOOR_MOD. */
#include "broadcast.h"

/* Processors stop at a division by 0; the other quotient that they can't express wraps around. */
static int32_t tinyml_floor_div_of_int32(int32_t x, int32_t y) {
  if (y == 0) return 0;
  if (y == -1) return (int32_t)(0u - (uint32_t)x);
  int32_t quotient = x / y;
  return quotient * y != x && (x < 0) != (y < 0) ? quotient - 1 : quotient;
}

static int32_t tinyml_floor_mod_of_int32(int32_t x, int32_t y) {
  if (y == 0 || y == -1) return 0;
  int32_t rest = x % y;
  return rest != 0 && (y < 0) != (rest < 0) ? rest + y : rest;
}

/* A row of the kernel `name`. */
#define TINYML_INT32_FLOOR_ROW(name, function)                                                                   \
  static void name(const void *a_elements, const void *b_elements, void *results, tinyml_size count, int a_step, \
                   int b_step, const void *parameters) {                                                         \
    const int32_t *a = (const int32_t *)a_elements;                                                              \
    const int32_t *b = (const int32_t *)b_elements;                                                              \
    int32_t *output = (int32_t *)results;                                                                        \
    (void)parameters;                                                                                            \
    for (tinyml_size i = 0; i < count; i++) output[i] = function(a[a_step ? i : 0], b[b_step ? i : 0]);          \
  }

TINYML_INT32_FLOOR_ROW(tinyml_floor_div_int32_row, tinyml_floor_div_of_int32)
TINYML_INT32_FLOOR_ROW(tinyml_floor_mod_int32_row, tinyml_floor_mod_of_int32)

void tinyml_floor_div_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                            const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int32_t), tinyml_floor_div_int32_row, NULL);
}

void tinyml_floor_mod_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                            const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int32_t), tinyml_floor_mod_int32_row, NULL);
}

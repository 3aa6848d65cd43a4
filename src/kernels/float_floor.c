/* Division of two float tensors, element by element, down to whole numbers: TensorFlow Lite's FLOOR_DIV and FLOOR_MOD. */
#include "broadcast.h"

/* What is left of x when y was taken from it as often as it fits, with the sign of x; exact, because no difference is rounded. */
static float tinyml_remainder(float x, float y) {
  float rest = x < 0.0f ? -x : x;
  float least = y < 0.0f ? -y : y;
  /* not of numbers at all, or by 0 */
  if (!(least > 0.0f) || !(rest < __builtin_inff())) return (x - x) / (y - y);
  float step = least;
  if (rest < least) return x;
  while (rest - step >= step) step += step;
  for (;;) {
    if (rest >= step) rest -= step;
    if (step == least) break;
    step *= 0.5f;
  }
  return x < 0.0f ? -rest : rest;
}

static float tinyml_floor_mod_of(float x, float y) {
  float rest = tinyml_remainder(x, y);
  return rest != 0.0f && (y < 0.0f) != (rest < 0.0f) ? rest + y : rest;
}

static float tinyml_floor_div_of(float x, float y) {
  float quotient = x / y;
  float size = quotient < 0.0f ? -quotient : quotient;
  /* a larger one is whole, or no number */
  if (!(size < 8388608.0f) || y - y != 0.0f) return quotient;
  /* the quotient may have been rounded up to a whole number: what the rest says of it is exact */
  float whole = quotient - tinyml_floor_mod_of(x, y) / y;
  return (float)(int32_t)(whole < 0.0f ? whole - 0.5f : whole + 0.5f);
}

/* A row of the kernel `name`. */
#define TINYML_FLOOR_ROW(name, function)                                                                         \
  static void name(const void *a_elements, const void *b_elements, void *results, tinyml_size count, int a_step, \
                   int b_step, const void *parameters) {                                                         \
    const float *a = (const float *)a_elements;                                                                  \
    const float *b = (const float *)b_elements;                                                                  \
    float *output = (float *)results;                                                                            \
    (void)parameters;                                                                                            \
    for (tinyml_size i = 0; i < count; i++) output[i] = function(a[a_step ? i : 0], b[b_step ? i : 0]);          \
  }

TINYML_FLOOR_ROW(tinyml_floor_div_float_row, tinyml_floor_div_of)
TINYML_FLOOR_ROW(tinyml_floor_mod_float_row, tinyml_floor_mod_of)

void tinyml_floor_div_float(const float *a, const float *b, float *output, tinyml_size outer,
                            const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_floor_div_float_row, NULL);
}

void tinyml_floor_mod_float(const float *a, const float *b, float *output, tinyml_size outer,
                            const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(float), tinyml_floor_mod_float_row, NULL);
}

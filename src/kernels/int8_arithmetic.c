/* Arithmetic of two int8 tensors, element by element: TensorFlow Lite's ADD, SUB, MUL, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE, PRELU. */
#include "broadcast.h"
#include "int8_fixed_point.h"
#include "int8_rescale_simd.h"

#ifdef __wasm_simd128__
/* The factor of all lanes. */
static inline tinyml_rescale_lanes tinyml_rescale_lanes_of_one(int32_t multiplier, int32_t shift) {
  int32_t multipliers[4] = {multiplier, multiplier, multiplier, multiplier};
  int8_t one = (int8_t)shift;
  int8_t shifts[4] = {one, one, one, one};
  return tinyml_rescale_lanes_of(multipliers, shifts, 4);
}

/* Eight stored numbers less their zero point, in 16 bits; step 0 takes the same one eight times. */
static inline v128_t tinyml_load_eight(const int8_t *from, int step, int32_t zero_point) {
  v128_t stored = step ? wasm_i16x8_load8x8(from) : wasm_i16x8_splat(*from);
  return wasm_i16x8_sub(stored, wasm_i16x8_splat((int16_t)zero_point));
}
#endif

static void tinyml_add_int8_row(const void *a_elements, const void *b_elements, void *results, tinyml_size count,
                                int a_step, int b_step, const void *parameters) {
  const int8_t *a = (const int8_t *)a_elements;
  const int8_t *b = (const int8_t *)b_elements;
  int8_t *output = (int8_t *)results;
  tinyml_sum p = *(const tinyml_sum *)parameters;
  tinyml_size i = 0;
#ifdef __wasm_simd128__
  if (count >= 8) {
    tinyml_rescale_lanes a_factor = tinyml_rescale_lanes_of_one(p.a_multiplier, p.a_shift);
    tinyml_rescale_lanes b_factor = tinyml_rescale_lanes_of_one(p.b_multiplier, p.b_shift);
    tinyml_rescale_lanes factor = tinyml_rescale_lanes_of_one(p.output_multiplier, p.output_shift);
    for (; i + 8 <= count; i += 8) {
      v128_t x = tinyml_load_eight(a_step ? a + i : a, a_step, p.a_zero_point);
      v128_t y = tinyml_load_eight(b_step ? b + i : b, b_step, p.b_zero_point);
      v128_t halves[2];
      for (int half = 0; half < 2; half++) {
        v128_t x4 = half ? wasm_i32x4_extend_high_i16x8(x) : wasm_i32x4_extend_low_i16x8(x);
        v128_t y4 = half ? wasm_i32x4_extend_high_i16x8(y) : wasm_i32x4_extend_low_i16x8(y);
        x4 = tinyml_rescale_four(wasm_i32x4_shl(x4, (uint32_t)p.left_shift), &a_factor);
        y4 = tinyml_rescale_four(wasm_i32x4_shl(y4, (uint32_t)p.left_shift), &b_factor);
        v128_t sum = p.sign < 0 ? wasm_i32x4_sub(x4, y4) : wasm_i32x4_add(x4, y4);
        halves[half] = tinyml_finish_lanes(sum, &factor, (int16_t)p.output_zero_point, (int16_t)p.minimum,
                                           (int16_t)p.maximum);
      }
      tinyml_store_int8_lanes(output + i, halves[0], halves[1], 8);
    }
  }
#endif
  for (; i < count; i++) {
    int32_t x = (a[a_step ? i : 0] - p.a_zero_point) * ((int32_t)1 << p.left_shift);
    int32_t y = (b[b_step ? i : 0] - p.b_zero_point) * ((int32_t)1 << p.left_shift);
    int32_t sum = tinyml_rescale(x, p.a_multiplier, (int8_t)p.a_shift) +
                  p.sign * tinyml_rescale(y, p.b_multiplier, (int8_t)p.b_shift);
    int32_t value = tinyml_rescale(sum, p.output_multiplier, (int8_t)p.output_shift) + p.output_zero_point;
    output[i] = tinyml_clamp_int8(value, (int16_t)p.minimum, (int16_t)p.maximum);
  }
}

void tinyml_add_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                     const tinyml_broadcast *broadcast, const tinyml_sum *sum) {
  tinyml_sum parameters;
  TINYML_READ_STRUCT(parameters, sum);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int8_t), tinyml_add_int8_row, &parameters);
}

static void tinyml_mul_int8_row(const void *a_elements, const void *b_elements, void *results, tinyml_size count,
                                int a_step, int b_step, const void *parameters) {
  const int8_t *a = (const int8_t *)a_elements;
  const int8_t *b = (const int8_t *)b_elements;
  int8_t *output = (int8_t *)results;
  tinyml_product p = *(const tinyml_product *)parameters;
  tinyml_size i = 0;
#ifdef __wasm_simd128__
  if (count >= 8) {
    tinyml_rescale_lanes factor = tinyml_rescale_lanes_of_one(p.multiplier, p.shift);
    for (; i + 8 <= count; i += 8) {
      v128_t x = tinyml_load_eight(a_step ? a + i : a, a_step, p.a_zero_point);
      v128_t y = tinyml_load_eight(b_step ? b + i : b, b_step, p.b_zero_point);
      int16_t zero_point = (int16_t)p.output_zero_point;
      int16_t minimum = (int16_t)p.minimum, maximum = (int16_t)p.maximum;
      v128_t low = tinyml_finish_lanes(wasm_i32x4_extmul_low_i16x8(x, y), &factor, zero_point, minimum, maximum);
      v128_t high = tinyml_finish_lanes(wasm_i32x4_extmul_high_i16x8(x, y), &factor, zero_point, minimum, maximum);
      tinyml_store_int8_lanes(output + i, low, high, 8);
    }
  }
#endif
  for (; i < count; i++) {
    int32_t product = (a[a_step ? i : 0] - p.a_zero_point) * (b[b_step ? i : 0] - p.b_zero_point);
    int32_t value = tinyml_rescale(product, p.multiplier, (int8_t)p.shift) + p.output_zero_point;
    output[i] = tinyml_clamp_int8(value, (int16_t)p.minimum, (int16_t)p.maximum);
  }
}

void tinyml_mul_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                     const tinyml_broadcast *broadcast, const tinyml_product *product) {
  tinyml_product parameters;
  TINYML_READ_STRUCT(parameters, product);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int8_t), tinyml_mul_int8_row, &parameters);
}

static void tinyml_maximum_int8_row(const void *a_elements, const void *b_elements, void *results, tinyml_size count,
                                    int a_step, int b_step, const void *parameters) {
  const int8_t *a = (const int8_t *)a_elements;
  const int8_t *b = (const int8_t *)b_elements;
  int8_t *output = (int8_t *)results;
  (void)parameters;
  for (tinyml_size i = 0; i < count; i++) {
    int8_t x = a[a_step ? i : 0], y = b[b_step ? i : 0];
    output[i] = x > y ? x : y;
  }
}

void tinyml_maximum_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                         const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int8_t), tinyml_maximum_int8_row, NULL);
}

static void tinyml_minimum_int8_row(const void *a_elements, const void *b_elements, void *results, tinyml_size count,
                                    int a_step, int b_step, const void *parameters) {
  const int8_t *a = (const int8_t *)a_elements;
  const int8_t *b = (const int8_t *)b_elements;
  int8_t *output = (int8_t *)results;
  (void)parameters;
  for (tinyml_size i = 0; i < count; i++) {
    int8_t x = a[a_step ? i : 0], y = b[b_step ? i : 0];
    output[i] = x < y ? x : y;
  }
}

void tinyml_minimum_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                         const tinyml_broadcast *broadcast) {
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int8_t), tinyml_minimum_int8_row, NULL);
}

static void tinyml_prelu_int8_row(const void *a_elements, const void *b_elements, void *results, tinyml_size count,
                                  int a_step, int b_step, const void *parameters) {
  const int8_t *input = (const int8_t *)a_elements;
  const int8_t *alpha = (const int8_t *)b_elements;
  int8_t *output = (int8_t *)results;
  tinyml_slope p = *(const tinyml_slope *)parameters;
  for (tinyml_size i = 0; i < count; i++) {
    int32_t x = input[a_step ? i : 0] - p.input_zero_point;
    int32_t value = x >= 0 ? tinyml_rescale(x, p.multiplier, (int8_t)p.shift)
                           : tinyml_rescale(x * (alpha[b_step ? i : 0] - p.alpha_zero_point), p.alpha_multiplier,
                                            (int8_t)p.alpha_shift);
    output[i] = tinyml_clamp_int8(value + p.output_zero_point, -128, 127);
  }
}

void tinyml_prelu_int8(const int8_t *input, const int8_t *alpha, int8_t *output, tinyml_size outer,
                       const tinyml_broadcast *broadcast, const tinyml_slope *slope) {
  tinyml_slope parameters;
  TINYML_READ_STRUCT(parameters, slope);
  tinyml_broadcast_rows(input, alpha, output, outer, broadcast, sizeof(int8_t), tinyml_prelu_int8_row, &parameters);
}

static void tinyml_squared_difference_int8_row(const void *a_elements, const void *b_elements, void *results,
                                               tinyml_size count, int a_step, int b_step, const void *parameters) {
  const int8_t *a = (const int8_t *)a_elements;
  const int8_t *b = (const int8_t *)b_elements;
  int8_t *output = (int8_t *)results;
  tinyml_sum p = *(const tinyml_sum *)parameters;
  for (tinyml_size i = 0; i < count; i++) {
    int32_t x = (a[a_step ? i : 0] - p.a_zero_point) * ((int32_t)1 << p.left_shift);
    int32_t y = (b[b_step ? i : 0] - p.b_zero_point) * ((int32_t)1 << p.left_shift);
    int32_t difference =
        tinyml_rescale(x, p.a_multiplier, (int8_t)p.a_shift) - tinyml_rescale(y, p.b_multiplier, (int8_t)p.b_shift);
    int32_t value = tinyml_rescale(difference * difference, p.output_multiplier, (int8_t)p.output_shift);
    output[i] = tinyml_clamp_int8(value + p.output_zero_point, (int16_t)p.minimum, (int16_t)p.maximum);
  }
}

void tinyml_squared_difference_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                                    const tinyml_broadcast *broadcast, const tinyml_sum *sum) {
  tinyml_sum parameters;
  TINYML_READ_STRUCT(parameters, sum);
  tinyml_broadcast_rows(a, b, output, outer, broadcast, sizeof(int8_t), tinyml_squared_difference_int8_row, &parameters);
}

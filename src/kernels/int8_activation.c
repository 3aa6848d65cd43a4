/*
 * Activations of int8 models: TensorFlow Lite's RELU, LOGISTIC, TANH and SOFTMAX, in fixed point throughout.
 * "Q5" below says: 5 bits before the binary point, 26 after it, and the sign.
 */
#include "int16_fixed_point.h"
#include "tinyml_kernels.h"

void tinyml_relu_int8(const int8_t *input, int8_t *output, tinyml_size count, int16_t input_zero_point,
                      int16_t output_zero_point, int32_t multiplier, int8_t shift, int16_t minimum, int16_t maximum) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t value = tinyml_rescale(input[i] - input_zero_point, multiplier, shift) + output_zero_point;
    output[i] = tinyml_clamp_int8(value, minimum, maximum);
  }
}

/* e^-1/4, e^-1/2, e^-1 .. e^-16 in Q0. */
static const int32_t tinyml_exp_factors[7] TINYML_FLASH = {1672461947, 1302514674, 790015084, 290630308,
                                                           39332535,   720401,     242};

/*
 * e^x in Q0 of an x <= 0 with the given number of bits after its binary point, 26 or 27. x is split into a part in
 * -1/4 .. 0, whose power comes from the Taylor series around -1/8, and powers of two, whose e^ are in the table.
 */
TINYML_FIXED_POINT int32_t tinyml_exp_fixed(int32_t x, uint8_t fraction_bits) {
  if (x == 0) return INT32_MAX;
  int32_t quarter = (int32_t)1 << (fraction_bits - 2);
  int32_t part = (x & (quarter - 1)) - quarter;
  int32_t y = part * ((int32_t)1 << (31 - fraction_bits)) + ((int32_t)1 << 28);
  int32_t size = y < 0 ? -y : y;
  int32_t y2 = tinyml_multiply_fraction(size, size);
  int32_t y3 = tinyml_multiply_fraction(y, y2);
  int32_t y4 = tinyml_multiply_fraction(y2, y2);
  int32_t series = tinyml_multiply_fraction(tinyml_divide_by_power(y4, 2) + y3, 715827883 /* 1/3 */) + y2;
  series = y + tinyml_divide_by_power(series, 1);
  int32_t result = 1895147668 /* e^-1/8 */;
  result += tinyml_multiply_fraction(series, result);
  uint32_t rest = (uint32_t)(part - x) >> (fraction_bits - 2);
  for (const int32_t *factor = tinyml_exp_factors; rest != 0; factor++, rest >>= 1) {
    if (rest & 1) result = tinyml_multiply_fraction(result, TINYML_READ_INT32(factor));
  }
  return result;
}

/* 2 / (1 + x) in Q2 of an x in 0 .. 1 in Q0, by three steps of Newton's method. */
TINYML_FIXED_POINT int32_t tinyml_reciprocal_fixed(int32_t x) {
  int32_t half_denominator = ((int32_t)1 << 30) + (x >> 1);
  int32_t guess = 1515870810 /* 48/17 */ + tinyml_multiply_fraction(-1010580540 /* -32/17 */, half_denominator);
  for (uint8_t i = 0; i < 3; i++) {
    int32_t error = ((int32_t)1 << 29) - tinyml_multiply_fraction(half_denominator, guess);
    guess += tinyml_multiply_fraction(error, guess) * 4;
  }
  return guess;
}

/* value * 2^bits, at most INT32_MAX; value is not negative. */
static inline int32_t tinyml_shift_saturating(int32_t value, uint8_t bits) {
  return value > (INT32_MAX >> bits) ? INT32_MAX : value * ((int32_t)1 << bits);
}

void tinyml_logistic_int8(const int8_t *input, int8_t *output, tinyml_size count, int16_t input_zero_point,
                          int16_t input_range_radius, int32_t multiplier, int8_t shift) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t x = input[i] - input_zero_point;
    if (x <= -input_range_radius) {
      output[i] = -128;
    } else if (x >= input_range_radius) {
      output[i] = 127;
    } else {
      x = tinyml_rescale(x, multiplier, shift); /* Q4 */
      int32_t result = (int32_t)1 << 30;
      if (x != 0) {
        result = tinyml_shift_saturating(tinyml_reciprocal_fixed(tinyml_exp_fixed(x < 0 ? x : -x, 27)), 1);
        if (x < 0) result = INT32_MAX - result;
      }
      output[i] = tinyml_clamp_int8(tinyml_divide_by_power(result, 23) - 128, -128, 127);
    }
  }
}

void tinyml_tanh_int8(const int8_t *input, int8_t *output, tinyml_size count, int16_t input_zero_point,
                      int16_t input_range_radius, int32_t multiplier, int8_t shift) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t x = input[i] - input_zero_point;
    if (x <= -input_range_radius) {
      output[i] = -128;
    } else if (x >= input_range_radius) {
      output[i] = 127;
    } else {
      x = tinyml_rescale(x, multiplier, shift); /* x in Q4; the same bits are 2 x in Q5 */
      int32_t result = 0;
      if (x != 0) {
        int32_t reciprocal = tinyml_reciprocal_fixed(tinyml_exp_fixed(x < 0 ? x : -x, 26));
        result = tinyml_shift_saturating(reciprocal - ((int32_t)1 << 29), 2);
        if (x < 0) result = -result;
      }
      output[i] = tinyml_clamp_int8(tinyml_divide_by_power(result, 24), -128, 127);
    }
  }
}

/* Rows of classes, to steps of 1/256 in output8 or, where that is NULL, to steps of 1/65536 in output16. */
static inline void tinyml_softmax_rows(const int8_t *input, int8_t *output8, int16_t *output16, tinyml_size batch,
                                       tinyml_size classes, int32_t multiplier, int8_t shift,
                                       int16_t difference_minimum) {
  for (tinyml_size b = 0; b < batch; b++) {
    int8_t largest = -128;
    for (tinyml_size c = 0; c < classes; c++) {
      if (input[c] > largest) largest = input[c];
    }
    /* The powers twice: once for their sum (Q12), once to divide them. Keeping them would need RAM. */
    int32_t sum = 0;
    for (tinyml_size c = 0; c < classes; c++) {
      int32_t difference = input[c] - largest;
      if (difference < difference_minimum) continue;
      sum += tinyml_divide_by_power(tinyml_exp_fixed(tinyml_rescale(difference, multiplier, shift), 26), 12);
    }
    /* sum = 2^(12 - headroom) * (1 + fraction); its reciprocal in Q0 and the shift that belongs to it. */
    uint8_t headroom = 0;
    uint32_t normalized = (uint32_t)sum;
    while (!(normalized & 0x80000000u)) {
      normalized <<= 1;
      headroom++;
    }
    int32_t reciprocal = tinyml_shift_saturating(tinyml_reciprocal_fixed((int32_t)(normalized & 0x7fffffffu)), 1);
    uint8_t exponent = (uint8_t)(12 - headroom + 31 - (output8 ? 8 : 16));
    for (tinyml_size c = 0; c < classes; c++) {
      int32_t difference = input[c] - largest;
      int32_t value = output8 ? -128 : -32768;
      /* A sum of 512 and more leaves less than half a step of 1/256 to every class. */
      if (difference >= difference_minimum && exponent < 32) {
        int32_t power = tinyml_exp_fixed(tinyml_rescale(difference, multiplier, shift), 26);
        value += tinyml_divide_by_power(tinyml_multiply_fraction(reciprocal, power), exponent);
      }
      if (output8) output8[c] = tinyml_clamp_int8(value, -128, 127);
      else output16[c] = tinyml_clamp_int16(value, -32768, 32767);
    }
    input += classes;
    if (output8) output8 += classes;
    else output16 += classes;
  }
}

void tinyml_softmax_int8(const int8_t *input, int8_t *output, tinyml_size batch, tinyml_size classes,
                         int32_t multiplier, int8_t shift, int16_t difference_minimum) {
  tinyml_softmax_rows(input, output, NULL, batch, classes, multiplier, shift, difference_minimum);
}

void tinyml_softmax_int8_to_int16(const int8_t *input, int16_t *output, tinyml_size batch, tinyml_size classes,
                                  int32_t multiplier, int8_t shift, int16_t difference_minimum) {
  tinyml_softmax_rows(input, NULL, output, batch, classes, multiplier, shift, difference_minimum);
}

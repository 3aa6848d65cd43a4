/* From one integer type to another, and between whole numbers and floats: TensorFlow Lite's QUANTIZE of integers, and CAST. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"

/* How many elements are worked on at once. */
#define TINYML_CONVERT_ELEMENTS ((tinyml_size)16)

/* count elements of an integer type, from element `at` on. */
static void tinyml_load_integers(const void *input, int type, tinyml_size at, tinyml_size count, int32_t *values) {
  for (tinyml_size i = 0; i < count; i++, at++) {
    switch (type) {
      case TINYML_INT8: values[i] = ((const int8_t *)input)[at]; break;
      case TINYML_UINT8: values[i] = ((const uint8_t *)input)[at]; break;
      case TINYML_BOOL: values[i] = ((const uint8_t *)input)[at] != 0; break;
      case TINYML_INT16: values[i] = ((const int16_t *)input)[at]; break;
      default: values[i] = ((const int32_t *)input)[at];
    }
  }
}

/* The other way round; what does not fit loses its upper bits. */
static void tinyml_store_integers(void *output, int type, tinyml_size at, tinyml_size count, const int32_t *values) {
  for (tinyml_size i = 0; i < count; i++, at++) {
    switch (type) {
      case TINYML_INT8: ((int8_t *)output)[at] = (int8_t)values[i]; break;
      case TINYML_UINT8: ((uint8_t *)output)[at] = (uint8_t)values[i]; break;
      case TINYML_BOOL: ((uint8_t *)output)[at] = values[i] != 0; break;
      case TINYML_INT16: ((int16_t *)output)[at] = (int16_t)values[i]; break;
      default: ((int32_t *)output)[at] = values[i];
    }
  }
}

static int32_t tinyml_lowest_integer(int type) {
  switch (type) {
    case TINYML_INT8: return INT8_MIN;
    case TINYML_INT16: return INT16_MIN;
    case TINYML_INT32: return INT32_MIN;
    default: return 0;
  }
}

static int32_t tinyml_highest_integer(int type) {
  switch (type) {
    case TINYML_INT8: return INT8_MAX;
    case TINYML_UINT8: return UINT8_MAX;
    case TINYML_INT16: return INT16_MAX;
    default: return INT32_MAX;
  }
}

void tinyml_requantize(const void *input, void *output, tinyml_size count, int input_type, int output_type,
                       int32_t input_zero_point, int32_t output_zero_point, int32_t multiplier, int8_t shift) {
  int32_t lowest = tinyml_lowest_integer(output_type), highest = tinyml_highest_integer(output_type);
  int32_t values[TINYML_CONVERT_ELEMENTS];
  for (tinyml_size at = 0; at < count; at += TINYML_CONVERT_ELEMENTS) {
    tinyml_size some = count - at < TINYML_CONVERT_ELEMENTS ? count - at : TINYML_CONVERT_ELEMENTS;
    tinyml_load_integers(input, input_type, at, some, values);
    for (tinyml_size i = 0; i < some; i++) {
      int32_t value = tinyml_rescale(values[i] - input_zero_point, multiplier, shift) + output_zero_point;
      if (value < lowest) value = lowest;
      values[i] = value > highest ? highest : value;
    }
    tinyml_store_integers(output, output_type, at, some, values);
  }
}

/* The whole part; the nearest number of the type where it has none. */
static int32_t tinyml_whole_part(float value, int type) {
  int32_t lowest = tinyml_lowest_integer(type), highest = tinyml_highest_integer(type);
  if (type == TINYML_BOOL) return value != 0.0f;
  /* Written so that NaN gives the lowest number; INT32_MAX as a float is 2^31, which is too large already. */
  if (!(value > (float)lowest)) return lowest;
  return value >= (float)highest ? highest : (int32_t)value;
}

void tinyml_cast(const void *input, void *output, tinyml_size count, int input_type, int output_type) {
  const float *input_floats = (const float *)input;
  float *output_floats = (float *)output;
  int32_t values[TINYML_CONVERT_ELEMENTS];
  for (tinyml_size at = 0; at < count; at += TINYML_CONVERT_ELEMENTS) {
    tinyml_size some = count - at < TINYML_CONVERT_ELEMENTS ? count - at : TINYML_CONVERT_ELEMENTS;
    if (input_type == TINYML_FLOAT32) {
      for (tinyml_size i = 0; i < some; i++) values[i] = tinyml_whole_part(input_floats[at + i], output_type);
    } else {
      tinyml_load_integers(input, input_type, at, some, values);
    }
    if (output_type == TINYML_FLOAT32) {
      for (tinyml_size i = 0; i < some; i++) output_floats[at + i] = (float)values[i];
    } else {
      tinyml_store_integers(output, output_type, at, some, values);
    }
  }
}

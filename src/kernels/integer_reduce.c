/* Sums, means, the largest and the smallest over dimensions of int8 and int16 tensors, and where these are. */
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"

/* How many neighbours are worked on at once. */
enum { TINYML_REDUCED_CHANNELS = 16 };

/* What becomes of the numbers that are taken together. */
enum { TINYML_INTEGER_SUM, TINYML_INTEGER_LARGEST, TINYML_INTEGER_SMALLEST };

static inline int32_t tinyml_integer_at(const void *input, tinyml_size at, int has_16_bits) {
  return has_16_bits ? ((const int16_t *)input)[at] : ((const int8_t *)input)[at];
}

static inline int32_t tinyml_reduced_integer(int32_t so_far, int32_t value, int kind) {
  if (kind == TINYML_INTEGER_SUM) return so_far + value;
  if (kind == TINYML_INTEGER_LARGEST) return value > so_far ? value : so_far;
  return value < so_far ? value : so_far;
}

/* What the sums become, in the end; the largest and the smallest stay as they are. */
typedef struct {
  int32_t zeros, multiplier, output_zero_point;
  int8_t shift;
} tinyml_sum_scaling;

static inline void tinyml_reduce_integer(const void *input, void *output, tinyml_size outer,
                                         const tinyml_reduction *reduction, const tinyml_sum_scaling *scaling,
                                         int has_16_bits, int kind) {
  tinyml_reduction r;
  TINYML_READ_STRUCT(r, reduction);
  int inner = r.kept[2];
  tinyml_size step1 = (tinyml_size)r.reduced[2] * inner, step0 = step1 * r.kept[1] * r.reduced[1], to = 0;
  for (tinyml_size i = 0; i < outer * r.kept[0]; i++) {
    tinyml_size from0 = (i / r.kept[0] * r.reduced[0] * r.kept[0] + i % r.kept[0]) * step0;
    for (int j = 0; j < r.kept[1]; j++) {
      for (int first = 0; first < inner; first += TINYML_REDUCED_CHANNELS) {
        int count = inner - first;
        if (count > TINYML_REDUCED_CHANNELS) count = TINYML_REDUCED_CHANNELS;
        tinyml_size from1 = from0 + j * step1 + first;
        int32_t results[TINYML_REDUCED_CHANNELS] = {0};
        if (kind != TINYML_INTEGER_SUM) {
          for (int c = 0; c < count; c++) results[c] = tinyml_integer_at(input, from1 + c, has_16_bits);
        }
        for (int a = 0; a < r.reduced[0]; a++) {
          for (int b = 0; b < r.reduced[1]; b++) {
            tinyml_size from = from1 + a * (r.kept[0] * step0) + b * (r.kept[1] * step1);
            for (int d = 0; d < r.reduced[2]; d++, from += inner) {
              for (int c = 0; c < count; c++) {
                results[c] = tinyml_reduced_integer(results[c], tinyml_integer_at(input, from + c, has_16_bits), kind);
              }
            }
          }
        }
        for (int c = 0; c < count; c++, to++) {
          int32_t value = results[c];
          if (kind == TINYML_INTEGER_SUM) {
            value = tinyml_rescale(value - scaling->zeros, scaling->multiplier, scaling->shift);
            value += scaling->output_zero_point;
            int32_t limit = has_16_bits ? 32767 : 127;
            if (value > limit) value = limit;
            if (value < -limit - 1) value = -limit - 1;
          }
          if (has_16_bits) ((int16_t *)output)[to] = (int16_t)value;
          else ((int8_t *)output)[to] = (int8_t)value;
        }
      }
    }
  }
}

void tinyml_reduce_sum_int8(const int8_t *input, int8_t *output, tinyml_size outer, const tinyml_reduction *reduction,
                     int32_t zeros, int16_t output_zero_point, int32_t multiplier, int8_t shift) {
  tinyml_sum_scaling scaling = {zeros, multiplier, output_zero_point, shift};
  tinyml_reduce_integer(input, output, outer, reduction, &scaling, 0, TINYML_INTEGER_SUM);
}

void tinyml_reduce_sum_int16(const int16_t *input, int16_t *output, tinyml_size outer, const tinyml_reduction *reduction,
                      int32_t zeros, int16_t output_zero_point, int32_t multiplier, int8_t shift) {
  tinyml_sum_scaling scaling = {zeros, multiplier, output_zero_point, shift};
  tinyml_reduce_integer(input, output, outer, reduction, &scaling, 1, TINYML_INTEGER_SUM);
}

void tinyml_reduce_largest_int8(const int8_t *input, int8_t *output, tinyml_size outer, const tinyml_reduction *reduction) {
  tinyml_reduce_integer(input, output, outer, reduction, NULL, 0, TINYML_INTEGER_LARGEST);
}

void tinyml_reduce_smallest_int8(const int8_t *input, int8_t *output, tinyml_size outer, const tinyml_reduction *reduction) {
  tinyml_reduce_integer(input, output, outer, reduction, NULL, 0, TINYML_INTEGER_SMALLEST);
}

void tinyml_place_of_int8(const int8_t *input, void *output, tinyml_size outer, tinyml_size count, tinyml_size inner,
                          int smallest, int has_64_bits) {
  for (tinyml_size i = 0; i < outer * inner; i++) {
    const int8_t *from = input + i / inner * count * inner + i % inner;
    int8_t best = *from;
    tinyml_size place = 0;
    for (tinyml_size j = 1; j < count; j++) {
      int8_t value = from[j * inner];
      if (smallest ? value < best : value > best) {
        best = value;
        place = j;
      }
    }
    if (has_64_bits) ((int64_t *)output)[i] = (int64_t)place;
    else ((int32_t *)output)[i] = (int32_t)place;
  }
}

/* Sums, means, the largest and the smallest over dimensions of float tensors, and where these are. */
#include "tinyml_kernels.h"

/* What becomes of the numbers that are taken together. */
enum { TINYML_SUM, TINYML_LARGEST, TINYML_SMALLEST };

static inline float tinyml_reduced_float(float so_far, float value, int kind) {
  if (kind == TINYML_SUM) return so_far + value;
  if (kind == TINYML_LARGEST) return value > so_far ? value : so_far;
  return value < so_far ? value : so_far;
}

static inline void tinyml_reduce_float(const float *input, float *output, tinyml_size outer,
                                       const tinyml_reduction *reduction, float divisor, int kind) {
  tinyml_reduction r;
  TINYML_READ_STRUCT(r, reduction);
  int inner = r.kept[2];
  tinyml_size step1 = (tinyml_size)r.reduced[2] * inner, step0 = step1 * r.kept[1] * r.reduced[1];
  for (tinyml_size i = 0; i < outer * r.kept[0]; i++) {
    const float *from0 = input + (i / r.kept[0] * r.reduced[0] * r.kept[0] + i % r.kept[0]) * step0;
    for (int j = 0; j < r.kept[1]; j++) {
      /* The output itself holds what there is so far. */
      for (int c = 0; c < inner; c++) output[c] = kind == TINYML_SUM ? 0.0f : from0[j * step1 + c];
      for (int a = 0; a < r.reduced[0]; a++) {
        for (int b = 0; b < r.reduced[1]; b++) {
          const float *from = from0 + a * (r.kept[0] * step0) + (b * (tinyml_size)r.kept[1] + j) * step1;
          for (int d = 0; d < r.reduced[2]; d++, from += inner) {
            for (int c = 0; c < inner; c++) output[c] = tinyml_reduced_float(output[c], from[c], kind);
          }
        }
      }
      if (kind == TINYML_SUM) {
        for (int c = 0; c < inner; c++) output[c] /= divisor;
      }
      output += inner;
    }
  }
}

void tinyml_reduce_sum_float(const float *input, float *output, tinyml_size outer, const tinyml_reduction *reduction,
                      float divisor) {
  tinyml_reduce_float(input, output, outer, reduction, divisor, TINYML_SUM);
}

void tinyml_reduce_largest_float(const float *input, float *output, tinyml_size outer, const tinyml_reduction *reduction) {
  tinyml_reduce_float(input, output, outer, reduction, 1.0f, TINYML_LARGEST);
}

void tinyml_reduce_smallest_float(const float *input, float *output, tinyml_size outer, const tinyml_reduction *reduction) {
  tinyml_reduce_float(input, output, outer, reduction, 1.0f, TINYML_SMALLEST);
}

void tinyml_place_of_float(const float *input, void *output, tinyml_size outer, tinyml_size count, tinyml_size inner,
                           int smallest, int has_64_bits) {
  for (tinyml_size i = 0; i < outer * inner; i++) {
    const float *from = input + i / inner * count * inner + i % inner;
    float best = *from;
    tinyml_size place = 0;
    for (tinyml_size j = 1; j < count; j++) {
      float value = from[j * inner];
      /* NaN is neither; a number is better than it. */
      if (smallest ? value < best || (best != best && value == value) : value > best || (best != best && value == value)) {
        best = value;
        place = j;
      }
    }
    if (has_64_bits) ((int64_t *)output)[i] = (int64_t)place;
    else ((int32_t *)output)[i] = (int32_t)place;
  }
}

/* Pictures of another size: TensorFlow Lite's RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR. */
#include "tinyml_kernels.h"

void tinyml_resize_nearest(const void *input, void *output, tinyml_size batch, const tinyml_resizing *resizing,
                           const int32_t *places, tinyml_size element_bytes) {
  tinyml_resizing r;
  TINYML_READ_STRUCT(r, resizing);
  const uint8_t *picture = (const uint8_t *)input;
  uint8_t *to = (uint8_t *)output;
  tinyml_size bytes = r.channels * element_bytes;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < r.output_height; y++) {
      const uint8_t *row = picture + (tinyml_size)TINYML_READ_INT32(places + y) * r.input_width * bytes;
      for (int x = 0; x < r.output_width; x++, to += bytes) {
        __builtin_memcpy(to, row + (tinyml_size)TINYML_READ_INT32(places + r.output_height + x) * bytes, bytes);
      }
    }
    picture += (tinyml_size)r.input_height * r.input_width * bytes;
  }
}

/* Between which two rows or columns a number lies, and how far behind the first one. */
typedef struct {
  int low, high;
  float behind;
} tinyml_between_float;

static inline tinyml_between_float tinyml_find_float(int at, float scale, int half_pixel_centers, int size) {
  float place = half_pixel_centers ? ((float)at + 0.5f) * scale - 0.5f : (float)at * scale;
  int low = (int)place;
  if (place < (float)low) low--;
  int high = place > (float)low ? low + 1 : low;
  if (low < 0) low = 0;
  if (low > size - 1) low = size - 1;
  if (high > size - 1) high = size - 1;
  tinyml_between_float found = {low, high, place - (float)low};
  return found;
}

void tinyml_resize_bilinear_float(const float *input, float *output, tinyml_size batch,
                                  const tinyml_resizing *resizing, int half_pixel_centers, float height_scale,
                                  float width_scale) {
  tinyml_resizing r;
  TINYML_READ_STRUCT(r, resizing);
  tinyml_size row = (tinyml_size)r.input_width * r.channels;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int i = 0; i < r.output_height; i++) {
      tinyml_between_float y = tinyml_find_float(i, height_scale, half_pixel_centers, r.input_height);
      for (int j = 0; j < r.output_width; j++) {
        tinyml_between_float x = tinyml_find_float(j, width_scale, half_pixel_centers, r.input_width);
        const float *low = input + y.low * row, *high = input + y.high * row;
        const float *low_low = low + x.low * r.channels, *low_high = low + x.high * r.channels;
        const float *high_low = high + x.low * r.channels, *high_high = high + x.high * r.channels;
        for (int c = 0; c < r.channels; c++) {
          *output++ = low_low[c] * (1.0f - y.behind) * (1.0f - x.behind) + high_low[c] * y.behind * (1.0f - x.behind) +
                      low_high[c] * (1.0f - y.behind) * x.behind + high_high[c] * y.behind * x.behind;
        }
      }
    }
    input += r.input_height * row;
  }
}

/* The same in steps of 1/1024. */
typedef struct {
  int low, high;
  int32_t behind;
} tinyml_between_int8;

static inline tinyml_between_int8 tinyml_find_int8(int at, int32_t scale, int half_pixel_centers, int size) {
  int32_t place = at * scale;
  if (half_pixel_centers) place += scale / 2 - 512;
  int32_t low = place / 1024, high = (place + 1023) / 1024;
  tinyml_between_int8 found = {(int)low, (int)high, place - low * 1024};
  if (high > size - 1) found.high = size - 1;
  /* The rounded scale may lead beyond the last one. */
  if (low > size - 1) found.low = size - 1, found.behind = 0;
  return found;
}

void tinyml_resize_bilinear_int8(const int8_t *input, int8_t *output, tinyml_size batch,
                                 const tinyml_resizing *resizing, int half_pixel_centers, int32_t height_scale,
                                 int32_t width_scale) {
  tinyml_resizing r;
  TINYML_READ_STRUCT(r, resizing);
  tinyml_size row = (tinyml_size)r.input_width * r.channels;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int i = 0; i < r.output_height; i++) {
      tinyml_between_int8 y = tinyml_find_int8(i, height_scale, half_pixel_centers, r.input_height);
      for (int j = 0; j < r.output_width; j++) {
        tinyml_between_int8 x = tinyml_find_int8(j, width_scale, half_pixel_centers, r.input_width);
        const int8_t *low = input + y.low * row, *high = input + y.high * row;
        const int8_t *low_low = low + x.low * r.channels, *low_high = low + x.high * r.channels;
        const int8_t *high_low = high + x.low * r.channels, *high_high = high + x.high * r.channels;
        for (int c = 0; c < r.channels; c++) {
          int32_t sum = low_low[c] * (1024 - y.behind) * (1024 - x.behind) + high_low[c] * y.behind * (1024 - x.behind) +
                        low_high[c] * (1024 - y.behind) * x.behind + high_high[c] * y.behind * x.behind;
          sum += sum > 0 ? (int32_t)1 << 19 : -((int32_t)1 << 19);
          *output++ = (int8_t)(sum / ((int32_t)1 << 20));
        }
      }
    }
    input += r.input_height * row;
  }
}

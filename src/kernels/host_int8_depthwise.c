/*
 * Depthwise convolution of int8 models on the host. The picture's rows under the window are widened to 16 bits once, with
 * their padding, so that every place of the output is computed alike.
 */
#ifdef __wasm_simd128__
#include "host_int8_matrix.h"

enum { TINYML_HOST_TAPS = 256 };

/* Rows of a picture as the kernel multiplies them: less their zero point, channels from `first` on, `count` of them. */
typedef struct {
  int first, count, multiple;
  int width, stride; /* places of a row with its padding; elements of a place, eights of channels */
  int zero_point;
} tinyml_wide_rows;

static inline void tinyml_zero_wide(int16_t *to, int count) {
  for (int i = 0; i < count; i += 8) wasm_v128_store(to + i, wasm_i16x8_const_splat(0));
}

/* count elements less the zero point. */
static inline void tinyml_widen_less(const int8_t *from, int16_t *to, int count, v128_t zero_point) {
  int i = 0;
  for (; i + 8 <= count; i += 8) wasm_v128_store(to + i, wasm_i16x8_sub(wasm_i16x8_load8x8(from + i), zero_point));
  for (; i < count; i++) to[i] = (int16_t)(from[i] - wasm_i16x8_extract_lane(zero_point, 0));
}

/* Each element less the zero point `multiple` times; the first one `left` times. */
static inline void tinyml_repeat_less(const int8_t *from, int16_t *to, int count, int multiple, int left, int zero_point) {
  for (int c = 0; c < count; c++) {
    to[c] = (int16_t)(*from - zero_point);
    if (--left == 0) from++, left = multiple;
  }
}

/* Row y of the picture, zeros where it lies outside. */
static void tinyml_widen_row(const int8_t *picture, const tinyml_window *w, int y, const tinyml_wide_rows *rows,
                             int16_t *to) {
  int stride = rows->stride;
  if (y < 0 || y >= w->input_height) {
    tinyml_zero_wide(to, rows->width * stride);
    return;
  }
  v128_t zero_point = wasm_i16x8_splat((int16_t)rows->zero_point);
  const int8_t *at = picture + (tinyml_size)y * w->input_width * w->input_channels + rows->first / rows->multiple;
  int before = w->padding_left, inside = rows->width - before;
  if (inside > w->input_width) inside = w->input_width;
  tinyml_zero_wide(to, before * stride);
  to += before * stride;
  if (rows->multiple == 1 && stride == w->input_channels) {
    tinyml_widen_less(at, to, inside * stride, zero_point);
  } else {
    for (int x = 0; x < inside; x++) {
      const int8_t *place = at + x * w->input_channels;
      if (rows->multiple == 1) {
        tinyml_widen_less(place, to + x * stride, rows->count, zero_point);
      } else {
        tinyml_repeat_less(place, to + x * stride, rows->count, rows->multiple,
                           rows->multiple - rows->first % rows->multiple, rows->zero_point);
      }
    }
  }
  tinyml_zero_wide(to + inside * stride, (rows->width - before - inside) * stride);
}

/* Eight channels of `places` neighbouring places; places and rectified are constants wherever this is inlined. */
static inline __attribute__((always_inline)) void tinyml_depthwise_places(const int16_t *at, int step, const int *taps,
                                                                          const int16_t *weights, int pairs, int places,
                                                                          const v128_t *bias,
                                                                          const tinyml_finish *finish, int8_t *output,
                                                                          const tinyml_host_output *to, int count,
                                                                          int rectified) {
  v128_t low[2], high[2];
  for (int p = 0; p < places; p++) low[p] = bias[0], high[p] = bias[1];
#pragma clang loop unroll(disable)
  for (int k = 0; k < pairs; k++) {
    v128_t w0 = wasm_v128_load(weights + 16 * k), w1 = wasm_v128_load(weights + 16 * k + 8);
    for (int p = 0; p < places; p++) {
      v128_t a = wasm_v128_load(at + p * step + taps[2 * k]), b = wasm_v128_load(at + p * step + taps[2 * k + 1]);
      v128_t x0 = wasm_i16x8_shuffle(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
      v128_t x1 = wasm_i16x8_shuffle(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
      low[p] = wasm_i32x4_add(low[p], wasm_i32x4_dot_i16x8(x0, w0));
      high[p] = wasm_i32x4_add(high[p], wasm_i32x4_dot_i16x8(x1, w1));
    }
  }
  v128_t narrow[2];
  for (int p = 0; p < places; p++) low[p] = tinyml_finish_four(low[p], finish, rectified);
  for (int p = 0; p < places; p++) {
    narrow[p] = wasm_i16x8_narrow_i32x4(low[p], tinyml_finish_four(high[p], finish + 1, rectified));
  }
  v128_t bytes = wasm_i8x16_narrow_i16x8(narrow[0], narrow[places - 1]);
  bytes = wasm_i8x16_min(wasm_i8x16_max(bytes, wasm_i8x16_splat(to->minimum)), wasm_i8x16_splat(to->maximum));
  tinyml_store_eight(output, bytes, 0, count);
  if (places == 2) tinyml_store_eight(output + to->stride, bytes, 1, count);
}

/* Eight channels of a row of the output. */
static inline __attribute__((always_inline)) void tinyml_depthwise_row(const int16_t *rows, int step, const int *taps,
                                                                       const int16_t *weights, int pairs, int width,
                                                                       const tinyml_eight *eight, int8_t *output,
                                                                       const tinyml_host_output *to, int count,
                                                                       int rectified) {
  v128_t bias[2] = {wasm_v128_load(eight->bias), wasm_v128_load(eight->bias + 4)};
  tinyml_finish finish[2] = {tinyml_finish_of(eight, 0), tinyml_finish_of(eight, 4)};
  int x = 0;
  for (; x + 2 <= width; x += 2) {
    tinyml_depthwise_places(rows, step, taps, weights, pairs, 2, bias, finish, output, to, count, rectified);
    rows += 2 * step;
    output += 2 * to->stride;
  }
  if (x < width) {
    tinyml_depthwise_places(rows, step, taps, weights, pairs, 1, bias, finish, output, to, count, rectified);
  }
}

void tinyml_host_depthwise_int8(const int8_t *input, const int16_t *weights, const tinyml_eight *eights, int8_t *output,
                                tinyml_size batch, const tinyml_window *window, int16_t input_zero_point,
                                int16_t minimum, int16_t maximum) {
  int16_t wide[TINYML_HOST_ELEMENTS] __attribute__((aligned(16)));
  int taps[TINYML_HOST_TAPS + 1], held[TINYML_HOST_TAPS];
  tinyml_window w = *window;
  int width = (w.output_width - 1) * w.stride_width + (w.window_width - 1) * w.dilation_width + 1;
  int most = TINYML_HOST_ELEMENTS / (w.window_height * width) & ~7;
  int pairs = (w.window_height * w.window_width + 1) / 2;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int first = 0; first < w.output_channels; first += most) {
      int count = w.output_channels - first < most ? w.output_channels - first : most;
      tinyml_wide_rows rows = {first, count, w.output_channels / w.input_channels, width, (count + 7) & ~7,
                               input_zero_point};
      int row = width * rows.stride;
      for (int i = 0; i < w.window_height; i++) held[i] = -w.padding_top - 1;
      for (int y = 0; y < w.output_height; y++) {
        int top = y * w.stride_height - w.padding_top;
        for (int i = 0; i < w.window_height; i++) {
          /* Neighbouring windows share rows: a row stays where it is until another one needs its slot. */
          int at = top + i * w.dilation_height, slot = (at + w.padding_top) / w.dilation_height % w.window_height;
          if (held[slot] != at) tinyml_widen_row(input, &w, at, &rows, wide + slot * row);
          held[slot] = at;
          for (int j = 0; j < w.window_width; j++) {
            taps[i * w.window_width + j] = slot * row + j * w.dilation_width * rows.stride;
          }
        }
        taps[w.window_height * w.window_width] = 0;
        tinyml_host_output to = {output + (tinyml_size)y * w.output_width * w.output_channels, w.output_channels,
                                 (int8_t)minimum, (int8_t)maximum};
        for (int c = 0; c < count; c += 8) {
          const int16_t *weight = weights + (tinyml_size)(first + c) * 2 * pairs;
          const tinyml_eight *eight = eights + (first + c) / 8;
          int8_t *at = to.output + first + c;
          int step = w.stride_width * rows.stride, lanes = count - c < 8 ? count - c : 8;
          if (lanes < 8) {
            tinyml_depthwise_row(wide + c, step, taps, weight, pairs, w.output_width, eight, at, &to, lanes, 0);
          } else if (tinyml_rectified(eight)) {
            tinyml_depthwise_row(wide + c, step, taps, weight, pairs, w.output_width, eight, at, &to, 8, 1);
          } else {
            tinyml_depthwise_row(wide + c, step, taps, weight, pairs, w.output_width, eight, at, &to, 8, 0);
          }
        }
      }
    }
    input += (tinyml_size)w.input_height * w.input_width * w.input_channels;
    output += (tinyml_size)w.output_height * w.output_width * w.output_channels;
  }
}
#endif

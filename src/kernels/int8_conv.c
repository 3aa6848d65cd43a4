/* Convolution of int8 models: TensorFlow Lite's CONV_2D with weights of zero point 0, one scale for each output channel. */
#include "int8_dot.h"
#include "int8_fixed_point.h"
#include "int8_rescale_simd.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

/* Elements of the windows that are laid out side by side before they are multiplied: half of the stack. */
enum { TINYML_PATCH_ELEMENTS = 16384, TINYML_PATCH_WINDOWS = 64 };

/* Widens `count` elements to 16 bits. */
static void tinyml_widen_int8(const int8_t *from, int16_t *to, int count) {
  int i = 0;
  for (; i + 8 <= count; i += 8) wasm_v128_store(to + i, wasm_i16x8_load8x8(from + i));
  for (; i < count; i++) to[i] = from[i];
}

static void tinyml_fill_int16(int16_t *to, int value, int count) {
  for (int i = 0; i < count; i++) to[i] = (int16_t)value;
}

/*
 * The inputs of one window, in the order of its weights, as [padded] with zeros at the end; outside of the picture they
 * are the zero point, which adds nothing.
 */
static void tinyml_lay_out_window(const int8_t *picture, const tinyml_window *w, int channels, int top, int left,
                                  int zero_point, int16_t *patch, int padded) {
  tinyml_span columns = tinyml_span_inside(left, w->window_width, w->dilation_width, w->input_width);
  int16_t *to = patch;
  for (int i = 0; i < w->window_height; i++) {
    int y = top + i * w->dilation_height;
    int inside = y >= 0 && y < w->input_height;
    int first = inside ? columns.first : w->window_width, end = inside ? columns.end : w->window_width;
    const int8_t *row = picture + ((tinyml_size)(inside ? y : 0) * w->input_width) * w->input_channels;
    if (first > 0) tinyml_fill_int16(to, zero_point, first * channels);
    to += first * channels;
    if (w->dilation_width == 1 && channels == w->input_channels) {
      if (end > first) tinyml_widen_int8(row + (left + first) * channels, to, (end - first) * channels);
      to += (end - first) * channels;
    } else {
      for (int j = first; j < end; j++) {
        tinyml_widen_int8(row + (left + j * w->dilation_width) * w->input_channels, to, channels);
        to += channels;
      }
    }
    if (end < w->window_width) tinyml_fill_int16(to, zero_point, (w->window_width - end) * channels);
    to += (w->window_width - end) * channels;
  }
  for (; to < patch + padded; to++) *to = 0;
}

/*
 * The sums of products of two windows with the weights of four channels, each a vector of the four.
 * whole is the row's length in full eights; tails holds what is left of the rows, filled up with zeros.
 */
static inline __attribute__((always_inline)) void tinyml_conv_tile(const int16_t *a, const int16_t *b,
                                                                   const int8_t *const *rows, int whole, int rest,
                                                                   const v128_t *tails, v128_t *sum_a, v128_t *sum_b) {
  v128_t none = wasm_i32x4_const_splat(0);
  v128_t a0 = none, a1 = none, a2 = none, a3 = none, b0 = none, b1 = none, b2 = none, b3 = none;
  const int8_t *r0 = rows[0], *r1 = rows[1], *r2 = rows[2], *r3 = rows[3];
  for (int k = 0; k < whole; k += 8) {
    v128_t x = wasm_v128_load(a + k), y = wasm_v128_load(b + k), w;
    w = wasm_i16x8_load8x8(r0 + k);
    a0 = wasm_i32x4_add(a0, wasm_i32x4_dot_i16x8(x, w));
    b0 = wasm_i32x4_add(b0, wasm_i32x4_dot_i16x8(y, w));
    w = wasm_i16x8_load8x8(r1 + k);
    a1 = wasm_i32x4_add(a1, wasm_i32x4_dot_i16x8(x, w));
    b1 = wasm_i32x4_add(b1, wasm_i32x4_dot_i16x8(y, w));
    w = wasm_i16x8_load8x8(r2 + k);
    a2 = wasm_i32x4_add(a2, wasm_i32x4_dot_i16x8(x, w));
    b2 = wasm_i32x4_add(b2, wasm_i32x4_dot_i16x8(y, w));
    w = wasm_i16x8_load8x8(r3 + k);
    a3 = wasm_i32x4_add(a3, wasm_i32x4_dot_i16x8(x, w));
    b3 = wasm_i32x4_add(b3, wasm_i32x4_dot_i16x8(y, w));
  }
  if (rest) {
    v128_t x = wasm_v128_load(a + whole), y = wasm_v128_load(b + whole);
    a0 = wasm_i32x4_add(a0, wasm_i32x4_dot_i16x8(x, tails[0]));
    b0 = wasm_i32x4_add(b0, wasm_i32x4_dot_i16x8(y, tails[0]));
    a1 = wasm_i32x4_add(a1, wasm_i32x4_dot_i16x8(x, tails[1]));
    b1 = wasm_i32x4_add(b1, wasm_i32x4_dot_i16x8(y, tails[1]));
    a2 = wasm_i32x4_add(a2, wasm_i32x4_dot_i16x8(x, tails[2]));
    b2 = wasm_i32x4_add(b2, wasm_i32x4_dot_i16x8(y, tails[2]));
    a3 = wasm_i32x4_add(a3, wasm_i32x4_dot_i16x8(x, tails[3]));
    b3 = wasm_i32x4_add(b3, wasm_i32x4_dot_i16x8(y, tails[3]));
  }
  *sum_a = tinyml_lane_sums_int32(a0, a1, a2, a3);
  *sum_b = tinyml_lane_sums_int32(b0, b1, b2, b3);
}

/* What a group of channels is computed with. */
typedef struct {
  const int8_t *weights; /* [outputs][length] */
  const int32_t *bias, *multipliers;
  const int8_t *shifts;
  int length, outputs;
  int output_stride; /* from a place of the output to the next */
  int16_t zero_point, minimum, maximum;
} tinyml_conv_channels;

/* Multiplies laid out windows [count][padded] with all weights; output points to the first place's first channel. */
static void tinyml_conv_patches(const int16_t *patches, int padded, int count, const tinyml_conv_channels *c,
                                int8_t *output) {
  int whole = c->length & ~7, rest = c->length & 7;
  for (int o = 0; o < c->outputs; o += 4) {
    int n = c->outputs - o < 4 ? c->outputs - o : 4;
    const int8_t *rows[4];
    v128_t tails[4];
    for (int k = 0; k < 4; k++) {
      rows[k] = c->weights + (tinyml_size)(o + (k < n ? k : n - 1)) * c->length;
      int16_t tail[8] = {0};
      for (int i = 0; i < rest; i++) tail[i] = rows[k][whole + i];
      tails[k] = wasm_v128_load(tail);
    }
    tinyml_rescale_lanes by = tinyml_rescale_lanes_of(c->multipliers + o, c->shifts + o, n);
    v128_t bias = tinyml_load_int32_lanes(c->bias + o, n);
    for (int p = 0; p < count; p += 2) {
      const int16_t *a = patches + p * padded, *b = p + 1 < count ? a + padded : a;
      int8_t *to = output + p * c->output_stride + o;
      v128_t sum_a, sum_b;
      tinyml_conv_tile(a, b, rows, whole, rest, tails, &sum_a, &sum_b);
      sum_a = tinyml_finish_lanes(wasm_i32x4_add(sum_a, bias), &by, c->zero_point, c->minimum, c->maximum);
      sum_b = tinyml_finish_lanes(wasm_i32x4_add(sum_b, bias), &by, c->zero_point, c->minimum, c->maximum);
      tinyml_store_int8_lanes(to, sum_a, sum_b, n);
      if (p + 1 < count) tinyml_store_int8_lanes(to + c->output_stride, sum_b, sum_b, n);
    }
  }
}
#endif

/* How the part of a window that lies inside of the picture is walked through. */
typedef struct {
  int height, parts;        /* rows, and in each of them pieces that lie side by side in picture and weights */
  tinyml_size part;         /* elements of a piece */
  tinyml_size place, row;   /* from a piece of the picture to the next, and from a row to the next */
  tinyml_size weight_place, weight_row;
} tinyml_window_walk;

#ifdef __ARM_FEATURE_DSP
/* Sums of products of a piece of the picture and four channels' weights, `length` apart: each input is widened once. */
static inline void tinyml_dot_four_int8(const int8_t *input, const int8_t *weights, tinyml_size length,
                                        tinyml_size count, int32_t *sums) {
  const int8_t *a = weights, *c = weights + 2 * length;
  int32_t sum_a = sums[0], sum_b = sums[1], sum_c = sums[2], sum_d = sums[3];
  for (tinyml_size fours = count / 4; fours > 0; fours--) {
    uint32_t x = tinyml_load_four_int8(input), even = tinyml_even_int8(x), odd = tinyml_odd_int8(x);
    sum_a = tinyml_multiply_four_int8(even, odd, tinyml_load_four_int8(a), sum_a);
    sum_b = tinyml_multiply_four_int8(even, odd, tinyml_load_four_int8(a + length), sum_b);
    sum_c = tinyml_multiply_four_int8(even, odd, tinyml_load_four_int8(c), sum_c);
    sum_d = tinyml_multiply_four_int8(even, odd, tinyml_load_four_int8(c + length), sum_d);
    input += 4;
    a += 4;
    c += 4;
  }
  for (tinyml_size i = 0; i < count % 4; i++) {
    sum_a += input[i] * a[i];
    sum_b += input[i] * a[i + length];
    sum_c += input[i] * c[i];
    sum_d += input[i] * c[i + length];
  }
  sums[0] = sum_a;
  sums[1] = sum_b;
  sums[2] = sum_c;
  sums[3] = sum_d;
}
#endif

/*
 * The sums of products of a window and the next output channels' weights, `length` apart; returns how many of the
 * `channels` these are, at most 4. Apart from its caller, so that its counters stay in registers.
 */
static __attribute__((noinline)) int tinyml_window_dots_int8(const int8_t *input, const int8_t *weights,
                                                             tinyml_size length, tinyml_size channels,
                                                             const tinyml_window_walk *walk, int32_t sums[4]) {
#ifdef __ARM_FEATURE_DSP
  int count = channels < 4 ? 1 : 4;
#else
  int count = 1;
  (void)length;
  (void)channels;
#endif
  sums[0] = sums[1] = sums[2] = sums[3] = 0;
  for (int i = 0; i < walk->height; i++) {
    const int8_t *place = input, *weight = weights;
    for (int j = 0; j < walk->parts; j++) {
#ifdef __ARM_FEATURE_DSP
      if (count == 4) tinyml_dot_four_int8(place, weight, length, walk->part, sums);
      else
#endif
        sums[0] += tinyml_dot_int8(place, weight, walk->part);
      place += walk->place;
      weight += walk->weight_place;
    }
    input += walk->row;
    weights += walk->weight_row;
  }
  return count;
}

/* The sum of the weights of one output channel whose elements of the window lie outside of the picture. */
static int32_t tinyml_sum_outside_int8(const int8_t *weights, const tinyml_window *w, tinyml_size filter_channels,
                                       tinyml_span rows, tinyml_span columns) {
  int32_t sum = 0;
  for (int i = 0; i < w->window_height; i++) {
    int inside = i >= rows.first && i < rows.end;
    for (int j = 0; j < w->window_width; j++) {
      if (inside && j == columns.first) {
        weights += (tinyml_size)(columns.end - columns.first) * filter_channels;
        j = columns.end;
        if (j >= w->window_width) break;
      }
      for (tinyml_size c = 0; c < filter_channels; c++) sum += TINYML_READ_INT8(weights + c);
      weights += filter_channels;
    }
  }
  return sum;
}

void tinyml_conv_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                      tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                      const int32_t *multipliers, const int8_t *shifts, int16_t input_zero_point,
                      int16_t output_zero_point, int16_t minimum, int16_t maximum) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  tinyml_size group_outputs = w.output_channels / (w.input_channels / filter_channels);
  tinyml_size picture = (tinyml_size)w.input_height * w.input_width * w.input_channels;
  tinyml_size length = (tinyml_size)w.window_height * w.window_width * filter_channels;
#ifdef __wasm_simd128__
  tinyml_size padded = (length + 7) & ~(tinyml_size)7;
  int windows = (int)(TINYML_PATCH_ELEMENTS / padded);
  if (windows > TINYML_PATCH_WINDOWS) windows = TINYML_PATCH_WINDOWS;
  if (windows > 0) {
    int16_t patches[TINYML_PATCH_ELEMENTS] __attribute__((aligned(16)));
    int places = w.output_height * w.output_width;
    for (tinyml_size b = 0; b < batch; b++) {
      for (int start = 0; start < places; start += windows) {
        int count = places - start < windows ? places - start : windows;
        for (tinyml_size o = 0, from = 0; o < (tinyml_size)w.output_channels; o += group_outputs) {
          int y = start / w.output_width, x = start % w.output_width;
          for (int p = 0; p < count; p++) {
            tinyml_lay_out_window(input + from, &w, (int)filter_channels, y * w.stride_height - w.padding_top,
                                  x * w.stride_width - w.padding_left, input_zero_point, patches + p * padded, (int)padded);
            if (++x == w.output_width) x = 0, y++;
          }
          tinyml_conv_channels channels = {weights + o * length, bias + o,           multipliers + o,
                                           shifts + o,           (int)length,        (int)group_outputs,
                                           w.output_channels,    output_zero_point, minimum,
                                           maximum};
          tinyml_conv_patches(patches, (int)padded, count, &channels, output + (tinyml_size)start * w.output_channels + o);
          from += filter_channels;
        }
      }
      input += picture;
      output += (tinyml_size)places * w.output_channels;
    }
    return;
  }
#endif
  tinyml_window_walk walk;
  walk.place = (tinyml_size)w.dilation_width * w.input_channels;
  walk.row = (tinyml_size)w.dilation_height * w.input_width * w.input_channels;
  walk.weight_place = filter_channels;
  walk.weight_row = (tinyml_size)w.window_width * filter_channels;
  /* A row of the window that lies side by side in the picture, as it does among the weights, is one piece. */
  int whole_rows = walk.place == filter_channels;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        int width = columns.end - columns.first;
        walk.height = rows.end - rows.first;
        walk.parts = whole_rows ? 1 : width;
        walk.part = whole_rows ? width * filter_channels : filter_channels;
        int cut = walk.height < w.window_height || width < w.window_width;
        const int8_t *group = input + ((tinyml_size)(top + rows.first * w.dilation_height) * w.input_width + left +
                                       columns.first * w.dilation_width) *
                                          w.input_channels;
        const int8_t *filter = weights;
        tinyml_size inside = rows.first * walk.weight_row + columns.first * filter_channels;
        tinyml_size left_over = group_outputs;
        for (int o = 0; o < w.output_channels;) {
          int32_t sums[4];
          int count = tinyml_window_dots_int8(group, filter + inside, length, left_over, &walk, sums);
          for (int k = 0; k < count; k++, o++, filter += length) {
            int32_t sum = sums[k] + TINYML_READ_INT32(bias + o);
            if (cut && input_zero_point != 0) {
              /* The bias takes the zero point off every element of the window: outside it has to be put back. */
              sum += input_zero_point * tinyml_sum_outside_int8(filter, &w, filter_channels, rows, columns);
            }
            sum = tinyml_rescale(sum, TINYML_READ_INT32(multipliers + o), TINYML_READ_INT8(shifts + o)) + output_zero_point;
            *output++ = tinyml_clamp_int8(sum, minimum, maximum);
          }
          left_over -= count;
          if (left_over == 0) group += filter_channels, left_over = group_outputs;
        }
      }
    }
    input += picture;
  }
}

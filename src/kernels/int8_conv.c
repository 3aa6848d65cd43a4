/* Convolution of int8 models: TensorFlow Lite's CONV_2D with weights of zero point 0, one scale for each output channel. */
#include "int8_dot.h"
#include "int8_fixed_point.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

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

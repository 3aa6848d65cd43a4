/* Depthwise convolution of int8 models: TensorFlow Lite's DEPTHWISE_CONV_2D, one weight scale for each output channel. */
#include "int8_fixed_point.h"
#include "int8_rescale_simd.h"
#include "tinyml_kernels.h"
#include "tinyml_window.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

/* count of eight elements as 16 bits, the others 0. */
static inline v128_t tinyml_load_int8_lanes(const int8_t *values, int count) {
  if (count == 8) return wasm_i16x8_load8x8(values);
  if (count == 4) return wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(values));
  int16_t lanes[8] = {0};
  for (int i = 0; i < count; i++) lanes[i] = values[i];
  return wasm_v128_load(lanes);
}

/* The inputs of output channels o .. o + count - 1 at one place, `multiple` of them from each input channel. */
static inline v128_t tinyml_repeat_int8_lanes(const int8_t *place, int o, int count, int multiple) {
  int16_t lanes[8] = {0};
  int channel = o / multiple, left = multiple - o % multiple;
  for (int i = 0; i < count; i++) {
    lanes[i] = place[channel];
    if (--left == 0) channel++, left = multiple;
  }
  return wasm_v128_load(lanes);
}

/* The same for eight outputs, two of each input; o is even. */
static inline v128_t tinyml_double_int8_lanes(const int8_t *place, int o) {
  v128_t four = wasm_v128_load32_zero(place + o / 2);
  return wasm_i16x8_extend_low_i8x16(wasm_i8x16_shuffle(four, four, 0, 0, 1, 1, 2, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0));
}

/* What eight neighbouring output channels, or fewer where there are no eight, are computed with. */
typedef struct {
  int first, count, multiple, input_zero_point;
  int16_t output_zero_point, minimum, maximum;
  v128_t bias_low, bias_high;
  tinyml_rescale_lanes low, high;
} tinyml_depthwise_channels;

/*
 * These channels of one picture. An input less its zero point has 9 bits, so its product with a weight fits into 16.
 * How inputs become lanes is a constant wherever this is inlined: 0 as they lie, 1 one for all, 2 twice each, 3 repeated.
 */
static inline __attribute__((always_inline)) void tinyml_depthwise_eight(const int8_t *input, const int8_t *weights,
                                                                         int8_t *output, const tinyml_window *w,
                                                                         const tinyml_depthwise_channels *c, int lanes,
                                                                         int count) {
  v128_t zero_point = wasm_i16x8_splat((int16_t)c->input_zero_point);
  int first = c->first;
  for (int y = 0; y < w->output_height; y++) {
    int top = y * w->stride_height - w->padding_top;
    tinyml_span rows = tinyml_span_inside(top, w->window_height, w->dilation_height, w->input_height);
    for (int x = 0; x < w->output_width; x++) {
      int left = x * w->stride_width - w->padding_left;
      tinyml_span columns = tinyml_span_inside(left, w->window_width, w->dilation_width, w->input_width);
      v128_t low = c->bias_low, high = c->bias_high;
      for (int i = rows.first; i < rows.end; i++) {
        const int8_t *place = input + ((tinyml_size)(top + i * w->dilation_height) * w->input_width + left +
                                       columns.first * w->dilation_width) *
                                          w->input_channels;
        const int8_t *weight = weights + (i * w->window_width + columns.first) * w->output_channels + first;
        for (int j = columns.first; j < columns.end; j++) {
          v128_t inputs = lanes == 0   ? tinyml_load_int8_lanes(place + first, count)
                          : lanes == 1 ? wasm_i16x8_splat(*place)
                          : lanes == 2 ? tinyml_double_int8_lanes(place, first)
                                       : tinyml_repeat_int8_lanes(place, first, count, c->multiple);
          v128_t products =
              wasm_i16x8_mul(wasm_i16x8_sub(inputs, zero_point), tinyml_load_int8_lanes(weight, count));
          low = wasm_i32x4_add(low, wasm_i32x4_extend_low_i16x8(products));
          high = wasm_i32x4_add(high, wasm_i32x4_extend_high_i16x8(products));
          place += w->dilation_width * w->input_channels;
          weight += w->output_channels;
        }
      }
      low = tinyml_finish_lanes(low, &c->low, c->output_zero_point, c->minimum, c->maximum);
      high = tinyml_finish_lanes(high, &c->high, c->output_zero_point, c->minimum, c->maximum);
      tinyml_store_int8_lanes(output + first, low, high, count);
      output += w->output_channels;
    }
  }
}

static void tinyml_depthwise_channels_of(const int8_t *input, const int8_t *weights, int8_t *output,
                                         const tinyml_window *w, const tinyml_depthwise_channels *c) {
  int lanes = c->multiple == 1 ? 0 : w->input_channels == 1 ? 1 : c->multiple == 2 && c->count == 8 ? 2 : 3;
  if (c->count == 8 && lanes == 0) tinyml_depthwise_eight(input, weights, output, w, c, 0, 8);
  else if (c->count == 8 && lanes == 1) tinyml_depthwise_eight(input, weights, output, w, c, 1, 8);
  else if (c->count == 8 && lanes == 2) tinyml_depthwise_eight(input, weights, output, w, c, 2, 8);
  else if (c->count == 8) tinyml_depthwise_eight(input, weights, output, w, c, 3, 8);
  else if (c->count == 4 && lanes == 0) tinyml_depthwise_eight(input, weights, output, w, c, 0, 4);
  else tinyml_depthwise_eight(input, weights, output, w, c, lanes, c->count);
}
#endif

void tinyml_depthwise_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                           tinyml_size batch, const tinyml_window *window, const int32_t *multipliers,
                           const int8_t *shifts, int16_t input_zero_point, int16_t output_zero_point, int16_t minimum,
                           int16_t maximum) {
  tinyml_window w;
  TINYML_READ_STRUCT(w, window);
  tinyml_size picture = (tinyml_size)w.input_height * w.input_width * w.input_channels;
  int multiple = w.output_channels / w.input_channels;
#ifdef __wasm_simd128__
  tinyml_size places = (tinyml_size)w.output_height * w.output_width;
  int count = w.output_channels < 8 ? w.output_channels : 8;
  for (int o = 0; o < w.output_channels; o += count) {
    /* The last eight may overlap those before them: then some are computed twice. */
    int first = o + count > w.output_channels ? w.output_channels - count : o;
    int lower = count < 4 ? count : 4, upper = count - lower;
    v128_t none = wasm_i32x4_const_splat(0);
    tinyml_depthwise_channels channels = {first,
                                          count,
                                          multiple,
                                          input_zero_point,
                                          output_zero_point,
                                          minimum,
                                          maximum,
                                          bias ? tinyml_load_int32_lanes(bias + first, lower) : none,
                                          bias ? tinyml_load_int32_lanes(bias + first + lower, upper) : none,
                                          tinyml_rescale_lanes_of(multipliers + first, shifts + first, lower),
                                          tinyml_rescale_lanes_of(multipliers + first + lower, shifts + first + lower, upper)};
    for (tinyml_size b = 0; b < batch; b++) {
      tinyml_depthwise_channels_of(input + b * picture, weights, output + b * places * w.output_channels, &w, &channels);
    }
  }
#else
  tinyml_size place_step = (tinyml_size)w.dilation_width * w.input_channels;
  tinyml_size row_step = (tinyml_size)w.dilation_height * w.input_width * w.input_channels;
  tinyml_size weight_row_step = (tinyml_size)w.window_width * w.output_channels;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, w.dilation_height, w.input_height);
      for (int x = 0; x < w.output_width; x++) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, w.dilation_width, w.input_width);
        tinyml_size start = ((tinyml_size)(top + rows.first * w.dilation_height) * w.input_width + left +
                             columns.first * w.dilation_width) *
                            w.input_channels;
        const int8_t *channel = input + start;
        const int8_t *first_weight = weights + (tinyml_size)(rows.first * w.window_width + columns.first) * w.output_channels;
        int left_over = multiple;
        for (int o = 0; o < w.output_channels; o++) {
          int32_t sum = bias ? TINYML_READ_INT32(bias + o) : 0;
          const int8_t *row = channel, *weight_row = first_weight + o;
          for (int i = rows.first; i < rows.end; i++) {
            const int8_t *place = row, *weight = weight_row;
            for (int j = columns.first; j < columns.end; j++) {
              /* An input less its zero point has 9 bits: the product fits into the 16 of AVR's int. */
              sum += (*place - input_zero_point) * TINYML_READ_INT8(weight);
              place += place_step;
              weight += w.output_channels;
            }
            row += row_step;
            weight_row += weight_row_step;
          }
          if (--left_over == 0) channel++, left_over = multiple;
          sum = tinyml_rescale(sum, TINYML_READ_INT32(multipliers + o), TINYML_READ_INT8(shifts + o)) + output_zero_point;
          *output++ = tinyml_clamp_int8(sum, minimum, maximum);
        }
      }
    }
    input += picture;
  }
#endif
}

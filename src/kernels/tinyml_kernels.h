/*
 * The inference kernels of TinyML Flows. One source for all: the flow runs it as WebAssembly, a board as part of its
 * sketch, so both compute the same bits.
 *
 * Shapes are written [rows][columns], row-major. Weights, biases and statistics lie in flash (TINYML_FLASH); inputs and
 * outputs in RAM. No kernel allocates, keeps a state but in tensors that it is given, or reads past its
 * arrays.
 *
 * int8 tensors hold real = scale * (stored - zero_point), as TensorFlow Lite's int8 specification has it. A real factor
 * is given as multiplier * 2^(shift - 31) with multiplier in 2^30 .. 2^31 - 1 or 0, and shift in -31 .. 30.
 */
#ifndef TINYML_KERNELS_H
#define TINYML_KERNELS_H

#include "tinyml_platform.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- dense layers ---- */

/* Activations that are part of the layer before them; the numbers are those of TensorFlow Lite's schema. */
enum {
  TINYML_ACTIVATION_NONE = 0,
  TINYML_ACTIVATION_RELU = 1,
  TINYML_ACTIVATION_RELU_N1_TO_1 = 2, /* between -1 and 1 */
  TINYML_ACTIVATION_RELU6 = 3         /* between 0 and 6 */
};

/*
 * output[b][o] = activation(bias[o] + sum over i of input[b][i] * weights[o][i])
 * input [batch][inputs]; weights [outputs][inputs] and bias [outputs] in flash, bias may be NULL; output [batch][outputs].
 * activation is one of TINYML_ACTIVATION_…
 */
TINYML_KERNEL void tinyml_dense_float(const float *input, const float *weights, const float *bias, float *output, tinyml_size batch,
                        tinyml_size inputs, tinyml_size outputs, int activation);

/*
 * The same in int8, with weights of zero point 0 and one scale for all of them:
 * output[b][o] = clamp(output_zero_point + factor * (bias[o] + sum over i of input[b][i] * weights[o][i]))
 * The input's zero point z must be in the bias already, as - z * the sum over i of weights[o][i].
 * factor = input scale * weight scale / output scale, as multiplier and shift; bias in steps of input scale * weight scale.
 * minimum and maximum clamp the stored output; they carry the activation.
 */
TINYML_KERNEL void tinyml_dense_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                       tinyml_size batch, tinyml_size inputs, tinyml_size outputs, int16_t output_zero_point,
                       int32_t multiplier, int8_t shift, int16_t minimum, int16_t maximum);

/* ---- windows that slide over pictures ---- */

/*
 * Pictures are [height][width][channels]. A window of window_height x window_width elements, dilation_… apart, moves by
 * stride_…; it starts padding_top rows above the picture and padding_left columns to its left.
 */
typedef struct {
  int input_height, input_width, input_channels;
  int output_height, output_width, output_channels;
  int window_height, window_width;
  int stride_height, stride_width;
  int dilation_height, dilation_width;
  int padding_top, padding_left;
} tinyml_window;

/*
 * Convolution: every output channel is the activated sum of bias and weights * input over the window; outside of the
 * picture the input is 0.
 * input [batch][input_height][input_width][input_channels]; output [batch][output_height][output_width][output_channels];
 * weights [output_channels][window_height][window_width][filter_channels], bias [output_channels] or NULL, and window in
 * flash. filter_channels are the input's, or a fraction 1/g of them: then the channels form g groups on either side,
 * and each output group sees the input group of its place.
 */
TINYML_KERNEL void tinyml_conv_float(const float *input, const float *weights, const float *bias, float *output,
                       tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels, int activation);

/*
 * The same in int8, with weights of zero point 0 and a scale for each output channel. multipliers and shifts
 * [output_channels], in flash: the factor input scale * the channel's weight scale / output scale. bias as in
 * tinyml_dense_int8: in steps of input scale * the channel's weight scale, with - input_zero_point * the sum of the
 * channel's weights in it.
 */
TINYML_KERNEL void tinyml_conv_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                      tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                      const int32_t *multipliers, const int8_t *shifts, int16_t input_zero_point,
                      int16_t output_zero_point, int16_t minimum, int16_t maximum);

/*
 * Depthwise convolution: every output channel o sees the one input channel o / m, where m = output_channels /
 * input_channels. weights [window_height][window_width][output_channels]; otherwise as tinyml_conv_float.
 */
TINYML_KERNEL void tinyml_depthwise_float(const float *input, const float *weights, const float *bias, float *output,
                            tinyml_size batch, const tinyml_window *window, int activation);

/* The same in int8, as tinyml_conv_int8; but bias [output_channels] or NULL is the layer's own: no zero point is in it. */
TINYML_KERNEL void tinyml_depthwise_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                           tinyml_size batch, const tinyml_window *window, const int32_t *multipliers,
                           const int8_t *shifts, int16_t input_zero_point, int16_t output_zero_point, int16_t minimum,
                           int16_t maximum);

/* The mean or the largest of the window's elements that lie inside of the picture, channel by channel. */
TINYML_KERNEL void tinyml_average_pool_float(const float *input, float *output, tinyml_size batch,
                               const tinyml_window *window, int activation);
TINYML_KERNEL void tinyml_max_pool_float(const float *input, float *output, tinyml_size batch, const tinyml_window *window,
                           int activation);

/* The same in int8; input and output have one scale and zero point. Means are rounded, halves away from zero. */
TINYML_KERNEL void tinyml_average_pool_int8(const int8_t *input, int8_t *output, tinyml_size batch,
                              const tinyml_window *window, int16_t minimum, int16_t maximum);
TINYML_KERNEL void tinyml_max_pool_int8(const int8_t *input, int8_t *output, tinyml_size batch, const tinyml_window *window,
                          int16_t minimum, int16_t maximum);

/* ---- numbers taken together over dimensions ---- */

/*
 * Input [outer][reduced[0]][kept[0]][reduced[1]][kept[1]][reduced[2]][kept[2]]; output [outer][kept[0]][kept[1]][kept[2]]:
 * what its numbers over reduced[0], reduced[1] and reduced[2] give. In flash.
 */
typedef struct {
  int reduced[3], kept[3];
} tinyml_reduction;

/* Sums, each divided by divisor: 1, or as many as there are numbers in a sum for their mean. */
TINYML_KERNEL void tinyml_reduce_sum_float(const float *input, float *output, tinyml_size outer,
                      const tinyml_reduction *reduction, float divisor);

/*
 * output = clamp(output_zero_point + factor * (sum - zeros)); zeros is the input's zero point times the numbers in a sum,
 * factor = input scale / output scale as multiplier and shift, for means divided by the numbers in a sum.
 */
TINYML_KERNEL void tinyml_reduce_sum_int8(const int8_t *input, int8_t *output, tinyml_size outer,
                     const tinyml_reduction *reduction, int32_t zeros, int16_t output_zero_point, int32_t multiplier,
                     int8_t shift);
TINYML_KERNEL void tinyml_reduce_sum_int16(const int16_t *input, int16_t *output, tinyml_size outer,
                      const tinyml_reduction *reduction, int32_t zeros, int16_t output_zero_point, int32_t multiplier,
                      int8_t shift);

/* The largest or the smallest; in int8, input and output have one scale and zero point. */
TINYML_KERNEL void tinyml_reduce_largest_float(const float *input, float *output, tinyml_size outer,
                          const tinyml_reduction *reduction);
TINYML_KERNEL void tinyml_reduce_smallest_float(const float *input, float *output, tinyml_size outer,
                           const tinyml_reduction *reduction);
TINYML_KERNEL void tinyml_reduce_largest_int8(const int8_t *input, int8_t *output, tinyml_size outer,
                         const tinyml_reduction *reduction);
TINYML_KERNEL void tinyml_reduce_smallest_int8(const int8_t *input, int8_t *output, tinyml_size outer,
                          const tinyml_reduction *reduction);

/*
 * The place of the largest number, or the smallest, along the middle dimension of input [outer][count][inner], from 0, the
 * first of those that are equal; output [outer][inner] of int64_t where has_64_bits is 1, else of int32_t.
 */
TINYML_KERNEL void tinyml_place_of_float(const float *input, void *output, tinyml_size outer, tinyml_size count,
                           tinyml_size inner, int smallest, int has_64_bits);
TINYML_KERNEL void tinyml_place_of_int8(const int8_t *input, void *output, tinyml_size outer, tinyml_size count,
                          tinyml_size inner, int smallest, int has_64_bits);

/* ---- pictures of another size ---- */

/* Input [batch][input_height][input_width][channels], output [batch][output_height][output_width][channels]. In flash. */
typedef struct {
  int input_height, input_width;
  int output_height, output_width;
  int channels;
} tinyml_resizing;

/*
 * Every element is one of the input: of row places[y] and column places[output_height + x];
 * places [output_height + output_width] in flash.
 */
TINYML_KERNEL void tinyml_resize_nearest(const void *input, void *output, tinyml_size batch,
                           const tinyml_resizing *resizing, const int32_t *places, tinyml_size element_bytes);

/*
 * Every number lies between four of the input, at row y * height_scale and column x * width_scale of it; with
 * half_pixel_centers 1, at (y + 1/2) * height_scale - 1/2, and columns alike.
 */
TINYML_KERNEL void tinyml_resize_bilinear_float(const float *input, float *output, tinyml_size batch,
                                  const tinyml_resizing *resizing, int half_pixel_centers, float height_scale,
                                  float width_scale);

/* The same in int8, with the scales in steps of 1/1024; halves are rounded away from zero. */
TINYML_KERNEL void tinyml_resize_bilinear_int8(const int8_t *input, int8_t *output, tinyml_size batch,
                                 const tinyml_resizing *resizing, int half_pixel_centers, int32_t height_scale,
                                 int32_t width_scale);

/* ---- moving elements, whatever they are ---- */

/* How many dimensions tinyml_copy goes through. */
enum { TINYML_COPY_DIMENSIONS = 6 };

/*
 * Blocks of block_bytes bytes that lie sizes[0] x sizes[1] x ... of them in two tensors, each with a distance of its own
 * between neighbours along a dimension: strides and offsets count bytes, and strides may be 0 or negative.
 */
typedef struct {
  int sizes[6], input_strides[6], output_strides[6];
  int input_offset, output_offset, block_bytes;
} tinyml_strides;

/* Copies blocks of input to their places in output; what lies between those is left as it is. strides in flash. */
TINYML_KERNEL void tinyml_copy(const void *input, void *output, const tinyml_strides *strides);

/* Sets every byte of output [bytes] to the value's lowest eight bits. */
TINYML_KERNEL void tinyml_set_bytes(void *output, tinyml_size bytes, int value);

/* output [count]: all elements are the one at value, each of element_bytes bytes. */
TINYML_KERNEL void tinyml_fill(const void *value, void *output, tinyml_size count, tinyml_size element_bytes);

/*
 * input [batches][outer][size][block], indices [batches][count], output [batches][outer][count][block]: what lies at the
 * indices, in blocks of so many bytes. An index outside of 0 .. size - 1 is taken as the nearest inside.
 */
TINYML_KERNEL void tinyml_gather(const void *input, const int32_t *indices, void *output, tinyml_size batches, tinyml_size outer,
                   tinyml_size size, tinyml_size count, tinyml_size block_bytes);

/*
 * input [rows][count] into a part of output [rows][stride], from `offset` elements on, each element through table [256] in
 * flash.
 */
TINYML_KERNEL void tinyml_join_uint8(const uint8_t *input, uint8_t *output, tinyml_size rows, tinyml_size count,
                       tinyml_size stride, tinyml_size offset, const uint8_t *table);

/*
 * Pictures [pictures][height][width] cut into blocks of block_height x block_width elements, the first of which stands
 * out over the picture by top rows and left columns; the elements that have the same place in their blocks become a
 * picture of their own: batches [block_height][block_width][pictures][batch_height][batch_width].
 */
typedef struct {
  int pictures, height, width, element_bytes;
  int block_height, block_width;
  int batch_height, batch_width;
  int top, left;
} tinyml_batch_blocks;

/* From pictures to batches; bytes that are outside of the picture become padding. blocks in flash. */
TINYML_KERNEL void tinyml_space_to_batch(const void *input, void *output, const tinyml_batch_blocks *blocks, int padding);

/* From batches to pictures; what would be outside of the picture is left out. blocks in flash. */
TINYML_KERNEL void tinyml_batch_to_space(const void *input, void *output, const tinyml_batch_blocks *blocks);

/* ---- activations; input and output may be the same array ---- */

TINYML_KERNEL void tinyml_relu_float(const float *input, float *output, tinyml_size count);
TINYML_KERNEL void tinyml_logistic_float(const float *input, float *output, tinyml_size count);
TINYML_KERNEL void tinyml_tanh_float(const float *input, float *output, tinyml_size count);

/*
 * input and output [rows][width]: each row by the square root of the sum of its squares, which is at least 1e-6. In int8 the
 * output's scale is 1/128, its zero point 0; width is at most 33025.
 */
TINYML_KERNEL void tinyml_l2_normalize_float(const float *input, float *output, tinyml_size rows, tinyml_size width);
TINYML_KERNEL void tinyml_l2_normalize_int8(const int8_t *input, int8_t *output, tinyml_size rows, tinyml_size width,
                              int16_t zero_point);

/* input and output [batch][classes]; e^(beta x) over their sum, row by row. */
TINYML_KERNEL void tinyml_softmax_float(const float *input, float *output, tinyml_size batch, tinyml_size classes, float beta);

/*
 * output = clamp(output_zero_point + factor * (input - input_zero_point)); factor = input scale / output scale.
 * minimum is the stored output that means 0, at least -128; maximum clamps from above.
 */
TINYML_KERNEL void tinyml_relu_int8(const int8_t *input, int8_t *output, tinyml_size count, int16_t input_zero_point,
                      int16_t output_zero_point, int32_t multiplier, int8_t shift, int16_t minimum, int16_t maximum);

/*
 * 1 / (1 + e^-x) in steps of 1/256 from zero point -128. factor = input scale * 2^27; inputs that are input_range_radius
 * or more steps from the zero point give the lowest or the highest output.
 */
TINYML_KERNEL void tinyml_logistic_int8(const int8_t *input, int8_t *output, tinyml_size count, int16_t input_zero_point,
                          int16_t input_range_radius, int32_t multiplier, int8_t shift);

/* tanh x in steps of 1/128 from zero point 0; the parameters are those of tinyml_logistic_int8. */
TINYML_KERNEL void tinyml_tanh_int8(const int8_t *input, int8_t *output, tinyml_size count, int16_t input_zero_point,
                      int16_t input_range_radius, int32_t multiplier, int8_t shift);

/*
 * Softmax over rows, in steps of 1/256 from zero point -128; input and output [batch][classes].
 * factor = beta * input scale * 2^26, at most 2^31 - 1; classes that are more than -difference_minimum steps below the
 * row's largest give the lowest output. At most 4,095 classes.
 */
TINYML_KERNEL void tinyml_softmax_int8(const int8_t *input, int8_t *output, tinyml_size batch, tinyml_size classes,
                         int32_t multiplier, int8_t shift, int16_t difference_minimum);

/* The same in steps of 1/65536 from zero point -32768; not over its input, which is smaller. */
TINYML_KERNEL void tinyml_softmax_int8_to_int16(const int8_t *input, int16_t *output, tinyml_size batch,
                                  tinyml_size classes, int32_t multiplier, int8_t shift, int16_t difference_minimum);

/*
 * Softmax over rows, in steps of 1/32768; input and output [batch][classes]. tables [2][513] in flash: e^(10 x - 10) and
 * 1 / (1 + x) for x = 0, 1/512, ... 1. factor = beta * input scale * 6553.5, below 2^15. At most 65,535 classes.
 */
TINYML_KERNEL void tinyml_softmax_int16(const int16_t *input, int16_t *output, tinyml_size batch, tinyml_size classes,
                          const int16_t *tables, int32_t multiplier, int8_t shift);

/* ---- functions of one number; input and output may be the same array ---- */

/* Kept between the limits of TINYML_ACTIVATION_… */
TINYML_KERNEL void tinyml_activation_float(const float *input, float *output, tinyml_size count, int activation);

/* x where it is positive, else alpha * x. */
TINYML_KERNEL void tinyml_leaky_relu_float(const float *input, float *output, tinyml_size count, float alpha);

/* x * (x + 3, kept between 0 and 6) / 6 */
TINYML_KERNEL void tinyml_hard_swish_float(const float *input, float *output, tinyml_size count);

/* x where it is positive, else e^x - 1. */
TINYML_KERNEL void tinyml_elu_float(const float *input, float *output, tinyml_size count);

/* |x|, -x, x * x, the square root and its reciprocal, e^x and the natural logarithm. */
TINYML_KERNEL void tinyml_abs_float(const float *input, float *output, tinyml_size count);
TINYML_KERNEL void tinyml_neg_float(const float *input, float *output, tinyml_size count);
TINYML_KERNEL void tinyml_square_float(const float *input, float *output, tinyml_size count);
TINYML_KERNEL void tinyml_sqrt_float(const float *input, float *output, tinyml_size count);
TINYML_KERNEL void tinyml_rsqrt_float(const float *input, float *output, tinyml_size count);
TINYML_KERNEL void tinyml_exp_float(const float *input, float *output, tinyml_size count);
TINYML_KERNEL void tinyml_log_float(const float *input, float *output, tinyml_size count);

/* Any function of an int8: table [256] in flash has the result for -128, then that for -127, .. */
TINYML_KERNEL void tinyml_lookup_int8(const int8_t *input, int8_t *output, tinyml_size count, const int8_t *table);

/* tinyml_relu_int8 in int16, with zero points of 0. */
TINYML_KERNEL void tinyml_relu_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier,
                       int8_t shift, int16_t minimum, int16_t maximum);

/*
 * tinyml_leaky_relu_float in int16, with zero points of 0. Factors: input scale / output scale, and alpha times that, whose
 * multiplier is negative where alpha is.
 */
TINYML_KERNEL void tinyml_leaky_relu_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier,
                             int8_t shift, int32_t alpha_multiplier, int8_t alpha_shift);

/* tinyml_abs_float in int16, with zero points of 0; factor = input scale / output scale. */
TINYML_KERNEL void tinyml_abs_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier, int8_t shift);

/* ---- arithmetic of two tensors, element by element ---- */

/* The most runs that a walk over two operands has: six fit five dimensions, and the batch. */
#define TINYML_BROADCAST_RUNS 6

/*
 * How two operands are repeated to the output's shape. Neighbouring dimensions that are walked alike are one run, the last
 * run's elements are neighbours in the output. From one element of run r to the next, a moves by a_steps[r] elements and b
 * by b_steps[r]: 0 where it is repeated. sizes[0] is given to the kernels as `outer`.
 */
typedef struct {
  int32_t runs; /* 1 .. TINYML_BROADCAST_RUNS */
  int32_t sizes[TINYML_BROADCAST_RUNS];
  int32_t a_steps[TINYML_BROADCAST_RUNS];
  int32_t b_steps[TINYML_BROADCAST_RUNS];
} tinyml_broadcast;

/*
 * a + b, a - b, a * b, a / b, the larger and the smaller of them, activated where there is an activation. output has outer *
 * sizes[1] * .. elements, and may be an operand that is not repeated. broadcast lies in flash.
 */
TINYML_KERNEL void tinyml_add_float(const float *a, const float *b, float *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int activation);
TINYML_KERNEL void tinyml_sub_float(const float *a, const float *b, float *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int activation);
TINYML_KERNEL void tinyml_mul_float(const float *a, const float *b, float *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int activation);
TINYML_KERNEL void tinyml_div_float(const float *a, const float *b, float *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int activation);
TINYML_KERNEL void tinyml_maximum_float(const float *a, const float *b, float *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_minimum_float(const float *a, const float *b, float *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast);

/*
 * (a - b)^2, the largest whole number not above a / b, and a less b times that. As a whole number a / 0 is 0, and nothing is
 * left of a.
 */
TINYML_KERNEL void tinyml_squared_difference_float(const float *a, const float *b, float *output, tinyml_size outer,
                                     const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_floor_div_float(const float *a, const float *b, float *output, tinyml_size outer,
                            const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_floor_mod_float(const float *a, const float *b, float *output, tinyml_size outer,
                            const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_squared_difference_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                                     const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_floor_div_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                            const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_floor_mod_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                            const tinyml_broadcast *broadcast);

/* The input where it is positive, else the input * alpha. */
TINYML_KERNEL void tinyml_prelu_float(const float *input, const float *alpha, float *output, tinyml_size outer,
                        const tinyml_broadcast *broadcast);

/*
 * What an integer sum is computed with. The operands' distances from their zero points, times 2^left_shift (20 in int8, 15
 * in int16, before squaring 7 and 0), are brought to one scale, half of which the larger one has: factors of at most 1/2.
 * The sum a + sign * b, or the square of a - b, comes to the output's scale by the last factor. minimum and maximum clamp the stored output; they carry the activation.
 */
typedef struct {
  int32_t a_zero_point, a_multiplier, a_shift;
  int32_t b_zero_point, b_multiplier, b_shift;
  int32_t output_zero_point, output_multiplier, output_shift;
  int32_t left_shift, sign, minimum, maximum;
} tinyml_sum;

/* What an integer product is computed with; factor = a's scale * b's scale / output scale. */
typedef struct {
  int32_t a_zero_point, b_zero_point, output_zero_point;
  int32_t multiplier, shift, minimum, maximum;
} tinyml_product;

/* What PRELU is computed with: input scale / output scale, and the same times alpha's scale. */
typedef struct {
  int32_t input_zero_point, alpha_zero_point, output_zero_point;
  int32_t multiplier, shift, alpha_multiplier, alpha_shift;
} tinyml_slope;

/* The same in int8; all structs lie in flash. The larger and the smaller one are of tensors with one scale and zero point. */
TINYML_KERNEL void tinyml_add_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                     const tinyml_broadcast *broadcast, const tinyml_sum *sum);
TINYML_KERNEL void tinyml_mul_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                     const tinyml_broadcast *broadcast, const tinyml_product *product);
TINYML_KERNEL void tinyml_maximum_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                         const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_minimum_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                         const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_prelu_int8(const int8_t *input, const int8_t *alpha, int8_t *output, tinyml_size outer,
                       const tinyml_broadcast *broadcast, const tinyml_slope *slope);
TINYML_KERNEL void tinyml_squared_difference_int8(const int8_t *a, const int8_t *b, int8_t *output, tinyml_size outer,
                                    const tinyml_broadcast *broadcast, const tinyml_sum *sum);

/* The same in int16; PRELU's alpha is int8. */
TINYML_KERNEL void tinyml_add_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, const tinyml_sum *sum);
TINYML_KERNEL void tinyml_mul_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, const tinyml_product *product);
TINYML_KERNEL void tinyml_maximum_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_minimum_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast);

TINYML_KERNEL void tinyml_prelu_int16(const int16_t *input, const int8_t *alpha, int16_t *output, tinyml_size outer,
                        const tinyml_broadcast *broadcast, const tinyml_slope *slope);
TINYML_KERNEL void tinyml_squared_difference_int16(const int16_t *a, const int16_t *b, int16_t *output, tinyml_size outer,
                                     const tinyml_broadcast *broadcast, const tinyml_sum *sum);

/* The same of whole numbers, which wrap around in 32 bits. minimum and maximum carry the activation. */
TINYML_KERNEL void tinyml_add_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int32_t minimum, int32_t maximum);
TINYML_KERNEL void tinyml_sub_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int32_t minimum, int32_t maximum);
TINYML_KERNEL void tinyml_mul_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                      const tinyml_broadcast *broadcast, int32_t minimum, int32_t maximum);
TINYML_KERNEL void tinyml_maximum_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast);
TINYML_KERNEL void tinyml_minimum_int32(const int32_t *a, const int32_t *b, int32_t *output, tinyml_size outer,
                          const tinyml_broadcast *broadcast);

/* ---- between floats and integers ---- */

/* output = clamp(round(input / scale) + zero_point), halves away from zero; NaN gives the lowest output. */
void tinyml_quantize_int8(const float *input, int8_t *output, tinyml_size count, float scale, int16_t zero_point);

/* output = scale * (input - zero_point) */
void tinyml_dequantize_int8(const int8_t *input, float *output, tinyml_size count, float scale, int16_t zero_point);

/* The same in uint8 and int16. */
void tinyml_quantize_uint8(const float *input, uint8_t *output, tinyml_size count, float scale, int16_t zero_point);
void tinyml_dequantize_uint8(const uint8_t *input, float *output, tinyml_size count, float scale, int16_t zero_point);
void tinyml_quantize_int16(const float *input, int16_t *output, tinyml_size count, float scale, int16_t zero_point);
void tinyml_dequantize_int16(const int16_t *input, float *output, tinyml_size count, float scale, int16_t zero_point);

/* From the 16 bits of IEEE 754's half precision. */
void tinyml_dequantize_float16(const uint16_t *input, float *output, tinyml_size count);

/* Element types; the numbers are those of TensorFlow Lite's schema. */
enum {
  TINYML_FLOAT32 = 0,
  TINYML_INT32 = 2,
  TINYML_UINT8 = 3,
  TINYML_BOOL = 6, /* a byte: 0, or anything else */
  TINYML_INT16 = 7,
  TINYML_INT8 = 9
};

/*
 * output = clamp(output_zero_point + factor * (input - input_zero_point)); factor = input scale / output scale. The types are
 * integers; output may be input where both are equally long.
 */
TINYML_KERNEL void tinyml_requantize(const void *input, void *output, tinyml_size count, int input_type, int output_type,
                       int32_t input_zero_point, int32_t output_zero_point, int32_t multiplier, int8_t shift);

/*
 * The same numbers in another type: of floats the whole part, or the nearest number that the type has; of integers as many
 * bits as it has. output may be input where both are equally long.
 */
TINYML_KERNEL void tinyml_cast(const void *input, void *output, tinyml_size count, int input_type, int output_type);

/* ---- features ---- */

/*
 * output = (input - mean) * factor, channel by channel; input and output [readings][channels], may be the
 * same array; mean and factor [channels] in flash.
 */
TINYML_KERNEL void tinyml_normalize(const float *input, float *output, tinyml_size readings, tinyml_size channels, const float *mean,
                      const float *factor);

/* How many numbers the state of the block "statistics" has for each channel. */
#define TINYML_STATISTICS_STATE 9

/* Begins a window; state [channels][TINYML_STATISTICS_STATE]. */
TINYML_KERNEL void tinyml_statistics_reset(float *state, tinyml_size channels);

/* Takes the next readings of a window, input [readings][channels]; before: how many readings it had. */
TINYML_KERNEL void tinyml_statistics_push(float *state, const float *input, tinyml_size readings, tinyml_size channels, tinyml_size before);

/*
 * The statistics of a window of so many readings, output [channels][those that are wanted]. The bits of wanted, from the lowest: mean,
 * standard deviation (of the population), minimum, maximum, root mean square, skewness, kurtosis (3 for a normal
 * distribution), mean change from reading to reading, and the share of these in which the sign changes. Skewness and kurtosis of a
 * channel that does not change are 0.
 */
TINYML_KERNEL void tinyml_statistics_features(const float *state, tinyml_size readings, tinyml_size channels, uint16_t wanted, float *output);

/* ---- layers of int16 activations, and dense layers whose weights are computed ---- */

/* tinyml_dense_float with weights and bias in RAM, where they were computed. */
TINYML_KERNEL void tinyml_computed_dense_float(const float *input, const float *weights, const float *bias, float *output,
                                 tinyml_size batch, tinyml_size inputs, tinyml_size outputs, int activation);

/* The same in int8, with zero points for both; the bias without any of them. */
TINYML_KERNEL void tinyml_computed_dense_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                                tinyml_size batch, tinyml_size inputs, tinyml_size outputs, int16_t input_zero_point,
                                int16_t weights_zero_point, int16_t output_zero_point, int32_t multiplier, int8_t shift,
                                int16_t minimum, int16_t maximum);

/*
 * tinyml_conv_int8 with weights that have a zero point and one factor for all outputs; the bias without any zero point, or
 * NULL. A depthwise convolution is one with filter_channels 1, its weights [outputs][window height][window width].
 */
TINYML_KERNEL void tinyml_asymmetric_conv_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                                 tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                                 int32_t multiplier, int8_t shift, int16_t input_zero_point,
                                 int16_t weights_zero_point, int16_t output_zero_point, int16_t minimum,
                                 int16_t maximum);

/*
 * tinyml_conv_int8 and tinyml_depthwise_int8 with int16 activations of zero point 0; bias [outputs] may be NULL. Sums have 64
 * bits and are multiplied by 16 bits of the factor; with `wide` 0 they have 32 bits and are multiplied by 32.
 */
TINYML_KERNEL void tinyml_conv_int16(const int16_t *input, const int8_t *weights, const int64_t *bias, int16_t *output,
                       tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                       const int32_t *multipliers, const int8_t *shifts, int wide, int16_t minimum, int16_t maximum);
TINYML_KERNEL void tinyml_depthwise_int16(const int16_t *input, const int8_t *weights, const int64_t *bias, int16_t *output,
                            tinyml_size batch, const tinyml_window *window, const int32_t *multipliers,
                            const int8_t *shifts, int16_t minimum, int16_t maximum);

/* tinyml_average_pool_int8 and tinyml_max_pool_int8 of int16 models. */
TINYML_KERNEL void tinyml_average_pool_int16(const int16_t *input, int16_t *output, tinyml_size batch,
                               const tinyml_window *window, int16_t minimum, int16_t maximum);
TINYML_KERNEL void tinyml_max_pool_int16(const int16_t *input, int16_t *output, tinyml_size batch,
                           const tinyml_window *window, int16_t minimum, int16_t maximum);

/* ---- transposed convolutions ---- */

/*
 * TRANSPOSE_CONV: every place of the input adds its channels times the weights to a window of the output; the windows lie
 * `stride` apart, the first one begins at minus the padding. Then activation(bias + sum). window: dilation 1.
 * input [batch][input height][input width][inputs], output [batch][output height][output width][outputs]; in flash weights
 * [outputs][window height][window width][inputs] and bias [outputs], which may be NULL.
 */
TINYML_KERNEL void tinyml_transpose_conv_float(const float *input, const float *weights, const float *bias, float *output,
                                 tinyml_size batch, const tinyml_window *window, int activation);

/* The same in int8; multipliers and shifts [outputs] as those of tinyml_conv_int8, the bias without any zero point. */
TINYML_KERNEL void tinyml_transpose_conv_int8(const int8_t *input, const int8_t *weights, const int32_t *bias, int8_t *output,
                                tinyml_size batch, const tinyml_window *window, const int32_t *multipliers,
                                const int8_t *shifts, int16_t input_zero_point, int16_t output_zero_point,
                                int16_t minimum, int16_t maximum);

/* The same with weights that have a zero point. */
TINYML_KERNEL void tinyml_asymmetric_transpose_conv_int8(const int8_t *input, const int8_t *weights, const int32_t *bias,
                                           int8_t *output, tinyml_size batch, const tinyml_window *window,
                                           const int32_t *multipliers, const int8_t *shifts, int16_t input_zero_point,
                                           int16_t weights_zero_point, int16_t output_zero_point, int16_t minimum,
                                           int16_t maximum);

/* tinyml_transpose_conv_int8 with int16 activations of zero point 0. */
TINYML_KERNEL void tinyml_transpose_conv_int16(const int16_t *input, const int8_t *weights, const int64_t *bias, int16_t *output,
                                 tinyml_size batch, const tinyml_window *window, const int32_t *multipliers,
                                 const int8_t *shifts, int16_t minimum, int16_t maximum);

/* ---- recurrent layers: variable tensors, which keep their elements from run to run, are read and written ---- */

/*
 * SVDF, a dense layer of units * rank filters, each of which remembers its last `memory` results:
 * output[b][u] = activation(bias[u] + sum over the unit's filters f and m of time_weights[f][m] * state[b][f][m])
 * where state[b][f] first moves by one and ends in the sum over i of input[b][i] * feature_weights[f][i].
 * input [batch][inputs]; state [batch][units * rank][memory]; output [batch][units]; the others in flash:
 * feature_weights [units * rank][inputs], time_weights [units * rank][memory], bias [units], may be NULL.
 */
TINYML_KERNEL void tinyml_svdf_float(const float *input, const float *feature_weights, const float *time_weights, const float *bias,
                       float *state, float *output, tinyml_size batch, tinyml_size inputs, tinyml_size units,
                       tinyml_size rank, tinyml_size memory, int activation);

/*
 * Sizes and scales of an integer SVDF. The features' factor is input scale * feature scale / state scale, the times' factor
 * state scale * time scale / output scale.
 */
typedef struct {
  int32_t batch, inputs, units, rank, memory;
  int32_t state_zero_point, output_zero_point;
  int32_t feature_multiplier, feature_shift;
  int32_t time_multiplier, time_shift;
} tinyml_svdf;

/* The same in int8, without activation. feature_bias [units * rank]: minus the input's zero point * the filter's weights. */
TINYML_KERNEL void tinyml_svdf_int8(const int8_t *input, const int8_t *feature_weights, const int32_t *feature_bias,
                      const int8_t *time_weights, const int32_t *bias, int8_t *state, int8_t *output,
                      const tinyml_svdf *sizes);

/* The same with a state and time weights in int16, both of zero point 0. */
TINYML_KERNEL void tinyml_svdf_int8_int16(const int8_t *input, const int8_t *feature_weights, const int32_t *feature_bias,
                            const int16_t *time_weights, const int32_t *bias, int16_t *state, int8_t *output,
                            const tinyml_svdf *sizes);

/* Sizes of an LSTM. With time_major 1 input and output begin with the dimensions [time_steps][batch], else with the batch. */
typedef struct {
  int32_t time_steps, batch, inputs, units, time_major;
} tinyml_lstm;

/*
 * UNIDIRECTIONAL_SEQUENCE_LSTM: for every step in time, with s the logistic function and the gates i, f, g, o in this order
 *   i, f, o = s(weights * input + bias + recurrent_weights * hidden), g the same with tanh
 *   cell = f * cell + i * g, kept in -cell_clip .. cell_clip if cell_clip > 0; hidden = o * tanh(cell); output = hidden
 * input [batch][time_steps][inputs]; hidden and cell [batch][units]; output [batch][time_steps][units]; in flash weights
 * [4][units][inputs], recurrent_weights [4][units][units], bias [4][units].
 */
TINYML_KERNEL void tinyml_lstm_float(const float *input, const float *weights, const float *recurrent_weights, const float *bias,
                       float *hidden, float *cell, float *output, const tinyml_lstm *sizes, float cell_clip);

/*
 * Sizes and scales of an integer LSTM, whose cell is int16. The factors of input and hidden state take a gate's sums to steps
 * of 1/4096; a gate is then in steps of 1/32768. The cell's input to tanh is multiplied by tanh_multiplier / 2^tanh_shift.
 * cell_clip is -1 where nothing is clipped.
 */
typedef struct {
  int32_t time_steps, batch, inputs, units, time_major;
  int32_t input_multipliers[4], input_shifts[4];
  int32_t recurrent_multipliers[4], recurrent_shifts[4];
  int32_t forget_multiplier, forget_shift;
  int32_t cell_multiplier, cell_shift;
  int32_t hidden_multiplier, hidden_shift, hidden_zero_point;
  int32_t tanh_multiplier, tanh_shift, cell_clip;
} tinyml_lstm_integer;

/* The same in int8. Both biases have minus the zero point * the row's weights in them. */
TINYML_KERNEL void tinyml_lstm_int8(const int8_t *input, const int8_t *weights, const int8_t *recurrent_weights,
                      const int32_t *bias, const int32_t *recurrent_bias, int8_t *hidden, int16_t *cell,
                      int8_t *output, const tinyml_lstm_integer *parameters);

/* The same with int16 activations of zero point 0. */
TINYML_KERNEL void tinyml_lstm_int16(const int16_t *input, const int8_t *weights, const int8_t *recurrent_weights,
                       const int64_t *bias, int16_t *hidden, int16_t *cell, int16_t *output,
                       const tinyml_lstm_integer *parameters);

/*
 * LOGISTIC and TANH of int16 models, count elements: an input in steps of 1 / (3 * 4096) is input * multiplier / 2^shift;
 * the output is in steps of 1/32768.
 */
TINYML_KERNEL void tinyml_logistic_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier, int8_t shift);
TINYML_KERNEL void tinyml_tanh_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier, int8_t shift);

/* ---- arithmetic ---- */

/* e^x; 0 where the result would be subnormal, +infinity above 88.72. */
TINYML_KERNEL float tinyml_exp(float x);

/* The square root; 0 for subnormals, NaN below 0. */
float tinyml_sqrt(float x);

/* Natural logarithm; -infinity for 0 and subnormals, NaN below 0. */
float tinyml_log(float x);

#ifdef __cplusplus
}
#endif

#endif

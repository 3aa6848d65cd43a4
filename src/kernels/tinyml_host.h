/*
 * Kernels that only the flow's WebAssembly has. They compute what their namesakes of tinyml_kernels.h compute, from
 * weights that src/runtime/host-layout.ts has laid out for vectors: int8 the same bits, float within rounding.
 */
#ifndef TINYML_HOST_H
#define TINYML_HOST_H

#include "tinyml_kernels.h"

/* By how much all sums are shifted to the right in the end. */
#define TINYML_HOST_RIGHT 20

/* How many int8 inputs at most are added up to a number of 16 bits. */
#define TINYML_HOST_SUMMED 255

/*
 * What turns the sums of eight output channels into stored outputs, lane by lane:
 *
 *   x = clamp(bias + products, -limit, limit) * left
 *   y = floor((x * multiplier + half) / 2^32) + round + (x < 0 ? below_zero : 0)
 *   output = clamp(floor(y / 2^20), minimum, maximum)
 *
 * That is output_zero_point + tinyml_rescale(sum, multiplier, shift) with both of its roundings, brought to one common
 * shift. With n = -shift, at most 20: left = 2^(21 - n), half = 2^(51 - max(n, 0)), and where n > 0, for the second
 * rounding, which goes away from zero, below_zero = -2^(20 - n) and a half in round, 2^19. Round holds the zero point too,
 * * 2^20. limit = 2^(10 + n) - 1 keeps x in 32 bits; beyond it every output is clamped anyway. Where minimum is not below
 * the zero point, as after a relu, all that is negative becomes minimum, and below_zero is 0.
 */
typedef struct {
  int32_t bias[8], limit[8], left[8], multiplier[8], below_zero[8], round[8];
  int64_t half[8];
} tinyml_eight;

/*
 * Weights [channels][length] in panels: eight channels, or four where no more are left; for each 2 or 4 inputs that are
 * multiplied `together` the weights of every channel. What is missing to full panels is left as it is in them.
 */
void tinyml_host_pack_panels(const int8_t *weights, int8_t *panels, tinyml_size channels, tinyml_size length,
                             tinyml_size together);

/*
 * Fills the lanes of eights [channels / 8, rounded up] for a layer's output channels. bias may be NULL; each sum has so many
 * inputs, the factor of a channel is multipliers * 2^(shifts - 31), and rectified says that nothing below the output's zero
 * point is stored. Lanes without a channel are left as they are. Returns 0 where no shift to the common one is exact.
 */
int tinyml_host_pack_eights(const int32_t *multipliers, const int8_t *shifts, const int32_t *bias, tinyml_eight *eights,
                            tinyml_size channels, tinyml_size inputs, int16_t output_zero_point, int rectified);

/*
 * Depthwise weights [taps][channels] less their zero point, in 16 bits: for each eight channels and each pair of the window's places the two
 * weights of every channel. What is missing to eights and pairs is left as it is in packed.
 */
void tinyml_host_pack_taps(const int8_t *weights, int16_t *packed, tinyml_size taps, tinyml_size channels,
                           int16_t zero_point);

/*
 * tinyml_dense_int8 from panels (host_int8_matrix.h), with one tinyml_eight for each panel. inputs and sums at most 16,384.
 * Also a convolution whose windows are single places, one after the other: its places are the rows.
 *
 * sums 0, or where the weights have a zero point one for every TINYML_HOST_SUMMED inputs begun: so many weights more, each
 * the zero point, follow those of every channel.
 */
void tinyml_host_dense_int8(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                            tinyml_size rows, tinyml_size inputs, tinyml_size outputs, int16_t minimum, int16_t maximum,
                            int sums);

/*
 * tinyml_conv_int8 from panels, those of each group by themselves. A window has at most 16,384 elements, with its sums. The
 * input's zero point is in the bias already.
 */
void tinyml_host_conv_int8(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                           tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                           int16_t input_zero_point, int16_t minimum, int16_t maximum, int sums);

/*
 * The same by relaxed SIMD, and tinyml_host_slide_int8, from panels of four inputs together (those above take two). They are exact where the
 * machine's tinyml_host_multiply_bytes is, with flip 0 where it reads inputs as signed, with 128 where as unsigned: 128 is
 * then added to every input, and the bias has to take it off.
 */
void tinyml_host_dense_bytes(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                             tinyml_size rows, tinyml_size inputs, tinyml_size outputs, int16_t minimum,
                             int16_t maximum, int flip);
void tinyml_host_conv_bytes(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                            tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                            int16_t input_zero_point, int16_t minimum, int16_t maximum, int flip);
void tinyml_host_slide_bytes(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                             tinyml_size batch, const tinyml_window *window, int16_t input_zero_point, int16_t minimum,
                             int16_t maximum, int flip);

/* The instruction of these three alone: to each of 4 * count sums the products of four weights and four inputs are added. */
void tinyml_host_multiply_bytes(const int8_t *weights, const int8_t *inputs, int32_t *sums, tinyml_size count);

/*
 * tinyml_depthwise_int8 from weights of 16 bits: for each eight channels, and each two places of the window in turn (the
 * last pair of an odd number has a place of zeros), the two weights of every channel. The bias is the layer's own: no zero
 * point is in it. A window has at most 256 places, and its rows of eight channels, as wide as the picture with its
 * padding, at most 16,384 elements.
 */
void tinyml_host_depthwise_int8(const int8_t *input, const int16_t *weights, const tinyml_eight *eights, int8_t *output,
                                tinyml_size batch, const tinyml_window *window, int16_t input_zero_point,
                                int16_t minimum, int16_t maximum);

/*
 * tinyml_conv_int8 without groups and dilation along rows, from panels in which each row of the window is filled up to the
 * inputs that are multiplied together. At most 256 times as many; the picture's rows that a row of windows reaches, at most 16,384 elements.
 */
void tinyml_host_slide_int8(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                            tinyml_size batch, const tinyml_window *window, int16_t input_zero_point, int16_t minimum,
                            int16_t maximum);

/*
 * tinyml_conv_float without groups, from panels as those of int8, but with one input after the other: [inputs][8 or 4].
 * bias [output_channels, filled up to fours]. The output has at least four places, a window at most 2,048 elements.
 */
void tinyml_host_conv_float(const float *input, const float *weights, const float *bias, float *output,
                            tinyml_size batch, const tinyml_window *window, int activation);

/*
 * tinyml_conv_float without groups, by windows of 3 x 3, stride 1 and dilation 1, of at most 128 input channels, a multiple
 * of 4, with at least four tiles of 2 x 2 outputs. Weights are finite, transformed (host_winograd.c) and in panels as above,
 * a matrix for each of a tile's 16 products. Inputs are finite, and their sums of four, too: an infinite one makes NaN of its tile.
 */
void tinyml_host_winograd_float(const float *input, const float *weights, const float *bias, float *output,
                                tinyml_size batch, const tinyml_window *window, int activation);

/*
 * tinyml_dense_float with weights that are all finite in panels, [inputs][32 outputs]. bias [outputs, filled up to 32s];
 * inputs at most 8,192. Where more than half of a row's inputs are 0, those are passed over.
 */
void tinyml_host_dense_float(const float *input, const float *weights, const float *bias, float *output, tinyml_size rows,
                             tinyml_size inputs, tinyml_size outputs, int activation);

#endif

/*
 * Convolution of float models on the host by windows of 3 x 3, one place after the other, as Winograd's F(2 x 2, 3 x 3):
 * a tile of 2 x 2 outputs from 4 x 4 inputs takes 16 products for each pair of channels instead of 36.
 *
 * Along one direction, two outputs of a filter g over four inputs d take four products instead of six:
 *
 *   m0 = (d0 - d2) g0    m1 = (d1 + d2) (g0 + g1 + g2) / 2    m2 = (d2 - d1) (g0 - g1 + g2) / 2    m3 = (d1 - d3) g2
 *   output 0 = m0 + m1 + m2    output 1 = m1 - m2 - m3
 *
 * A tile does that along both directions: B' d B are its transformed inputs, G g G' its transformed weights (packWinograd of
 * host-layout.ts), and A' m A its outputs. Products are summed over the input's channels in between, as products of matrices.
 *
 * Lavin and Gray, Fast Algorithms for Convolutional Neural Networks (2015), section 4.1.
 */
#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "float_clamp.h"
#include "host_float_panels.h"
#include "tinyml_host.h"

/* Elements of transformed inputs, half of the stack, and tiles at most that are multiplied at once. */
enum { TINYML_WINOGRAD_FLOATS = 8192, TINYML_WINOGRAD_TILES = 16 };

/* B' x of four vectors. */
static inline void tinyml_winograd_inputs(const v128_t *x, v128_t *to, int step) {
  to[0] = wasm_f32x4_sub(x[0], x[2]);
  to[step] = wasm_f32x4_add(x[1], x[2]);
  to[2 * step] = wasm_f32x4_sub(x[2], x[1]);
  to[3 * step] = wasm_f32x4_sub(x[1], x[3]);
}

/* B' inputs B of the tile whose first place is (top, left), 0 outside of the picture: a row of each of the 16 matrices. */
static void tinyml_winograd_tile(const float *picture, const tinyml_window *w, int top, int left, float *rows,
                                 int matrix) {
  int channels = w->input_channels;
  const float *places[16];
  for (int k = 0; k < 16; k++) {
    int y = top + k / 4, x = left + k % 4;
    int inside = y >= 0 && y < w->input_height && x >= 0 && x < w->input_width;
    places[k] = inside ? picture + (y * w->input_width + x) * channels : 0;
  }
  for (int c = 0; c < channels; c += 4) {
    v128_t half[16], four[4];
    for (int j = 0; j < 4; j++) {
      for (int i = 0; i < 4; i++) {
        const float *place = places[4 * i + j];
        four[i] = place ? wasm_v128_load(place + c) : wasm_f32x4_const_splat(0);
      }
      tinyml_winograd_inputs(four, half + j, 4);
    }
    for (int i = 0; i < 4; i++) {
      tinyml_winograd_inputs(half + 4 * i, four, 1);
      for (int j = 0; j < 4; j++) wasm_v128_store(rows + (4 * i + j) * matrix + c, four[j]);
    }
  }
}

/* A' products A of four channels of a tile, the element of each of the 16 matrices `matrix` behind the one before. */
static inline void tinyml_winograd_outputs(const float *products, int matrix, v128_t *outputs) {
  v128_t half[8];
  for (int j = 0; j < 4; j++) {
    v128_t x[4];
    for (int i = 0; i < 4; i++) x[i] = wasm_v128_load(products + (4 * i + j) * matrix);
    half[j] = wasm_f32x4_add(x[0], wasm_f32x4_add(x[1], x[2]));
    half[4 + j] = wasm_f32x4_sub(wasm_f32x4_sub(x[1], x[2]), x[3]);
  }
  for (int i = 0; i < 2; i++) {
    const v128_t *x = half + 4 * i;
    outputs[2 * i] = wasm_f32x4_add(x[0], wasm_f32x4_add(x[1], x[2]));
    outputs[2 * i + 1] = wasm_f32x4_sub(wasm_f32x4_sub(x[1], x[2]), x[3]);
  }
}

/* Eight or less channels from `channel` on of the tiles from `start` on: from products to the outputs that there are. */
static void tinyml_winograd_store(const float *products, int matrix, const tinyml_window *w, int start, int tiles,
                                  int across, int channel, const float *bias, v128_t low, v128_t high, float *output) {
  int channels = w->output_channels, end = channels - channel < 8 ? channels : channel + 8;
  int tile_y = start / across, tile_x = start % across;
  for (int t = 0; t < tiles; t++, products += 8) {
    for (int c = channel; c < end; c += 4) {
      v128_t four[4], add = wasm_v128_load(bias + c);
      tinyml_winograd_outputs(products + c - channel, matrix, four);
      for (int k = 0; k < 4; k++) {
        int y = 2 * tile_y + k / 2, x = 2 * tile_x + k % 2;
        if (y >= w->output_height || x >= w->output_width) continue;
        float *to = output + (y * w->output_width + x) * channels + c;
        tinyml_store_four(to, wasm_f32x4_add(four[k], add), low, high, end - c);
      }
    }
    if (++tile_x == across) tile_x = 0, tile_y++;
  }
}

void tinyml_host_winograd_float(const float *input, const float *weights, const float *bias, float *output,
                                tinyml_size batch, const tinyml_window *window, int activation) {
  float rows[TINYML_WINOGRAD_FLOATS] __attribute__((aligned(16)));
  float products[16 * TINYML_WINOGRAD_TILES * 8] __attribute__((aligned(16)));
  tinyml_window w = *window;
  v128_t low = wasm_f32x4_splat(tinyml_clamp_activation(-__builtin_inff(), activation));
  v128_t high = wasm_f32x4_splat(tinyml_clamp_activation(__builtin_inff(), activation));
  v128_t lowest = wasm_f32x4_splat(-__builtin_inff()), highest = wasm_f32x4_splat(__builtin_inff());
  float zeros[8] __attribute__((aligned(16))) = {0};
  int channels = w.input_channels, across = (w.output_width + 1) / 2, all = across * ((w.output_height + 1) / 2);
  int most = TINYML_WINOGRAD_FLOATS / (16 * channels);
  if (most > TINYML_WINOGRAD_TILES) most = TINYML_WINOGRAD_TILES;
  int matrix = most * channels, filter = (w.output_channels + 3 & ~3) * channels;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int start = 0; start < all; start += most) {
      if (all - start < 4) start = all - 4;
      int tiles = all - start < most ? all - start : most;
      for (int t = 0; t < tiles; t++) {
        int top = 2 * ((start + t) / across) - w.padding_top, left = 2 * ((start + t) % across) - w.padding_left;
        tinyml_winograd_tile(input, &w, top, left, rows + t * channels, matrix);
      }
      for (int o = 0; o < w.output_channels; o += 8) {
        for (int m = 0; m < 16; m++) {
          const float *panel = weights + m * filter + o * channels;
          float *to = products + m * 8 * most;
          if (w.output_channels - o > 4) {
            tinyml_float_panel(rows + m * matrix, tiles, channels, panel, zeros, 2, lowest, highest, to, 8, 8);
          } else {
            tinyml_float_panel(rows + m * matrix, tiles, channels, panel, zeros, 1, lowest, highest, to, 8, 4);
          }
        }
        tinyml_winograd_store(products, 8 * most, &w, start, tiles, across, o, bias, low, high, output);
      }
    }
    input += w.input_height * w.input_width * channels;
    output += w.output_height * w.output_width * w.output_channels;
  }
}
#endif

/* Convolution of float models on the host: windows laid out side by side as the rows of a matrix product. */
#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "float_clamp.h"
#include "float_multiply_add_simd.h"
#include "host_float_windows.h"
#include "tinyml_host.h"

/* Elements of laid out windows: half of the stack; but no more at once than leave room in the nearest cache. */
enum { TINYML_HOST_FLOATS = 8192, TINYML_HOST_NEAR_FLOATS = 4096 };

/* Four rows times a panel of 4 * fours channels, the first `count` of which are stored; fours is a constant. */
static inline __attribute__((always_inline)) void tinyml_float_tile(const float *rows, int length, const float *weights,
                                                                    int fours, const v128_t *bias, v128_t low,
                                                                    v128_t high, float *output, int stride, int count) {
  v128_t sums[8];
  const float *r0 = rows, *r1 = r0 + length, *r2 = r1 + length, *r3 = r2 + length;
  for (int i = 0; i < 4 * fours; i++) sums[i] = bias[i % fours];
  /* Unrolled, all loads of some turns would come first, and the sums would move to the stack. */
#pragma clang loop unroll(disable)
  for (int k = 0; k < length; k++) {
    v128_t x[4] = {wasm_v128_load32_splat(r0++), wasm_v128_load32_splat(r1++), wasm_v128_load32_splat(r2++),
                   wasm_v128_load32_splat(r3++)};
    for (int f = 0; f < fours; f++) {
      v128_t w = wasm_v128_load(weights + 4 * f);
      for (int r = 0; r < 4; r++) sums[r * fours + f] = tinyml_multiply_add(sums[r * fours + f], x[r], w);
    }
    weights += 4 * fours;
  }
  for (int r = 0; r < 4; r++, output += stride) {
    for (int f = 0; f < fours; f++) {
      /* pmax and pmin rather than branches, which a relu makes unpredictable; they let NaN through. */
      v128_t four = wasm_f32x4_pmin(wasm_f32x4_pmax(sums[r * fours + f], low), high);
      if (count >= 4 * f + 4) {
        wasm_v128_store(output + 4 * f, four);
      } else {
        float lanes[4];
        wasm_v128_store(lanes, four);
        for (int i = 0; i < count - 4 * f; i++) output[4 * f + i] = lanes[i];
      }
    }
  }
}

static inline __attribute__((always_inline)) void tinyml_float_panel(const float *rows, int row_count, int length,
                                                                     const float *weights, const float *bias, int fours,
                                                                     v128_t low, v128_t high, float *output, int stride,
                                                                     int count) {
  v128_t start[2] = {wasm_v128_load(bias), fours == 2 ? wasm_v128_load(bias + 4) : wasm_f32x4_const_splat(0)};
  for (int r = 0; r < row_count; r += 4) {
    /* The last four may overlap those before them: then some are computed twice. */
    int first = r + 4 > row_count ? row_count - 4 : r;
    tinyml_float_tile(rows + first * length, length, weights, fours, start, low, high, output + first * stride, stride,
                      count);
  }
}

/* At least four rows times all panels of the output's channels. */
static void tinyml_float_panels(const float *rows, int row_count, int length, const float *weights, const float *bias,
                                v128_t low, v128_t high, float *output, int channels) {
  for (int o = 0; o < channels; o += 8) {
    int left = channels - o;
    if (left >= 8) {
      tinyml_float_panel(rows, row_count, length, weights, bias + o, 2, low, high, output + o, channels, 8);
    } else if (left > 4) {
      tinyml_float_panel(rows, row_count, length, weights, bias + o, 2, low, high, output + o, channels, left);
    } else {
      tinyml_float_panel(rows, row_count, length, weights, bias + o, 1, low, high, output + o, channels, left);
    }
    weights += 8 * length;
  }
}

void tinyml_host_conv_float(const float *input, const float *weights, const float *bias, float *output,
                            tinyml_size batch, const tinyml_window *window, int activation) {
  float wide[TINYML_HOST_FLOATS + TINYML_HOST_FLOAT_SLACK] __attribute__((aligned(16)));
  tinyml_window w = *window;
  v128_t low = wasm_f32x4_splat(tinyml_clamp_activation(-__builtin_inff(), activation));
  v128_t high = wasm_f32x4_splat(tinyml_clamp_activation(__builtin_inff(), activation));
  int length = w.window_height * w.window_width * w.input_channels, places = w.output_height * w.output_width;
  int picture = w.input_height * w.input_width * w.input_channels;
  int most = TINYML_HOST_NEAR_FLOATS / length & ~3;
  if (most < 4) most = 4;
  /* Where a window is one place, the pictures themselves are the rows. */
  int in_place = length == w.input_channels && w.stride_height == 1 && w.stride_width == 1;
  if (in_place) places *= (int)batch, batch = 1;
  for (tinyml_size b = 0; b < batch; b++, input += picture, output += (tinyml_size)places * w.output_channels) {
    for (int start = 0; start < places; start += most) {
      if (places - start < 4) start = places - 4;
      int count = places - start < most ? places - start : most;
      const float *rows = in_place ? input + (tinyml_size)start * length : wide;
      if (!in_place) tinyml_lay_out_float_windows(input, &w, start, count, wide);
      tinyml_float_panels(rows, count, length, weights, bias, low, high, output + (tinyml_size)start * w.output_channels,
                          w.output_channels);
    }
  }
}
#endif

/* Convolution of float models on the host: windows laid out side by side as the rows of a matrix product. */
#ifdef __wasm_simd128__
#include <wasm_simd128.h>

#include "float_clamp.h"
#include "host_float_panels.h"
#include "host_float_windows.h"
#include "tinyml_host.h"

/* Elements of laid out windows: half of the stack; but no more at once than leave room in the nearest cache. */
enum { TINYML_HOST_FLOATS = 8192, TINYML_HOST_NEAR_FLOATS = 4096 };

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

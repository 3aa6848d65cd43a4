/* Gradients of float pooling. */
#include "tinyml_training.h"
#include "tinyml_window.h"

/* What one place of the output gives to one element of its window: the first one that equals the largest gets all. */
static inline void tinyml_give_largest(const float *restrict input, const float *restrict output, float *restrict left,
                                       float *restrict input_gradient, int channels) {
  for (int c = 0; c < channels; c++) {
    float given = input[c] == output[c] ? left[c] : 0.0f;
    input_gradient[c] += given;
    left[c] -= given;
  }
}

static inline void tinyml_give_share(const float *restrict gradient, float share, float *restrict input_gradient,
                                     int channels) {
  for (int c = 0; c < channels; c++) input_gradient[c] += gradient[c] * share;
}

static inline void tinyml_pool_gradient(const float *input, const float *output, float *output_gradient,
                                        float *input_gradient, tinyml_size batch, const tinyml_window *window) {
  const tinyml_window w = *window;
  int channels = w.input_channels;
  tinyml_size picture = (tinyml_size)w.input_height * w.input_width * channels, place = 0;
  for (tinyml_size k = 0; k < batch * picture; k++) input_gradient[k] = 0.0f;
  for (tinyml_size b = 0; b < batch; b++) {
    for (int y = 0; y < w.output_height; y++) {
      int top = y * w.stride_height - w.padding_top;
      tinyml_span rows = tinyml_span_inside(top, w.window_height, 1, w.input_height);
      for (int x = 0; x < w.output_width; x++, place += channels) {
        int left = x * w.stride_width - w.padding_left;
        tinyml_span columns = tinyml_span_inside(left, w.window_width, 1, w.input_width);
        float share = 1.0f / (float)((rows.end - rows.first) * (columns.end - columns.first));
        for (int i = rows.first; i < rows.end; i++) {
          for (int j = columns.first; j < columns.end; j++) {
            tinyml_size at = b * picture + ((tinyml_size)(top + i) * w.input_width + left + j) * channels;
            if (input) tinyml_give_largest(input + at, output + place, output_gradient + place, input_gradient + at, channels);
            else tinyml_give_share(output_gradient + place, share, input_gradient + at, channels);
          }
        }
      }
    }
  }
}

void tinyml_max_pool_gradient(const float *input, const float *output, float *output_gradient, float *input_gradient,
                              tinyml_size batch, const tinyml_window *window) {
  tinyml_pool_gradient(input, output, output_gradient, input_gradient, batch, window);
}

void tinyml_average_pool_gradient(float *output_gradient, float *input_gradient, tinyml_size batch,
                                  const tinyml_window *window) {
  tinyml_pool_gradient(0, 0, output_gradient, input_gradient, batch, window);
}

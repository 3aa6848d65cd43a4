/* Convolution of int8 models on the host: windows laid out side by side as the rows of a matrix product. */
#ifdef __wasm_simd128__
#include "host_int8_matrix.h"
#include "tinyml_window.h"

/*
 * The elements of a window at the picture's edge, in the order of its weights. Outside of the picture they are the zero
 * point, which adds nothing.
 */
static void tinyml_lay_out_border(const int8_t *picture, const tinyml_window *w, int channels, int top, int left,
                                  int zero_point, int flip, tinyml_host_input *to) {
  tinyml_host_input outside = tinyml_host_input_of(zero_point, flip);
  tinyml_span columns = tinyml_span_inside(left, w->window_width, w->dilation_width, w->input_width);
  int whole = w->dilation_width == 1 && channels == w->input_channels;
  int piece = whole ? (columns.end - columns.first) * channels : channels;
  for (int i = 0; i < w->window_height; i++) {
    int y = top + i * w->dilation_height;
    if (y < 0 || y >= w->input_height) {
      to = tinyml_repeat_input(to, outside, w->window_width * channels);
      continue;
    }
    const int8_t *row = picture + ((tinyml_size)y * w->input_width) * w->input_channels;
    to = tinyml_repeat_input(to, outside, columns.first * channels);
    for (int j = columns.first; j < columns.end; j += whole ? columns.end - columns.first : 1) {
      tinyml_lay_out_exactly(row + (left + j * w->dilation_width) * w->input_channels, to, piece, flip);
      to += piece;
    }
    to = tinyml_repeat_input(to, outside, (w->window_width - columns.end) * channels);
  }
}

/* What all windows of a picture have in common. */
typedef struct {
  int piece, pieces;   /* neighbouring elements, and how many such pieces a row of the window has */
  int row, between;    /* elements of the picture from one row of the window to the next, and from piece to piece */
  int reach;           /* elements of the picture from a window's first one to the end of what is read of it */
} tinyml_pieces;

static inline tinyml_pieces tinyml_pieces_of(const tinyml_window *w, int channels) {
  tinyml_pieces p;
  int whole = w->dilation_width == 1 && channels == w->input_channels;
  p.piece = whole ? w->window_width * channels : channels;
  p.pieces = whole ? 1 : w->window_width;
  p.between = w->dilation_width * w->input_channels;
  p.row = w->dilation_height * w->input_width * w->input_channels;
  p.reach = (w->window_height - 1) * p.row + (p.pieces - 1) * p.between +
            ((p.piece + TINYML_HOST_VECTOR - 1) & ~(TINYML_HOST_VECTOR - 1));
  return p;
}

/* A window inside of the picture. Each piece is written up to a vector too far, and the next one over that. */
static inline void tinyml_lay_out_inside(const int8_t *at, const tinyml_pieces *p, int height, int flip,
                                         tinyml_host_input *to) {
  if (p->pieces == 1 && p->piece <= TINYML_HOST_VECTOR) {
    for (int i = 0; i < height; i++, at += p->row, to += p->piece) wasm_v128_store(to, tinyml_load_inputs(at, flip));
    return;
  }
  for (int i = 0; i < height; i++) {
    const int8_t *piece = at;
    for (int j = 0; j < p->pieces; j++) {
      tinyml_lay_out_beyond(piece, to, p->piece, flip);
      to += p->piece;
      piece += p->between;
    }
    at += p->row;
  }
}

static inline void tinyml_conv_panels(const int8_t *input, const int8_t *weights, const tinyml_eight *eights,
                                      int8_t *output, tinyml_size batch, const tinyml_window *window, int channels,
                                      int zero_point, int8_t minimum, int8_t maximum, int flip, int sums) {
  tinyml_host_input rows[TINYML_HOST_ELEMENTS + TINYML_HOST_SLACK] __attribute__((aligned(16)));
  tinyml_window w = *window;
  int groups = w.input_channels / channels, group_outputs = w.output_channels / groups;
  int length = w.window_height * w.window_width * channels, stride = tinyml_host_stride(length + sums);
  int most = TINYML_HOST_ELEMENTS / stride;
  if (most > TINYML_HOST_ROWS) most = TINYML_HOST_ROWS;
  int places = w.output_height * w.output_width;
  int picture = w.input_height * w.input_width * w.input_channels;
  int down = (w.window_height - 1) * w.dilation_height, across = (w.window_width - 1) * w.dilation_width;
  tinyml_pieces pieces = tinyml_pieces_of(&w, channels);
  for (tinyml_size b = 0; b < batch; b++) {
    for (int start = 0; start < places; start += most) {
      int count = places - start < most ? places - start : most;
      tinyml_host_output to = {output + (tinyml_size)start * w.output_channels, w.output_channels, minimum, maximum};
      const int8_t *panels = weights;
      const tinyml_eight *eight = eights;
      for (int g = 0; g < groups; g++) {
        int y = start / w.output_width, x = start % w.output_width;
        for (int p = 0; p < count; p++) {
          int top = y * w.stride_height - w.padding_top, left = x * w.stride_width - w.padding_left;
          int first = (top * w.input_width + left) * w.input_channels + g * channels;
          int inside = top >= 0 && left >= 0 && top + down < w.input_height && left + across < w.input_width;
          if (inside && first + pieces.reach <= picture) {
            tinyml_lay_out_inside(input + first, &pieces, w.window_height, flip, rows + p * stride);
          } else {
            tinyml_lay_out_border(input + g * channels, &w, channels, top, left, zero_point, flip, rows + p * stride);
          }
          if (++x == w.output_width) x = 0, y++;
        }
        tinyml_append_sums(rows, count, stride, length, sums);
        tinyml_multiply_rows(rows, count, stride, panels, eight, group_outputs, &to);
        panels += (tinyml_size)((group_outputs + 3) & ~3) * stride;
        eight += (group_outputs + 7) / 8;
        to.output += group_outputs;
      }
    }
    input += picture;
    output += (tinyml_size)places * w.output_channels;
  }
}

#ifdef __wasm_relaxed_simd__
void tinyml_host_conv_bytes(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                            tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                            int16_t input_zero_point, int16_t minimum, int16_t maximum, int flip) {
  tinyml_conv_panels(input, weights, eights, output, batch, window, (int)filter_channels, input_zero_point,
                     (int8_t)minimum, (int8_t)maximum, flip, 0);
}
#else
void tinyml_host_conv_int8(const int8_t *input, const int8_t *weights, const tinyml_eight *eights, int8_t *output,
                           tinyml_size batch, const tinyml_window *window, tinyml_size filter_channels,
                           int16_t input_zero_point, int16_t minimum, int16_t maximum, int sums) {
  tinyml_conv_panels(input, weights, eights, output, batch, window, (int)filter_channels, input_zero_point,
                     (int8_t)minimum, (int8_t)maximum, 0, sums);
}
#endif
#endif

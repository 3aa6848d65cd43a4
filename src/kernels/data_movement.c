/* Moves elements from place to place without looking at them: transposing, slicing, joining, padding and their like. */
#include "tinyml_kernels.h"

/* There is no string.h where WebAssembly is compiled, but the compiler knows what is in it. */
#define TINYML_COPY_BYTES __builtin_memcpy
#define TINYML_SET_BYTES __builtin_memset

/* One row of blocks; `bytes` is a constant where it is called, so that no call of memcpy is left. */
static inline void tinyml_copy_row(const uint8_t *from, uint8_t *to, const tinyml_strides *s, tinyml_size bytes) {
  int last = TINYML_COPY_DIMENSIONS - 1;
  for (int i = 0; i < s->sizes[last]; i++) {
    TINYML_COPY_BYTES(to, from, bytes);
    from += s->input_strides[last];
    to += s->output_strides[last];
  }
}

void tinyml_copy(const void *input, void *output, const tinyml_strides *strides) {
  tinyml_strides s;
  TINYML_READ_STRUCT(s, strides);
  const uint8_t *from = (const uint8_t *)input + s.input_offset;
  uint8_t *to = (uint8_t *)output + s.output_offset;
  int at[TINYML_COPY_DIMENSIONS - 1] = {0};
  for (;;) {
    switch (s.block_bytes) {
      case 1: tinyml_copy_row(from, to, &s, 1); break;
      case 2: tinyml_copy_row(from, to, &s, 2); break;
      case 4: tinyml_copy_row(from, to, &s, 4); break;
      case 8: tinyml_copy_row(from, to, &s, 8); break;
      default: tinyml_copy_row(from, to, &s, (tinyml_size)s.block_bytes);
    }
    int d = TINYML_COPY_DIMENSIONS - 2;
    while (d >= 0 && ++at[d] == s.sizes[d]) {
      from -= (s.sizes[d] - 1) * s.input_strides[d];
      to -= (s.sizes[d] - 1) * s.output_strides[d];
      at[d--] = 0;
    }
    if (d < 0) return;
    from += s.input_strides[d];
    to += s.output_strides[d];
  }
}

void tinyml_set_bytes(void *output, tinyml_size bytes, int value) { TINYML_SET_BYTES(output, value, bytes); }

void tinyml_fill(const void *value, void *output, tinyml_size count, tinyml_size element_bytes) {
  uint8_t *to = (uint8_t *)output;
  for (tinyml_size i = 0; i < count; i++, to += element_bytes) TINYML_COPY_BYTES(to, value, element_bytes);
}

void tinyml_gather(const void *input, const int32_t *indices, void *output, tinyml_size batches, tinyml_size outer,
                   tinyml_size size, tinyml_size count, tinyml_size block_bytes) {
  const uint8_t *from = (const uint8_t *)input;
  uint8_t *to = (uint8_t *)output;
  int32_t last = (int32_t)size - 1;
  for (tinyml_size b = 0; b < batches; b++, indices += count) {
    for (tinyml_size o = 0; o < outer; o++, from += size * block_bytes) {
      for (tinyml_size i = 0; i < count; i++, to += block_bytes) {
        /* computed indices may be anything */
        int32_t index = indices[i] < 0 ? 0 : indices[i] > last ? last : indices[i];
        TINYML_COPY_BYTES(to, from + (tinyml_size)index * block_bytes, block_bytes);
      }
    }
  }
}

/* Calls for each element of the batches, in order, with the place that it has in the picture. */
static inline void tinyml_between_batches(const uint8_t *from, uint8_t *to, const tinyml_batch_blocks *blocks,
                                          int into_batches, int padding) {
  tinyml_batch_blocks b;
  TINYML_READ_STRUCT(b, blocks);
  tinyml_size bytes = (tinyml_size)b.element_bytes;
  for (int row = 0; row < b.block_height; row++) {
    for (int column = 0; column < b.block_width; column++) {
      for (int picture = 0; picture < b.pictures; picture++) {
        for (int i = 0; i < b.batch_height; i++) {
          int y = i * b.block_height + row - b.top;
          for (int j = 0; j < b.batch_width; j++) {
            int x = j * b.block_width + column - b.left;
            int inside = y >= 0 && y < b.height && x >= 0 && x < b.width;
            tinyml_size place = inside ? (((tinyml_size)picture * b.height + y) * b.width + x) * bytes : 0;
            if (into_batches) {
              if (inside) TINYML_COPY_BYTES(to, from + place, bytes);
              else TINYML_SET_BYTES(to, padding, bytes);
              to += bytes;
            } else {
              if (inside) TINYML_COPY_BYTES(to + place, from, bytes);
              from += bytes;
            }
          }
        }
      }
    }
  }
}

void tinyml_space_to_batch(const void *input, void *output, const tinyml_batch_blocks *blocks, int padding) {
  tinyml_between_batches((const uint8_t *)input, (uint8_t *)output, blocks, 1, padding);
}

void tinyml_batch_to_space(const void *input, void *output, const tinyml_batch_blocks *blocks) {
  tinyml_between_batches((const uint8_t *)input, (uint8_t *)output, blocks, 0, 0);
}

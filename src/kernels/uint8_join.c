/* TensorFlow Lite's CONCATENATION of uint8, whose inputs may have other scales than its output. */
#include "tinyml_kernels.h"

void tinyml_join_uint8(const uint8_t *input, uint8_t *output, tinyml_size rows, tinyml_size count, tinyml_size stride,
                       tinyml_size offset, const uint8_t *table) {
  output += offset;
  for (tinyml_size r = 0; r < rows; r++, output += stride) {
    for (tinyml_size i = 0; i < count; i++) output[i] = TINYML_READ_UINT8(table + *input++);
  }
}

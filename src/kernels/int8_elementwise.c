/* Functions of one int8 each: as there are 256 of them, all results are computed beforehand. */
#include "tinyml_kernels.h"

void tinyml_lookup_int8(const int8_t *input, int8_t *output, tinyml_size count, const int8_t *table) {
  for (tinyml_size i = 0; i < count; i++) output[i] = TINYML_READ_INT8(table + (uint8_t)(input[i] + 128));
}

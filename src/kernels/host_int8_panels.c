/* The order in which the host's int8 kernels read weights, made once when a model is loaded. */
#ifdef __wasm_simd128__
#include "tinyml_host.h"

void tinyml_host_pack_panels(const int8_t *weights, int8_t *panels, tinyml_size channels, tinyml_size length) {
  tinyml_size pairs = length / 2;
  for (tinyml_size first = 0; first < channels; first += 8) {
    tinyml_size left = channels - first, lanes = left > 4 ? 8 : 4;
    for (tinyml_size lane = 0; lane < lanes && lane < left; lane++) {
      int8_t *to = panels + 2 * lane;
      for (tinyml_size i = 0; i < pairs; i++, to += 2 * lanes) {
        to[0] = *weights++;
        to[1] = *weights++;
      }
      if (length % 2 == 1) to[0] = *weights++;
    }
    panels += 2 * lanes * ((length + 1) / 2);
  }
}
#endif

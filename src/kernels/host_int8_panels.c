/* The order in which the host's int8 kernels read weights, made once when a model is loaded. */
#ifdef __wasm_simd128__
#include "tinyml_host.h"

static inline void tinyml_pack_panels(const int8_t *weights, int8_t *panels, tinyml_size channels, tinyml_size length,
                                      tinyml_size together) {
  tinyml_size steps = (length + together - 1) / together, last = length - (steps - 1) * together;
  for (tinyml_size first = 0; first < channels; first += 8) {
    tinyml_size left = channels - first, lanes = left > 4 ? 8 : 4;
    for (tinyml_size lane = 0; lane < lanes && lane < left; lane++) {
      int8_t *to = panels + together * lane;
      for (tinyml_size i = 1; i < steps; i++, to += together * lanes, weights += together) {
        __builtin_memcpy(to, weights, together);
      }
      for (tinyml_size i = 0; i < last; i++) to[i] = *weights++;
    }
    panels += together * lanes * steps;
  }
}

void tinyml_host_pack_panels(const int8_t *weights, int8_t *panels, tinyml_size channels, tinyml_size length,
                             tinyml_size together) {
  if (together == 2) tinyml_pack_panels(weights, panels, channels, length, 2);
  else tinyml_pack_panels(weights, panels, channels, length, 4);
}
#endif

/* What the host's int8 kernels read beside the weights, made once when a model is loaded. */
#ifdef __wasm_simd128__
#include "tinyml_host.h"

int tinyml_host_pack_eights(const int32_t *multipliers, const int8_t *shifts, const int32_t *bias, tinyml_eight *eights,
                            tinyml_size channels, tinyml_size inputs, int16_t output_zero_point, int rectified) {
  int32_t zero = output_zero_point * (1 << TINYML_HOST_RIGHT);
  for (tinyml_size channel = 0; channel < channels; channel++) {
    tinyml_eight *eight = eights + channel / 8;
    tinyml_size lane = channel % 8;
    int n = -shifts[channel];
    int64_t sum = bias == 0 ? 0 : bias[channel];
    /* no sum is larger than this */
    int64_t reach = (sum < 0 ? -sum : sum) + (int64_t)inputs * 32768;
    eight->bias[lane] = (int32_t)sum;
    if (n > TINYML_HOST_RIGHT && reach < (int64_t)1 << (n - 1)) {
      /* A channel whose weights have next to no scale gives nothing but zero. */
      eight->round[lane] = zero;
      continue;
    }
    /* Shifted to the left, sums must stay in 32 bits. */
    if (n > TINYML_HOST_RIGHT || n < -9 || (n < 0 && reach << -n > INT32_MAX)) return 0;
    eight->limit[lane] = (int32_t)(((uint32_t)1 << (10 + n)) - 1);
    eight->left[lane] = 1 << (TINYML_HOST_RIGHT + 1 - n);
    eight->multiplier[lane] = multipliers[channel];
    if (n > 0 && !rectified) eight->below_zero[lane] = -(1 << (TINYML_HOST_RIGHT - n));
    eight->round[lane] = (n > 0 ? 1 << (TINYML_HOST_RIGHT - 1) : 0) + zero;
    eight->half[lane] = (int64_t)1 << (51 - (n > 0 ? n : 0));
  }
  return 1;
}

void tinyml_host_pack_taps(const int8_t *weights, int16_t *packed, tinyml_size taps, tinyml_size channels,
                           int16_t zero_point) {
  for (tinyml_size first = 0; first < channels; first += 8) {
    tinyml_size lanes = channels - first < 8 ? channels - first : 8;
    for (tinyml_size tap = 0; tap < taps; tap++) {
      int16_t *to = packed + tap / 2 * 16 + tap % 2;
      for (tinyml_size lane = 0; lane < lanes; lane++) {
        to[2 * lane] = (int16_t)(weights[tap * channels + first + lane] - zero_point);
      }
    }
    packed += (taps + 1) / 2 * 16;
  }
}
#endif

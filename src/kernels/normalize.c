/*
 * Feature blocks "normalize", which brings every channel to mean 0 and deviation 1 with the training rows' statistics, and "scale", which divides
 * (mean 0).
 */
#include "tinyml_kernels.h"

/* input and output [readings][channels]; mean and factor (1 / deviation) [channels], in flash. May run in place. */
void tinyml_normalize(const float *input, float *output, tinyml_size readings, tinyml_size channels,
                      const float *mean, const float *factor) {
  for (tinyml_size r = 0; r < readings; r++) {
    for (tinyml_size c = 0; c < channels; c++) {
      *output++ = (*input++ - TINYML_READ_FLOAT(mean + c)) * TINYML_READ_FLOAT(factor + c);
    }
  }
}

/* Dropout. Which numbers are left out follows from the counters alone, so that the way back needs no memory of it. */
#include "tinyml_training.h"

/*
 * Four random numbers of a counter [4] and a key [2]: Philox4x32-10 of Salmon, Moraes, Dror and Shaw ("Parallel random
 * numbers: as easy as 1, 2, 3", 2011).
 */
void tinyml_philox(const uint32_t *counter, const uint32_t *key, uint32_t *numbers) {
  uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
  uint32_t first_key = key[0], second_key = key[1];
  for (int round = 0; round < 10; round++) {
    uint64_t first = (uint64_t)0xD2511F53u * a, second = (uint64_t)0xCD9E8D57u * c;
    a = (uint32_t)(second >> 32) ^ b ^ first_key;
    c = (uint32_t)(first >> 32) ^ d ^ second_key;
    b = (uint32_t)second;
    d = (uint32_t)first;
    first_key += 0x9E3779B9u;
    second_key += 0xBB67AE85u;
  }
  numbers[0] = a;
  numbers[1] = b;
  numbers[2] = c;
  numbers[3] = d;
}

/* The operator where nothing is left out. */
void tinyml_identity_float(const float *input, float *output, tinyml_size count) {
  for (tinyml_size i = 0; i < count; i++) output[i] = input[i];
}

/*
 * Leaves out a share `rate` of the numbers of [samples][count] and makes the others 1 / (1 - rate) times as large; the
 * same on the way back, from the output's gradient to the input's. A number of each sample's first `channels` decides
 * about all that are a multiple of `channels` behind it; channels = count where each is decided about by itself.
 * The chance depends on seed, step, the sample's number (from first_sample on), the layer and the number's place only.
 */
void tinyml_dropout(const float *input, float *output, tinyml_size samples, tinyml_size count, tinyml_size channels,
                    float rate, uint32_t seed, uint32_t step, uint32_t first_sample, uint32_t layer) {
  float factor = 1.0f / (1.0f - rate);
  const uint32_t key[2] = {seed, layer};
  for (tinyml_size sample = 0; sample < samples; sample++) {
    for (tinyml_size c = 0; c < channels; c += 4) {
      const uint32_t counter[4] = {(uint32_t)(c / 4), first_sample + (uint32_t)sample, step, 0};
      uint32_t numbers[4];
      tinyml_philox(counter, key, numbers);
      for (tinyml_size i = 0; i < 4 && c + i < channels; i++) {
        /* the upper 24 bits as a number in [0, 1), which a float holds exactly */
        float kept = (float)(numbers[i] >> 8) * 5.9604644775390625e-8f < rate ? 0.0f : factor;
        for (tinyml_size at = c + i; at < count; at += channels) output[at] = input[at] * kept;
      }
    }
    input += count;
    output += count;
  }
}

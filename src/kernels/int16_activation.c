/* Activations of int16 models: TensorFlow Lite's LOGISTIC, TANH and SOFTMAX, by tables. */
#include "int16_fixed_point.h"
#include "tinyml_kernels.h"

/* 65536 / (1 + e^-x) for x = 0, 1/24, 2/24, …, which is half of what a tanh's table is: tanh(x) = 2 logistic(2 x) - 1. */
static const uint16_t tinyml_logistic_table[256] TINYML_FLASH = {
    32768, 33451, 34133, 34813, 35493, 36169, 36843, 37513, 38180, 38841, 39498, 40149, 40794, 41432, 42064, 42688,
    43304, 43912, 44511, 45102, 45683, 46255, 46817, 47369, 47911, 48443, 48964, 49475, 49975, 50464, 50942, 51409,
    51865, 52311, 52745, 53169, 53581, 53983, 54374, 54755, 55125, 55485, 55834, 56174, 56503, 56823, 57133, 57433,
    57724, 58007, 58280, 58544, 58800, 59048, 59288, 59519, 59743, 59959, 60168, 60370, 60565, 60753, 60935, 61110,
    61279, 61441, 61599, 61750, 61896, 62036, 62172, 62302, 62428, 62549, 62666, 62778, 62886, 62990, 63090, 63186,
    63279, 63368, 63454, 63536, 63615, 63691, 63765, 63835, 63903, 63968, 64030, 64090, 64148, 64204, 64257, 64308,
    64357, 64405, 64450, 64494, 64536, 64576, 64614, 64652, 64687, 64721, 64754, 64786, 64816, 64845, 64873, 64900,
    64926, 64950, 64974, 64997, 65019, 65039, 65060, 65079, 65097, 65115, 65132, 65149, 65164, 65179, 65194, 65208,
    65221, 65234, 65246, 65258, 65269, 65280, 65291, 65301, 65310, 65319, 65328, 65337, 65345, 65352, 65360, 65367,
    65374, 65381, 65387, 65393, 65399, 65404, 65410, 65415, 65420, 65425, 65429, 65433, 65438, 65442, 65445, 65449,
    65453, 65456, 65459, 65462, 65465, 65468, 65471, 65474, 65476, 65479, 65481, 65483, 65485, 65488, 65489, 65491,
    65493, 65495, 65497, 65498, 65500, 65501, 65503, 65504, 65505, 65507, 65508, 65509, 65510, 65511, 65512, 65513,
    65514, 65515, 65516, 65517, 65517, 65518, 65519, 65520, 65520, 65521, 65522, 65522, 65523, 65523, 65524, 65524,
    65525, 65525, 65526, 65526, 65526, 65527, 65527, 65528, 65528, 65528, 65529, 65529, 65529, 65529, 65530, 65530,
    65530, 65530, 65531, 65531, 65531, 65531, 65531, 65532, 65532, 65532, 65532, 65532, 65532, 65533, 65533, 65533,
    65533, 65533, 65533, 65533, 65533, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65534, 65535
};

/* The table at a place of so many fractional bits, as many bits more than 16 in the result; beyond the table 65535. */
static uint32_t tinyml_interpolate(uint32_t place, uint8_t fraction_bits) {
  uint32_t index = place >> fraction_bits;
  if (index >= 255) return (uint32_t)0xffff << fraction_bits;
  uint32_t low = TINYML_READ_UINT16(tinyml_logistic_table + index);
  uint32_t high = TINYML_READ_UINT16(tinyml_logistic_table + index + 1);
  return (low << fraction_bits) + (place & (((uint32_t)1 << fraction_bits) - 1)) * (high - low);
}

/* An input in steps of 1 / (3 * 4096). */
static int32_t tinyml_curve_input(int16_t input, int32_t multiplier, int8_t shift) {
  int32_t half = shift > 0 ? (int32_t)1 << (shift - 1) : 0;
  return (input * multiplier + half) >> shift;
}

void tinyml_logistic_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier, int8_t shift) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t x = tinyml_curve_input(input[i], multiplier, shift);
    uint32_t place = (uint32_t)(x < 0 ? -x : x);
    uint32_t result = place >> 9 >= 255 ? (uint32_t)0x7fff << 10 : tinyml_interpolate(place, 9);
    result = x >= 0 ? result + 512 : ((uint32_t)1 << 25) - result + 511;
    output[i] = (int16_t)(result >> 10);
  }
}

void tinyml_tanh_int16(const int16_t *input, int16_t *output, tinyml_size count, int32_t multiplier, int8_t shift) {
  for (tinyml_size i = 0; i < count; i++) {
    int32_t x = tinyml_curve_input(input[i], multiplier, shift);
    int32_t result = (int32_t)tinyml_interpolate((uint32_t)(x < 0 ? -x : x), 8);
    result = x >= 0 ? result - ((int32_t)1 << 23) + 128 : ((int32_t)1 << 23) - result + 127;
    output[i] = (int16_t)(result >> 8);
  }
}

/* A curve at an int16: 512 steps of 128 each, and between them straight lines. table [513] in flash. */
static int16_t tinyml_curve(int16_t x, const int16_t *table) {
  int32_t place = (int32_t)x + 32768;
  const int16_t *step = table + (place >> 7);
  int32_t from = TINYML_READ_INT16(step);
  int32_t rise = TINYML_READ_INT16(step + 1) - from;
  return (int16_t)(from + ((rise * (place & 127) + 64) >> 7));
}

void tinyml_softmax_int16(const int16_t *input, int16_t *output, tinyml_size batch, tinyml_size classes,
                          const int16_t *tables, int32_t multiplier, int8_t shift) {
  for (tinyml_size b = 0; b < batch; b++) {
    int16_t largest = -32768;
    for (tinyml_size c = 0; c < classes; c++) {
      if (input[c] > largest) largest = input[c];
    }
    /* The output keeps the powers until their sum, in steps of 1/32768 as they are, is known. */
    int32_t sum = 0;
    for (tinyml_size c = 0; c < classes; c++) {
      int32_t x = tinyml_rescale((int32_t)input[c] - largest, multiplier, shift) + 32767;
      output[c] = tinyml_curve(tinyml_clamp_int16(x, -32768, 32767), tables);
      sum += output[c];
    }
    /* sum = 2^(31 - headroom) * (1 + fraction); the fraction to 16 bits. */
    uint8_t headroom = 0;
    uint32_t normalized = (uint32_t)sum;
    while (!(normalized & 0x80000000u)) {
      normalized <<= 1;
      headroom++;
    }
    int32_t fraction = (int32_t)(((normalized >> 1) + 8192) >> 14) - 65536 - 32768;
    int32_t reciprocal = tinyml_curve(tinyml_clamp_int16(fraction, -32768, 32767), tables + 513);
    uint8_t right = (uint8_t)(31 - headroom);
    for (tinyml_size c = 0; c < classes; c++) {
      output[c] = tinyml_clamp_int16((int32_t)((output[c] * reciprocal + ((int32_t)1 << (right - 1))) >> right), 0, 32767);
    }
    input += classes;
    output += classes;
  }
}

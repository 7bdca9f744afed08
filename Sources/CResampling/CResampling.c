#include "include/CResampling.h"

enum { FRACTION = 22 };

static inline uint8_t rounded(int32_t sum) {
  int32_t value = sum >> FRACTION;
  return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

// One row; inlined for 1 and for 3 channels, so that the sums stay in registers.
static inline void row_u8(const uint8_t *source, uint8_t *target, size_t channels, const cresampling_axis *axis) {
  for (size_t i = 0; i < axis->output; i++) {
    const int32_t *weights = axis->fixed + i * axis->taps;
    const uint8_t *from = source + (size_t)axis->firsts[i] * channels;
    int32_t sums[3] = {1 << (FRACTION - 1), 1 << (FRACTION - 1), 1 << (FRACTION - 1)};
    for (int32_t tap = 0; tap < axis->counts[i]; tap++)
      for (size_t c = 0; c < channels; c++) sums[c] += from[(size_t)tap * channels + c] * weights[tap];
    for (size_t c = 0; c < channels; c++) target[i * channels + c] = rounded(sums[c]);
  }
}

static inline void row_f32(const float *source, float *target, size_t channels, const cresampling_axis *axis) {
  for (size_t i = 0; i < axis->output; i++) {
    const float *weights = axis->floating + i * axis->taps;
    const float *from = source + (size_t)axis->firsts[i] * channels;
    float sums[3] = {0, 0, 0};
    for (int32_t tap = 0; tap < axis->counts[i]; tap++)
      for (size_t c = 0; c < channels; c++) sums[c] += from[(size_t)tap * channels + c] * weights[tap];
    for (size_t c = 0; c < channels; c++) target[i * channels + c] = sums[c];
  }
}

void cresampling_rows_u8(const uint8_t *source, uint8_t *target, size_t height, size_t channels, cresampling_axis axis) {
  for (size_t row = 0; row < height; row++) {
    const uint8_t *from = source + row * axis.input * channels;
    uint8_t *to = target + row * axis.output * channels;
    if (channels == 1) row_u8(from, to, 1, &axis);
    else row_u8(from, to, 3, &axis);
  }
}

void cresampling_rows_f32(const float *source, float *target, size_t height, size_t channels, cresampling_axis axis) {
  for (size_t row = 0; row < height; row++) {
    const float *from = source + row * axis.input * channels;
    float *to = target + row * axis.output * channels;
    if (channels == 1) row_f32(from, to, 1, &axis);
    else row_f32(from, to, 3, &axis);
  }
}

void cresampling_columns_u8(const uint8_t *source, uint8_t *target, size_t stride, int32_t *restrict sums,
                            cresampling_axis axis) {
  for (size_t i = 0; i < axis.output; i++) {
    for (size_t x = 0; x < stride; x++) sums[x] = 1 << (FRACTION - 1);
    for (int32_t tap = 0; tap < axis.counts[i]; tap++) {
      int32_t weight = axis.fixed[i * axis.taps + (size_t)tap];
      const uint8_t *restrict from = source + (size_t)(axis.firsts[i] + tap) * stride;
      for (size_t x = 0; x < stride; x++) sums[x] += from[x] * weight;
    }
    uint8_t *restrict to = target + i * stride;
    for (size_t x = 0; x < stride; x++) to[x] = rounded(sums[x]);
  }
}

void cresampling_columns_f32(const float *source, float *target, size_t stride, cresampling_axis axis) {
  for (size_t i = 0; i < axis.output; i++) {
    float *restrict to = target + i * stride;
    for (size_t x = 0; x < stride; x++) to[x] = 0;
    for (int32_t tap = 0; tap < axis.counts[i]; tap++) {
      float weight = axis.floating[i * axis.taps + (size_t)tap];
      const float *restrict from = source + (size_t)(axis.firsts[i] + tap) * stride;
      for (size_t x = 0; x < stride; x++) to[x] += from[x] * weight;
    }
  }
}

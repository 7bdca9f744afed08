// The inner loops of resizing, fast in debug builds too. Along an axis output `i` is the sum of `counts[i]` inputs from
// `firsts[i]` on, each times its weight; the weights of output `i` begin at `weights + i * taps`.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
  size_t input, output, taps;
  const int32_t *firsts, *counts;
  const int32_t *fixed;  // weights with 22 fractional bits
  const float *floating; // the same as floats
} cresampling_axis;

// [height, input, channels] to [height, output, channels]; sums are rounded and clamped to 8 bits.
void cresampling_rows_u8(const uint8_t *source, uint8_t *target, size_t height, size_t channels, cresampling_axis axis);
// [input, stride] to [output, stride]; `sums` has room for `stride` values.
void cresampling_columns_u8(const uint8_t *source, uint8_t *target, size_t stride, int32_t *sums, cresampling_axis axis);

void cresampling_rows_f32(const float *source, float *target, size_t height, size_t channels, cresampling_axis axis);
void cresampling_columns_f32(const float *source, float *target, size_t stride, cresampling_axis axis);

// eˣ for loops that vectorise.
#pragma once
#include <stdint.h>
#include <string.h>

// 2ⁿ for a whole n in −126 … 127.
static inline float power_of_two(int32_t n) {
  int32_t bits = (n + 127) << 23;
  float power;
  memcpy(&power, &bits, sizeof power);
  return power;
}

// eˣ to 2 ulp: x = n·ln 2 + r, a polynomial in r (Cephes), times 2ⁿ in two steps, so that both ends of the range round and
// overflow by themselves. Without branches, so that loops over it vectorise; NaN fails both comparisons and stays.
static inline float exponential(float x) {
#pragma clang fp contract(fast)
  float clamped = x < -104.0f ? -104.0f : (x > 89.0f ? 89.0f : x);
  float n = __builtin_rintf(clamped * 1.44269504088896341f);
  float r = clamped - n * 0.693359375f;
  r = r + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t whole = (int32_t)(x != x ? 0.0f : n), half = whole / 2;
  return p * power_of_two(half) * power_of_two(whole - half);
}

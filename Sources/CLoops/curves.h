// Curved functions for loops that vectorise: without branches or calls, and NaN comes through.
#pragma once
#include "exponential.h"
#include <float.h>

static inline float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

// Φ(−a), the normal distribution's tail, for a ≥ 0: e^(−a²/2) · erfcx(a / √2) / 2, the second factor as a rational function
// (a fit of 6e-9 for a to 15, where the tail is 0). Every term is positive, so nothing cancels. *density: e^(−a²/2), whose
// argument is that of a's upper half, exact, and a rest below 0.06.
static inline float normal_tail(float a, float *density) {
#pragma clang fp contract(fast)
  a = a > 15.0f ? 15.0f : a;
  float upper = a * 4097.0f;
  upper = upper - (upper - a);
  float rest = -0.5f * (a - upper) * (a + upper);
  *density = exponential(-0.5f * upper * upper) * (1.0f + rest * (1.0f + rest * (0.5f + rest * 0.16666667f)));
  float over = 0.5f + a * (0.43928426f + a * (0.183969773f + a * (0.0408813468f + a * 0.0041532631f)));
  float under =
      1.0f + a * (1.67645353f + a * (1.20555088f + a * (0.471410376f + a * (0.102480456f + a * 0.0104105751f))));
  return *density * (over / under);
}

// x Φ(x) = max(x, 0) − |x| Φ(−|x|), for −∞ NaN as in the usual formula.
static inline float gelu(float x) {
  float density, size = __builtin_fabsf(x);
  return (x > 0 ? x : 0.0f) - (x > 15.0f ? 15.0f : size) * normal_tail(size, &density);
}

// Φ(x) + x φ(x)
static inline float gelu_slope(float x) {
  float density, tail = normal_tail(__builtin_fabsf(x), &density);
  return (x > 0 ? 1.0f - tail : tail) + x * 0.39894228f * density;
}

// A polynomial fit of 7e-9 near 0, and 1 − 2 / (e^2x + 1).
static inline float hyperbolic_tangent(float x) {
#pragma clang fp contract(fast)
  float size = __builtin_fabsf(x), s = x * x;
  float p = -0.053688022f + s * (0.0204694175f + s * -0.00551516124f);
  p = -0.333332598f + s * (0.133308303f + s * p);
  float far = 1.0f - 2.0f / (exponential(2.0f * size) + 1.0f);
  return size < 0.625f ? x + x * s * p : __builtin_copysignf(far, x);
}

// x = 2^e · m with m in √½ … √2; a polynomial fit of 8e-10 for ln m, and e · ln 2 in two parts.
static inline float logarithm(float x) {
#pragma clang fp contract(fast)
  const int32_t root = 0x3f3504f3;  // √½
  float scaled = x < FLT_MIN ? x * 8388608.0f : x, m;
  int32_t bits;
  memcpy(&bits, &scaled, sizeof bits);
  int32_t whole = (int32_t)((uint32_t)bits - (uint32_t)root) >> 23;
  bits -= (int32_t)((uint32_t)whole << 23);
  memcpy(&m, &bits, sizeof m);
  float e = (float)whole - (x < FLT_MIN ? 23.0f : 0.0f), f = m - 1.0f;
  float p = 0.118881633f + f * (-0.116756552f + f * 0.0674664226f);
  p = 0.200021187f + f * (-0.166679959f + f * (0.142195522f + f * (-0.124055885f + f * p)));
  p = 0.333333126f + f * (-0.250000096f + f * p);
  float y = f * f * (f * p - 0.5f) - e * 2.12194440e-4f;
  y = e * 0.693359375f + (f + y);
  float outside = x == 0 ? -__builtin_inff() : (x > 0 ? x : __builtin_nanf(""));
  return x > 0 && x < __builtin_inff() ? y : outside;
}

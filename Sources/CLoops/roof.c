#include "clones.h"
#include "include/CLoops.h"

// Twelve chains of vectors of WIDTH floats: more than two units with a latency of four need, and few enough for the
// registers. Vectors are explicit: a compiler left to choose takes half of the widest ones.
#define CHAINS 12
#define MULTIPLY_ADD(NAME, ATTRIBUTES, WIDTH) \
  ATTRIBUTES static long NAME(float *y, long rounds, float factor, float term) { \
    _Pragma("clang fp contract(fast)") \
    typedef float vector __attribute__((vector_size(4 * WIDTH))); \
    vector x[CHAINS], f = (vector){0} + factor, t = (vector){0} + term; \
    for (int c = 0; c < CHAINS; c++) x[c] = (vector){0} + (y[0] + (float)c); \
    for (long round = 0; round < rounds; round++) { \
      _Pragma("clang loop unroll(full)") \
      for (int c = 0; c < CHAINS; c++) x[c] = x[c] * f + t; \
    } \
    vector sum = x[0]; \
    for (int c = 1; c < CHAINS; c++) sum += x[c]; \
    y[0] = sum[0] / CHAINS; \
    return 2 * rounds * CHAINS * WIDTH; \
  }

MULTIPLY_ADD(multiply_add_4, , 4)
#if defined(__x86_64__)
MULTIPLY_ADD(multiply_add_8, __attribute__((target("avx2,fma"), min_vector_width(256))), 8)
MULTIPLY_ADD(multiply_add_16, __attribute__((target("avx512f"), min_vector_width(512))), 16)
#endif

long fl_roof_multiply_add(float *y, long rounds, float factor, float term) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return multiply_add_16(y, rounds, factor, term);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return multiply_add_8(y, rounds, factor, term);
#endif
  return multiply_add_4(y, rounds, factor, term);
}

CLONES float fl_roof_sum(const float *x, long n) {
  enum { LANES = 64 };
  float lanes[LANES] = {0};
  for (long i = 0; i + LANES <= n; i += LANES)
    for (int lane = 0; lane < LANES; lane++) lanes[lane] += x[i + lane];
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
  return sum;
}

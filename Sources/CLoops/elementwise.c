#include "loops.h"
#include "clones.h"
#include "curves.h"
#include <string.h>

const char *fl_instruction_set(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) return "AVX-512";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2";
  return "SSE2";
#elif defined(__aarch64__)
  return "NEON";
#else
  return "scalar";
#endif
}

// Operations may work in place, so `restrict` would be wrong; but no element depends on another, which the compiler is told:
// it would take one float at a time where arrays are the same.
#define EACH_OF(y, expression) \
  do { \
    _Pragma("clang loop vectorize(assume_safety)") \
    for (long i = 0; i < n; i++) y[i] = (expression); \
  } while (0)
#define EACH(expression) EACH_OF(y, expression)

CLONES void fl_activate(int activation, const float *x, float *y, long n) {
  switch (activation) {
  case FL_NONE: if (x != y) memcpy(y, x, n * sizeof *y); break;
  case FL_RELU: EACH(x[i] < 0 ? 0 : x[i]); break;
  case FL_RELU6: EACH(x[i] < 0 ? 0 : (x[i] > 6 ? 6 : x[i])); break;
  case FL_SILU: EACH(x[i] * logistic(x[i])); break;
  case FL_GELU: EACH(gelu(x[i])); break;
  case FL_GELU_QUICK: EACH(x[i] * logistic(1.702f * x[i])); break;
  case FL_SIGMOID: EACH(logistic(x[i])); break;
  case FL_TANH: EACH(hyperbolic_tangent(x[i])); break;
  }
}

static inline float silu_slope(float x) {
  float s = logistic(x);
  return s * (1.0f + x * (1.0f - s));
}

CLONES void fl_activate_backward(int activation, const float *x, const float *dy, float *dx, long n) {
#define EACH_SLOPE(slope) EACH_OF(dx, dy[i] * (slope))
  switch (activation) {
  case FL_NONE: if (dx != dy) memcpy(dx, dy, n * sizeof *dx); break;
  case FL_RELU: EACH_SLOPE(x[i] <= 0 ? 0 : 1); break;
  case FL_RELU6: EACH_SLOPE(x[i] <= 0 || x[i] >= 6 ? 0 : 1); break;
  case FL_SILU: EACH_SLOPE(silu_slope(x[i])); break;
  case FL_GELU: EACH_SLOPE(gelu_slope(x[i])); break;
  case FL_GELU_QUICK: EACH_SLOPE(silu_slope(1.702f * x[i])); break;
  case FL_SIGMOID: EACH_SLOPE(logistic(x[i]) * (1.0f - logistic(x[i]))); break;
  case FL_TANH: EACH_SLOPE((1.0f - hyperbolic_tangent(x[i])) * (1.0f + hyperbolic_tangent(x[i]))); break;
  }
#undef EACH_SLOPE
}

CLONES void fl_epilogue(int activation, float *y, const float *bias, const float *residual, long rows, long columns) {
  for (long row = 0; row < rows; row++) {
    float *line = y + row * columns;
    if (bias)
      for (long c = 0; c < columns; c++) line[c] += bias[c];
    if (residual)
      for (long c = 0; c < columns; c++) line[c] += residual[row * columns + c];
    if (activation != FL_NONE) fl_activate(activation, line, line, columns);
  }
}

CLONES void fl_fill(float *y, long n, float value) { EACH(value); }

CLONES void fl_map(int operation, const float *x, float *y, long n) {
  switch (operation) {
  case FL_SQUARE_ROOT: EACH(__builtin_sqrtf(x[i])); break;
  case FL_SQUARE: EACH(x[i] * x[i]); break;
  case FL_ABSOLUTE: EACH(__builtin_fabsf(x[i])); break;
  case FL_EXPONENTIAL: EACH(exponential(x[i])); break;
  case FL_LOGARITHM: EACH(logarithm(x[i])); break;
  case FL_RECIPROCAL: EACH(1.0f / x[i]); break;
  }
}

CLONES void fl_combine(int operation, const float *a, const float *b, float *y, long n) {
  switch (operation) {
  case FL_ADD: EACH(a[i] + b[i]); break;
  case FL_SUBTRACT: EACH(a[i] - b[i]); break;
  case FL_MULTIPLY: EACH(a[i] * b[i]); break;
  case FL_DIVIDE: EACH(a[i] / b[i]); break;
  // A NaN in either operand wins.
  case FL_MAXIMUM: EACH(a[i] > b[i] || a[i] != a[i] ? a[i] : b[i]); break;
  case FL_MINIMUM: EACH(a[i] < b[i] || a[i] != a[i] ? a[i] : b[i]); break;
  }
}

CLONES void fl_affine(const float *x, float scale, float shift, float *y, long n) { EACH(scale * x[i] + shift); }

CLONES void fl_clamp(const float *x, float lower, float upper, float *y, long n) {
  EACH(x[i] < lower ? lower : (x[i] > upper ? upper : x[i]));
}

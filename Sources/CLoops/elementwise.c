#include "loops.h"
#include "clones.h"
#include "exponential.h"
#include <math.h>
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

static inline float logistic(float x) { return 1.0f / (1.0f + exponential(-x)); }

#define EACH(expression) \
  do { \
    for (long i = 0; i < n; i++) y[i] = (expression); \
  } while (0)

// `restrict` is left out: operations may work in place.
CLONES void fl_activate(int activation, const float *x, float *y, long n) {
  switch (activation) {
  case FL_NONE: if (x != y) memcpy(y, x, n * sizeof *y); break;
  case FL_RELU: EACH(x[i] < 0 ? 0 : x[i]); break;
  case FL_RELU6: EACH(x[i] < 0 ? 0 : (x[i] > 6 ? 6 : x[i])); break;
  case FL_SILU: EACH(x[i] * logistic(x[i])); break;
  case FL_GELU: EACH(0.5f * x[i] * (1.0f + erff(x[i] * 0.70710678118654752f))); break;
  case FL_GELU_QUICK: EACH(x[i] * logistic(1.702f * x[i])); break;
  case FL_SIGMOID: EACH(logistic(x[i])); break;
  case FL_TANH: EACH(tanhf(x[i])); break;
  }
}

CLONES void fl_activate_backward(int activation, const float *x, const float *dy, float *dx, long n) {
#define EACH_SLOPE(slope) \
  do { \
    for (long i = 0; i < n; i++) dx[i] = dy[i] * (slope); \
  } while (0)
  switch (activation) {
  case FL_NONE: EACH_SLOPE(1); break;
  case FL_RELU: EACH_SLOPE(x[i] <= 0 ? 0 : 1); break;
  case FL_RELU6: EACH_SLOPE(x[i] <= 0 || x[i] >= 6 ? 0 : 1); break;
  case FL_SILU: EACH_SLOPE(logistic(x[i]) * (1.0f + x[i] * (1.0f - logistic(x[i])))); break;
  case FL_GELU:
    EACH_SLOPE(0.5f * (1.0f + erff(x[i] * 0.70710678118654752f))
               + x[i] * 0.39894228040143268f * exponential(-0.5f * x[i] * x[i]));
    break;
  case FL_GELU_QUICK: EACH_SLOPE(logistic(1.702f * x[i]) * (1.0f + 1.702f * x[i] * (1.0f - logistic(1.702f * x[i])))); break;
  case FL_SIGMOID: EACH_SLOPE(logistic(x[i]) * (1.0f - logistic(x[i]))); break;
  case FL_TANH: EACH_SLOPE((1.0f - tanhf(x[i])) * (1.0f + tanhf(x[i]))); break;
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
  case FL_LOGARITHM: EACH(logf(x[i])); break;
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

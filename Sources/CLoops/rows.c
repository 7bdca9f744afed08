// Rows of sums, softmax and normalisation, whose sums stay in registers.
#include "loops.h"
#include <math.h>
#include <string.h>

// Chains of sums side by side, floats that are summed on their own, vectors of channels side by side, and channels of a
// table: no power of two, or tables side by side would meet in the same sets of the cache. Runs that are normalised side by
// side, and floats of one that is short enough for it.
enum { CHAINS = 4, RUN = 4096, BLOCK = 4, TABLE = 656, FILTER_ROWS = 16, SIDE = 4, SHORT = 2048 };

// d c b a | a b c d | d c b a
static inline long reflected(long i, long n) {
  if (i >= 0 && i < n) return i;
  i %= 2 * n;
  if (i < 0) i += 2 * n;
  return i < n ? i : 2 * n - 1 - i;
}

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"), min_vector_width(512))), apply_to = function)
#define VW 16
#define NAME(name) name##_avx512
#include "rows.h"
#undef VW
#undef NAME
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define VW 8
#define NAME(name) name##_avx2
#include "rows.h"
#undef VW
#undef NAME
#pragma clang attribute pop
#endif
#define VW 4
#define NAME(name) name##_baseline
#include "rows.h"

#define FUNCTIONS(X) \
  X(softmax_rows) X(softmax_backward_rows) X(sum_of_run) X(normalize_runs) X(normalize_run_backward) X(slice_moments) \
  X(normalize_rows) X(gradient_sums) X(normalize_rows_backward) X(filter_across)

typedef struct {
#define FIELD(name) __typeof__(&name##_baseline) name;
  FUNCTIONS(FIELD)
} row_functions;

static const row_functions *functions(void) {
#define BASELINE(name) name##_baseline,
  static const row_functions baseline = {FUNCTIONS(BASELINE)};
#if defined(__x86_64__)
#define AVX512(name) name##_avx512,
#define AVX2(name) name##_avx2,
  static const row_functions avx512 = {FUNCTIONS(AVX512)}, avx2 = {FUNCTIONS(AVX2)};
  if (__builtin_cpu_supports("x86-64-v4")) return &avx512;
  if (__builtin_cpu_supports("x86-64-v3")) return &avx2;
#endif
  return &baseline;
}

void fl_softmax_rows(const float *x, float *y, long rows, long n, int logarithmic) {
  functions()->softmax_rows(x, y, rows, n, logarithmic);
}

void fl_softmax_backward_rows(const float *y, const float *dy, float *dx, long rows, long n, int logarithmic) {
  functions()->softmax_backward_rows(y, dy, dx, rows, n, logarithmic);
}

float fl_sum_of_run(const float *x, long n, int power) { return functions()->sum_of_run(x, n, power); }

void fl_normalize_runs(const float *x, long runs, long n, long groups, long first, const float *scale,
                       const float *shift, float epsilon, float *y, float *means, float *variances) {
  functions()->normalize_runs(x, runs, n, groups, first, scale, shift, epsilon, y, means, variances);
}

void fl_normalize_run_backward(const float *x, const float *dy, long n, const float *scale, float mean, float factor,
                               float *dx) {
  functions()->normalize_run_backward(x, dy, n, scale, mean, factor, dx);
}

void fl_slice_moments(const float *x, long rows, long channels, float *means, float *squares) {
  functions()->slice_moments(x, rows, channels, means, squares);
}

void fl_normalize_rows(const float *x, long rows, long channels, long length, const float *means, const float *factors,
                       const float *scale, const float *shift, float *y) {
  functions()->normalize_rows(x, rows, channels, length, means, factors, scale, shift, y);
}

void fl_gradient_sums(const float *x, const float *dy, long rows, long channels, long length, const float *means,
                      const float *factors, long step, float *sums, float *products) {
  functions()->gradient_sums(x, dy, rows, channels, length, means, factors, step, sums, products);
}

void fl_normalize_rows_backward(const float *x, const float *dy, long rows, long channels, long length,
                                const float *means, const float *factors, const float *scale, const float *sums,
                                const float *products, float *dx) {
  functions()->normalize_rows_backward(x, dy, rows, channels, length, means, factors, scale, sums, products, dx);
}

long fl_filter_rows(void) { return FILTER_ROWS; }

void fl_filter_across(const float *x, long height, long width, const float *taps, long radius, long first, float *y) {
  functions()->filter_across(x, height, width, taps, radius, first, y);
}

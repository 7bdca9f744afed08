#include "loops.h"
#include "clones.h"
#include "exponential.h"
#include <math.h>
#include <string.h>

static inline float better(int operation, float best, float x) {
  if (x != x || best != best) return NAN;
  return operation == FL_REDUCE_MAXIMUM ? (x > best ? x : best) : (x < best ? x : best);
}

CLONES void fl_reduce(int operation, const float *x, long reduced, long inner, float *y) {
  int extremum = operation == FL_REDUCE_MAXIMUM || operation == FL_REDUCE_MINIMUM;
  if (extremum) {
    for (long i = 0; i < inner; i++) y[i] = x[i];
    for (long r = 1; r < reduced; r++)
      for (long i = 0; i < inner; i++) y[i] = better(operation, y[i], x[r * inner + i]);
    return;
  }
  int squares = operation == FL_SUM_OF_SQUARES;
  if (inner == 1) {
    y[0] = fl_sum_of_run(x, reduced, squares ? 2 : 1);
  } else {
    // Columns side by side; runs of 64 rows are summed on their own, so that chains stay short.
    for (long i = 0; i < inner; i++) y[i] = 0;
    enum { WIDTH = 64 };
    for (long first = 0; first < inner; first += WIDTH) {
      long count = smaller(inner - first, WIDTH);
      for (long begin = 0; begin < reduced; begin += 64) {
        long end = smaller(begin + 64, reduced);
        float partial[WIDTH] = {0};
        for (long r = begin; r < end; r++)
          for (long i = 0; i < count; i++) {
            float value = x[r * inner + first + i];
            partial[i] += squares ? value * value : value;
          }
        for (long i = 0; i < count; i++) y[first + i] += partial[i];
      }
    }
  }
  if (operation == FL_MEAN)
    for (long i = 0; i < inner; i++) y[i] /= (float)reduced;
}

void fl_position(int smallest, const float *x, long reduced, long inner, int32_t *y) {
  for (long i = 0; i < inner; i++) {
    float best = x[i];
    int32_t position = 0;
    for (long r = 1; r < reduced; r++) {
      float value = x[r * inner + i];
      if ((smallest ? value < best : value > best) || (value != value && best == best)) {
        best = value;
        position = (int32_t)r;
      }
    }
    y[i] = position;
  }
}

void fl_permute(const float *x, float *y, long rows, long columns, long row_stride, long column_stride) {
  enum { BLOCK = 16 };
  if (column_stride == 1) {
    for (long c = 0; c < rows; c++) memcpy(y + c * columns, x + c * row_stride, (size_t)columns * sizeof *y);
    return;
  }
  // Block by block, so that neither side's lines of the cache are lost before they are used up.
  for (long first = 0; first < columns; first += BLOCK)
    for (long c = 0; c < rows; c++)
      for (long d = first; d < smaller(first + BLOCK, columns); d++)
        y[c * columns + d] = x[c * row_stride + d * column_stride];
}

void fl_accumulate_rows(const float *x, const int32_t *indices, long n, long width, long begin, long end, float *y) {
  for (long i = begin * width; i < end * width; i++) y[i] = 0;
  for (long i = 0; i < n; i++) {
    if (indices[i] < begin || indices[i] >= end) continue;
    float *row = y + indices[i] * width;
    for (long c = 0; c < width; c++) row[c] += x[i * width + c];
  }
}

CLONES void fl_score_gradients(float *scores, float *gradients, long n, long seen, float scale, float log_sum,
                               float product) {
  for (long i = 0; i < seen; i++) {
    float p = exponential(scale * scores[i] - log_sum);
    scores[i] = p;
    gradients[i] = scale * p * (gradients[i] - product);
  }
  for (long i = seen; i < n; i++) scores[i] = gradients[i] = 0;
}

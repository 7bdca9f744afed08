#include "loops.h"
#include "clones.h"
#include <string.h>

enum { NEAREST, HALF_PIXEL, ALIGN_CORNERS };

// The two source positions of output position i along an axis of n, and the weight of the second.
static inline float source(long i, float scale, int mode, long n, long *low, long *high) {
  float position = mode == HALF_PIXEL ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
  if (position < 0) position = 0;
  *low = smaller((long)position, n - 1);
  *high = smaller(*low + 1, n - 1);
  return position - (float)*low;
}

CLONES void fl_resample_row(const float *x, long height, long width, long channels, float scale_y, float scale_x,
                            int mode, long row, long output_width, float *y) {
  long top, bottom, left, right;
  float v = source(row, scale_y, mode, height, &top, &bottom);
  for (long q = 0; q < output_width; q++, y += channels) {
    float u = source(q, scale_x, mode, width, &left, &right);
    const float *a = x + (top * width + left) * channels, *b = x + (top * width + right) * channels;
    const float *c = x + (bottom * width + left) * channels, *d = x + (bottom * width + right) * channels;
    if (mode == NEAREST)
      memcpy(y, a, (size_t)channels * sizeof *y);
    else
      for (long i = 0; i < channels; i++)
        y[i] = (1 - v) * ((1 - u) * a[i] + u * b[i]) + v * ((1 - u) * c[i] + u * d[i]);
  }
}

CLONES void fl_resample_backward_row(const float *dy, long height, long width, long channels, long output_height,
                                     long output_width, float scale_y, float scale_x, int mode, long row, float *dx) {
  for (long i = 0; i < width * channels; i++) dx[i] = 0;
  for (long p = 0; p < output_height; p++) {
    long top, bottom, left, right;
    float v = source(p, scale_y, mode, height, &top, &bottom);
    if (mode == NEAREST) v = 0;
    // Sources only grow.
    if (top > row) break;
    float share = (top == row ? 1 - v : 0) + (bottom == row ? v : 0);
    if (share == 0) continue;
    for (long q = 0; q < output_width; q++) {
      float u = source(q, scale_x, mode, width, &left, &right);
      const float *gradient = dy + (p * output_width + q) * channels;
      for (long i = 0; i < channels; i++) dx[left * channels + i] += share * (mode == NEAREST ? 1 : 1 - u) * gradient[i];
      if (mode == NEAREST || u == 0) continue;
      for (long i = 0; i < channels; i++) dx[right * channels + i] += share * u * gradient[i];
    }
  }
}

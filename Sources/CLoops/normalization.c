#include "loops.h"
#include "clones.h"
#include <math.h>

enum { LANES = 16 };

// Σ (x − centre)^power in 16 lanes and runs, power 1 or 2.
static inline float sum_of(const float *x, long n, float centre, int squares) {
  float total = 0;
  for (long begin = 0; begin < n; begin += 4096) {
    long end = smaller(begin + 4096, n), i = begin;
    float lanes[LANES] = {0};
    for (; i + LANES <= end; i += LANES)
      for (int lane = 0; lane < LANES; lane++) {
        float rest = x[i + lane] - centre;
        lanes[lane] += squares ? rest * rest : rest;
      }
    for (int lane = 0; i < end; i++, lane++) lanes[lane] += squares ? (x[i] - centre) * (x[i] - centre) : x[i] - centre;
    for (int step = LANES / 2; step; step /= 2)
      for (int lane = 0; lane < step; lane++) lanes[lane] += lanes[lane + step];
    total += lanes[0];
  }
  return total;
}

CLONES void fl_normalize_run(const float *x, long n, const float *scale, const float *shift, float epsilon, float *y,
                             float *mean, float *variance) {
  float centre = sum_of(x, n, 0, 0) / (float)n, spread = sum_of(x, n, centre, 1) / (float)n;
  float factor = 1.0f / sqrtf(spread + epsilon);
  *mean = centre;
  *variance = spread;
  for (long i = 0; i < n; i++)
    y[i] = (x[i] - centre) * factor * (scale ? scale[i] : 1.0f) + (shift ? shift[i] : 0.0f);
}

CLONES void fl_normalize_run_backward(const float *x, const float *dy, long n, const float *scale, float mean,
                                      float factor, float *dx) {
  float sums[LANES] = {0}, products[LANES] = {0};
  for (long begin = 0; begin < n; begin += LANES)
    for (long i = begin; i < smaller(begin + LANES, n); i++) {
      float gradient = dy[i] * (scale ? scale[i] : 1.0f);
      sums[i - begin] += gradient;
      products[i - begin] += gradient * (x[i] - mean) * factor;
    }
  for (int lane = 1; lane < LANES; lane++) {
    sums[0] += sums[lane];
    products[0] += products[lane];
  }
  float average = sums[0] / (float)n, product = products[0] / (float)n;
  for (long i = 0; i < n; i++)
    dx[i] = factor * (dy[i] * (scale ? scale[i] : 1.0f) - average - (x[i] - mean) * factor * product);
}

CLONES void fl_slice_moments(const float *x, long rows, long channels, float *means, float *squares) {
  for (long c = 0; c < channels; c++) means[c] = squares[c] = 0;
  for (long row = 0; row < rows; row++)
    for (long c = 0; c < channels; c++) means[c] += x[row * channels + c];
  for (long c = 0; c < channels; c++) means[c] /= (float)rows;
  for (long row = 0; row < rows; row++)
    for (long c = 0; c < channels; c++) {
      float rest = x[row * channels + c] - means[c];
      squares[c] += rest * rest;
    }
}

void fl_merge_moments(const float *means, const float *squares, long slices, long rows, long positions, long channels,
                      long length, float *mean, float *variance) {
  float total = (float)positions * (float)length, centre = 0, spread = 0;
  for (long slice = 0; slice < slices; slice++) {
    float part = 0, weight = (float)smaller(rows, positions - slice * rows);
    for (long c = 0; c < length; c++) part += means[slice * channels + c];
    centre += part * weight;
  }
  centre /= total;
  for (long slice = 0; slice < slices; slice++) {
    float part = 0, weight = (float)smaller(rows, positions - slice * rows);
    for (long c = 0; c < length; c++) {
      float rest = means[slice * channels + c] - centre;
      part += squares[slice * channels + c] + weight * rest * rest;
    }
    spread += part;
  }
  *mean = centre;
  *variance = spread / total;
}

// The mean, the factor and so on of each channel's group, for WIDTH channels at a time.
enum { WIDTH = 64 };
static inline void spread_groups(const float *groups, long first, long count, long length, float *channels) {
  for (long i = 0; i < count; i++) channels[i] = groups[(first + i) / length];
}

CLONES void fl_normalize_rows(const float *x, long rows, long channels, long length, const float *means,
                              const float *factors, const float *scale, const float *shift, float *y) {
  for (long first = 0; first < channels; first += WIDTH) {
    long count = smaller(channels - first, WIDTH);
    float mean[WIDTH], factor[WIDTH], term[WIDTH];
    spread_groups(means, first, count, length, mean);
    spread_groups(factors, first, count, length, factor);
    for (long i = 0; i < count; i++) {
      factor[i] *= scale ? scale[first + i] : 1.0f;
      term[i] = shift ? shift[first + i] : 0.0f;
    }
    for (long row = 0; row < rows; row++)
      for (long i = 0; i < count; i++) {
        long place = row * channels + first + i;
        y[place] = (x[place] - mean[i]) * factor[i] + term[i];
      }
  }
}

CLONES void fl_gradient_sums(const float *x, const float *dy, long rows, long channels, long length,
                             const float *means, const float *factors, long step, float *sums, float *products) {
  for (long first = 0; first < channels; first += WIDTH) {
    long count = smaller(channels - first, WIDTH);
    float mean[WIDTH], factor[WIDTH], sum[WIDTH] = {0}, product[WIDTH] = {0};
    for (long row = 0; row < rows; row++) {
      if (row == 0 || step > 0) {
        spread_groups(means + row * step, first, count, length, mean);
        spread_groups(factors + row * step, first, count, length, factor);
      }
      for (long i = 0; i < count; i++) {
        long place = row * channels + first + i;
        sum[i] += dy[place];
        product[i] += dy[place] * (x[place] - mean[i]) * factor[i];
      }
    }
    for (long i = 0; i < count; i++) {
      sums[first + i] = sum[i];
      products[first + i] = product[i];
    }
  }
}

void fl_merge_gradients(const float *sums, const float *products, const float *scale, long slices, long channels,
                        long length, long n, float *sum, float *product) {
  float total = 0, other = 0;
  for (long slice = 0; slice < slices; slice++) {
    float part = 0, rest = 0;
    for (long c = 0; c < length; c++) {
      part += (scale ? scale[c] : 1.0f) * sums[slice * channels + c];
      rest += (scale ? scale[c] : 1.0f) * products[slice * channels + c];
    }
    total += part;
    other += rest;
  }
  *sum = total / (float)n;
  *product = other / (float)n;
}

CLONES void fl_normalize_rows_backward(const float *x, const float *dy, long rows, long channels, long length,
                                       const float *means, const float *factors, const float *scale,
                                       const float *sums, const float *products, float *dx) {
  for (long first = 0; first < channels; first += WIDTH) {
    long count = smaller(channels - first, WIDTH);
    float mean[WIDTH], factor[WIDTH], weight[WIDTH], sum[WIDTH], product[WIDTH];
    spread_groups(means, first, count, length, mean);
    spread_groups(factors, first, count, length, factor);
    spread_groups(sums, first, count, length, sum);
    spread_groups(products, first, count, length, product);
    for (long i = 0; i < count; i++) weight[i] = scale ? scale[first + i] : 1.0f;
    for (long row = 0; row < rows; row++)
      for (long i = 0; i < count; i++) {
        long place = row * channels + first + i;
        float normal = (x[place] - mean[i]) * factor[i];
        dx[place] = factor[i] * (dy[place] * weight[i] - sum[i] - normal * product[i]);
      }
  }
}

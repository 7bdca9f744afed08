#include "loops.h"
#include "clones.h"
#include <string.h>

CLONES void fl_merge_moments(const float *means, const float *squares, long slices, long rows, long positions,
                             long channels, long length, long groups, float *scratch, float *mean, float *variance) {
  long count = groups * length;
  float *restrict sums = scratch, *restrict centres = scratch + count, total = (float)positions * (float)length;
  memset(sums, 0, (size_t)count * sizeof *sums);
  for (long slice = 0; slice < slices; slice++) {
    float weight = (float)smaller(rows, positions - slice * rows);
    for (long c = 0; c < count; c++) sums[c] += means[slice * channels + c] * weight;
  }
  for (long group = 0; group < groups; group++) {
    float sum = 0;
    for (long c = 0; c < length; c++) sum += sums[group * length + c];
    mean[group] = sum / total;
    for (long c = 0; c < length; c++) centres[group * length + c] = mean[group];
  }
  memset(sums, 0, (size_t)count * sizeof *sums);
  for (long slice = 0; slice < slices; slice++) {
    float weight = (float)smaller(rows, positions - slice * rows);
    for (long c = 0; c < count; c++) {
      float rest = means[slice * channels + c] - centres[c];
      sums[c] += squares[slice * channels + c] + weight * rest * rest;
    }
  }
  for (long group = 0; group < groups; group++) {
    float sum = 0;
    for (long c = 0; c < length; c++) sum += sums[group * length + c];
    variance[group] = sum / total;
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

#include "loops.h"
#include "clones.h"
#include <math.h>
#include <string.h>

void fl_patches_row(const fl_convolution *p, const float *x, long first, long depth, long row, float *columns) {
  long y0 = row * p->stride_y - p->top;
  size_t bytes = (size_t)depth * sizeof(float);
  for (long q = 0; q < p->output_width; q++)
    for (long r = 0; r < p->kernel_height; r++) {
      long v = y0 + r * p->dilation_y;
      for (long s = 0; s < p->kernel_width; s++, columns += depth) {
        long u = q * p->stride_x - p->left + s * p->dilation_x;
        if (v < 0 || v >= p->height || u < 0 || u >= p->width)
          memset(columns, 0, bytes);
        else
          memcpy(columns, x + (v * p->width + u) * p->channels + first, bytes);
      }
    }
}

void fl_reverse_taps(const float *w, long channels, long outputs, long groups, long first_column, long column_step,
                     long columns, float *turned) {
  long depth = channels / groups, width = outputs / groups;
  for (long s = columns - 1; s >= 0; s--) {
    const float *tap = w + (first_column + s * column_step) * depth * outputs;
    for (long j = 0; j < width; j++)
      for (long c = 0; c < channels; c++) *turned++ = tap[c % depth * outputs + c / depth * width + j];
  }
}

CLONES void fl_pool_row(const fl_convolution *p, const float *x, int maximum, int padding_counts, long row, float *y) {
  long channels = p->channels, y0 = row * p->stride_y - p->top, r_begin, r_end;
  inside(y0, p->kernel_height, 1, p->height, &r_begin, &r_end);
  for (long q = 0; q < p->output_width; q++, y += channels) {
    long x0 = q * p->stride_x - p->left, s_begin, s_end;
    inside(x0, p->kernel_width, 1, p->width, &s_begin, &s_end);
    for (long c = 0; c < channels; c++) y[c] = maximum ? -INFINITY : 0;
    for (long r = r_begin; r < r_end; r++)
      for (long s = s_begin; s < s_end; s++) {
        const float *pixel = x + ((y0 + r) * p->width + x0 + s) * channels;
        if (maximum)
          for (long c = 0; c < channels; c++) y[c] = pixel[c] > y[c] || pixel[c] != pixel[c] ? pixel[c] : y[c];
        else
          for (long c = 0; c < channels; c++) y[c] += pixel[c];
      }
    if (!maximum) {
      long area = padding_counts ? p->kernel_height * p->kernel_width : (r_end - r_begin) * (s_end - s_begin);
      for (long c = 0; c < channels; c++) y[c] /= (float)area;
    }
  }
}

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
  enum { BLOCK = 16 };
  long depth = channels / groups, width = outputs / groups;
  for (long s = columns - 1; s >= 0; s--) {
    const float *tap = w + (first_column + s * column_step) * depth * outputs;
    if (groups == 1) {
      // Block by block, so that neither side's lines of the cache are lost before they are used up.
      for (long j0 = 0; j0 < outputs; j0 += BLOCK)
        for (long c0 = 0; c0 < channels; c0 += BLOCK)
          for (long j = j0; j < smaller(j0 + BLOCK, outputs); j++)
            for (long c = c0; c < smaller(c0 + BLOCK, channels); c++) turned[j * channels + c] = tap[c * outputs + j];
      turned += outputs * channels;
      continue;
    }
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
    // Rows that the next line of outputs reads first arrive meanwhile, 16 floats of a line of the cache each.
    for (long r = y0 + r_end; r < smaller(y0 + r_end + p->stride_y, p->height); r++)
      for (long s = x0 + s_begin; s < smaller(x0 + s_begin + p->stride_x, p->width); s++)
        for (long c = 0; c < channels; c += 16) __builtin_prefetch(x + (r * p->width + s) * channels + c);
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

// Windows along an axis that cover a position, counted from the first window's start.
static inline void covering(long position, long kernel, long stride, long n, long *begin, long *end) {
  *begin = position < kernel ? 0 : (position - kernel) / stride + 1;
  *end = smaller(position / stride + 1, n);
}

CLONES void fl_pool_backward_row(const fl_convolution *p, const float *dy, int padding_counts, long row, float *dx) {
  long channels = p->channels, p_begin, p_end;
  covering(row + p->top, p->kernel_height, p->stride_y, p->output_height, &p_begin, &p_end);
  for (long column = 0; column < p->width; column++, dx += channels) {
    long q_begin, q_end;
    covering(column + p->left, p->kernel_width, p->stride_x, p->output_width, &q_begin, &q_end);
    for (long i = 0; i < channels; i++) dx[i] = 0;
    for (long v = p_begin; v < p_end; v++)
      for (long u = q_begin; u < q_end; u++) {
        long y0 = v * p->stride_y - p->top, x0 = u * p->stride_x - p->left, r_begin, r_end, s_begin, s_end;
        inside(y0, p->kernel_height, 1, p->height, &r_begin, &r_end);
        inside(x0, p->kernel_width, 1, p->width, &s_begin, &s_end);
        const float *gradient = dy + (v * p->output_width + u) * channels;
        long area = padding_counts ? p->kernel_height * p->kernel_width : (r_end - r_begin) * (s_end - s_begin);
        for (long i = 0; i < channels; i++) dx[i] += gradient[i] / (float)area;
      }
  }
}

// Each window gives its gradient to its first largest element, or its last NaN.
CLONES void fl_pool_maximum_backward(const fl_convolution *p, const float *x, const float *dy, long first, long end,
                                     float *dx) {
  enum { WIDTH = 64 };
  long channels = p->channels, p_begin, p_end, unused;
  for (long i = first * p->width * channels; i < end * p->width * channels; i++) dx[i] = 0;
  covering(first + p->top, p->kernel_height, p->stride_y, p->output_height, &p_begin, &unused);
  covering(end - 1 + p->top, p->kernel_height, p->stride_y, p->output_height, &unused, &p_end);
  for (long v = p_begin; v < p_end; v++)
    for (long u = 0; u < p->output_width; u++) {
      long y0 = v * p->stride_y - p->top, x0 = u * p->stride_x - p->left, r_begin, r_end, s_begin, s_end;
      inside(y0, p->kernel_height, 1, p->height, &r_begin, &r_end);
      inside(x0, p->kernel_width, 1, p->width, &s_begin, &s_end);
      for (long c = 0; c < channels; c += WIDTH) {
        long count = smaller(channels - c, WIDTH);
        const float *gradient = dy + (v * p->output_width + u) * channels + c;
        float largest[WIDTH];
        int found[WIDTH];
        for (long i = 0; i < count; i++) largest[i] = -INFINITY;
        for (long i = 0; i < count; i++) found[i] = (int)((y0 + r_begin) * p->width + x0 + s_begin);
        for (long r = y0 + r_begin; r < y0 + r_end; r++)
          for (long s = x0 + s_begin; s < x0 + s_end; s++) {
            int place = (int)(r * p->width + s);
            const float *value = x + place * channels + c;
            for (long i = 0; i < count; i++) {
              int wins = value[i] > largest[i] || value[i] != value[i];
              largest[i] = wins ? value[i] : largest[i];
              found[i] = wins ? place : found[i];
            }
          }
        for (long r = larger(y0 + r_begin, first); r < smaller(y0 + r_end, end); r++)
          for (long s = x0 + s_begin; s < x0 + s_end; s++) {
            int place = (int)(r * p->width + s);
            float *target = dx + place * channels + c;
            for (long i = 0; i < count; i++) target[i] += found[i] == place ? gradient[i] : 0;
          }
      }
    }
}

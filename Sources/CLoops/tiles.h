// Bodies of tiles.c, included there once for each instruction set, with VW, the floats of a vector; ROWS, the rows that
// fill its registers with two vectors of sums each; and NAME, which makes a name the instruction set's own.
// They mirror the CPU shapes of convolution.cl and winograd.cl.

typedef float NAME(vec) __attribute__((ext_vector_type(VW), aligned(4)));
#define vec NAME(vec)
#define PANEL (2 * VW)

static inline vec NAME(load)(const float *x) { return *(const vec *)x; }

// y = activation(scale · sum + bias + residual) of VW outputs, or of `count` at the end of the channels.
static inline void NAME(finish)(vec sum, float scale, const float *bias, const float *residual, int activation,
                                long count, float *y) {
  sum *= scale;
  if (count >= VW) {
    if (bias) sum += NAME(load)(bias);
    if (residual) sum += NAME(load)(residual);
    if (activation == FL_RELU || activation == FL_RELU6) sum = sum < 0 ? 0 : sum;
    if (activation == FL_RELU6) sum = sum > 6 ? 6 : sum;
    *(vec *)y = sum;
    if (activation > FL_RELU6) fl_activate(activation, y, y, VW);
    return;
  }
  for (long i = 0; i < count; i++) y[i] = sum[i] + (bias ? bias[i] : 0) + (residual ? residual[i] : 0);
  fl_activate(activation, y, y, count);
}

// sums += ROW · w over `count` depths; w [count][PANEL]. With one vector, the panel's second half is left out.
#define MULTIPLY(VECTORS, ROW, w, count) \
  for (long k = 0; k < (count); k++) { \
    vec w0 = NAME(load)((w) + k * PANEL), w1 = VECTORS == 2 ? NAME(load)((w) + k * PANEL + VW) : w0; \
    _Pragma("clang loop unroll(full)") for (int i = 0; i < ROWS; i++) { \
      vec value = ROW; \
      sum0[i] += value * w0; \
      if (VECTORS == 2) sum1[i] += value * w1; \
    } \
  }

// ROWS pixels from `first` on by one panel whose first column is `column`.
static inline __attribute__((always_inline)) void NAME(convolve_tile)(
    int vectors, const fl_convolution *p, const float *x, const float *w, const fl_epilogue_terms *e, long first,
    long end, long column, float *y) {
#pragma clang fp contract(fast)
  // Row and column of each pixel's window, beyond the end the last pixel again.
  long v[ROWS], u[ROWS], base[ROWS];
  int inside = 1;
  long q = first % p->output_width, line = first / p->output_width, row = line % p->output_height;
  long picture = line / p->output_height;
#pragma clang loop unroll(full)
  for (int i = 0; i < ROWS; i++) {
    base[i] = picture * p->height * p->width;
    v[i] = row * p->stride_y - p->top;
    u[i] = q * p->stride_x - p->left;
    inside &= v[i] >= 0 && u[i] >= 0 && v[i] + (p->kernel_height - 1) * p->dilation_y < p->height
              && u[i] + (p->kernel_width - 1) * p->dilation_x < p->width;
    if (first + i + 1 >= end || ++q < p->output_width) continue;
    q = 0;
    if (++row < p->output_height) continue;
    row = 0;
    picture++;
  }
  vec sum0[ROWS], sum1[ROWS];
  for (int i = 0; i < ROWS; i++) sum0[i] = sum1[i] = 0;
  // Taps side by side are one run of depths.
  int is_run = inside && p->dilation_x == 1;
  long taps = is_run ? 1 : p->kernel_width, run = is_run ? p->kernel_width * p->channels : p->channels;
  for (long r = 0; r < p->kernel_height; r++)
    for (long s = 0; s < taps; s++, w += run * PANEL) {
      const float *pixel[ROWS];
      float keep[ROWS];
      for (int i = 0; i < ROWS; i++) {
        long line = v[i] + r * p->dilation_y, col = u[i] + s * p->dilation_x;
        int valid = line >= 0 && line < p->height && col >= 0 && col < p->width;
        pixel[i] = x + (base[i] + (valid ? line * p->width + col : 0)) * p->channels;
        keep[i] = valid;
      }
      if (inside)
        MULTIPLY(vectors, pixel[i][k], w, run)
      else
        MULTIPLY(vectors, (keep[i] ? pixel[i][k] : 0), w, run)
    }
  // Unrolled, so that the sums never leave the registers.
#pragma clang loop unroll(full)
  for (int i = 0; i < ROWS; i++) {
    if (first + i >= end) continue;
    long place = (first + i) * p->outputs + column, rest = p->outputs - column;
    NAME(finish)(sum0[i], e->scale, e->bias ? e->bias + column : 0, e->residual ? e->residual + place : 0, e->activation, rest,
                 y + place);
    if (vectors == 2)
      NAME(finish)(sum1[i], e->scale, e->bias ? e->bias + column + VW : 0, e->residual ? e->residual + place + VW : 0,
                   e->activation, rest - VW, y + place + VW);
  }
}

// Pixels first ..< end by panels panel ..< panel_end.
static void NAME(convolve)(const fl_convolution *p, const float *x, const float *panels, const fl_epilogue_terms *e,
                           long first, long end, long panel, long panel_end, float *y) {
  long depth = p->kernel_height * p->kernel_width * p->channels;
  for (; panel < panel_end; panel++)
    for (long pixel = first; pixel < end; pixel += ROWS)
      if (panel * PANEL + VW < p->outputs)
        NAME(convolve_tile)(2, p, x, panels + panel * depth * PANEL, e, pixel, end, panel * PANEL, y);
      else
        NAME(convolve_tile)(1, p, x, panels + panel * depth * PANEL, e, pixel, end, panel * PANEL, y);
}

// Depthwise outputs of VW channels at OUTPUTS pixels side by side whose windows lie inside of the picture's columns, or at
// one pixel with taps s_begin ..< s_end; a and w point to the window's first pixel, in row y0, and the kernel's first tap.
enum { NAME(OUTPUTS) = 4 };
static inline __attribute__((always_inline)) void NAME(depthwise_tile)(
    int outputs, int taps, const fl_convolution *p, const float *a, const float *w, const fl_epilogue_terms *e,
    long r_begin, long r_end, long s_begin, long s_end, long c, const float *residual, float *y) {
#pragma clang fp contract(fast)
  long channels = p->channels;
  vec sums[NAME(OUTPUTS)];
  for (int i = 0; i < outputs; i++) sums[i] = 0;
  for (long r = r_begin; r < r_end; r++) {
    const float *line = a + r * p->dilation_y * p->width * channels, *row = w + r * p->kernel_width * channels;
    if (taps > 0) {
      // Neighbouring outputs read neighbouring pixels: each is loaded once.
      vec weights[5];
#pragma clang loop unroll(full)
      for (int s = 0; s < taps; s++) weights[s] = NAME(load)(row + s * channels);
#pragma clang loop unroll(full)
      for (int t = 0; t < taps + outputs - 1; t++) {
        vec pixel = NAME(load)(line + t * channels);
#pragma clang loop unroll(full)
        for (int i = 0; i < outputs; i++)
          if (t - i >= 0 && t - i < taps) sums[i] += pixel * weights[t - i];
      }
    } else {
      for (long s = s_begin; s < s_end; s++) {
        vec weight = NAME(load)(row + s * channels);
#pragma clang loop unroll(full)
        for (int i = 0; i < outputs; i++)
          sums[i] += NAME(load)(line + (s * p->dilation_x + i * p->stride_x) * channels) * weight;
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < outputs; i++)
    NAME(finish)(sums[i], e->scale, e->bias ? e->bias + c : 0, residual ? residual + i * channels : 0, e->activation, VW,
                 y + i * channels);
}

// One row of depthwise outputs, the channels of OUTPUTS pixels, or of one, after the other.
static void NAME(depthwise)(const fl_convolution *p, const float *x, const float *w, const fl_epilogue_terms *e,
                            long row, float *y) {
  enum { OUTPUTS = NAME(OUTPUTS) };
  long channels = p->channels, y0 = row * p->stride_y - p->top, r_begin, r_end, count;
  long reach = (OUTPUTS - 1) * p->stride_x + (p->kernel_width - 1) * p->dilation_x;
  int is_dense = p->stride_x == 1 && p->dilation_x == 1;
  inside(y0, p->kernel_height, p->dilation_y, p->height, &r_begin, &r_end);
  for (long q = 0; q < p->output_width; q += count) {
    long x0 = q * p->stride_x - p->left, s_begin, s_end, c = 0;
    inside(x0, p->kernel_width, p->dilation_x, p->width, &s_begin, &s_end);
    count = q + OUTPUTS <= p->output_width && x0 >= 0 && x0 + reach < p->width ? OUTPUTS : 1;
    const float *a = x + (y0 * p->width + x0) * channels, *residual = e->residual ? e->residual + q * channels : 0;
    float *target = y + q * channels;
    for (; c + VW <= channels; c += VW) {
#define TILE(outputs, taps) \
  NAME(depthwise_tile)(outputs, taps, p, a + c, w + c, e, r_begin, r_end, s_begin, s_end, c, \
                       residual ? residual + c : 0, target + c)
      if (count == 1)
        TILE(1, 0);
      else if (is_dense && p->kernel_width == 3)
        TILE(OUTPUTS, 3);
      else if (is_dense && p->kernel_width == 5)
        TILE(OUTPUTS, 5);
      else
        TILE(OUTPUTS, 0);
#undef TILE
    }
    // Channels beyond the last whole vector; all OUTPUTS have all taps, like the first.
    for (long i = 0; i < count; i++)
      for (long rest = c; rest < channels; rest++) {
        float sum = 0;
        for (long r = r_begin; r < r_end; r++)
          for (long s = s_begin; s < s_end; s++)
            sum += a[(r * p->dilation_y * p->width + i * p->stride_x + s * p->dilation_x) * channels + rest]
                   * w[(r * p->kernel_width + s) * channels + rest];
        long place = i * channels + rest;
        NAME(finish)(sum, e->scale, e->bias ? e->bias + rest : 0, residual ? residual + place : 0, e->activation, 1,
                     target + place);
      }
  }
}

#include "gradients.h"
#include "attention.h"

#define EDGE 4
#define M 2
#define WINOGRAD(name) NAME(name##_2)
#include "winograd.h"
#undef EDGE
#undef M
#undef WINOGRAD
#define EDGE 6
#define M 4
#define WINOGRAD(name) NAME(name##_4)
#include "winograd.h"
#undef EDGE
#undef M
#undef WINOGRAD

#undef MULTIPLY
#undef PANEL
#undef vec

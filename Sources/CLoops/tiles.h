// Bodies of tiles.c, included there once for each instruction set, with VW, the floats of a vector; ROWS, the rows that
// fill its registers with two vectors of sums each; and NAME, which makes a name the instruction set's own.
// They mirror the CPU shapes of convolution.cl and winograd.cl.

typedef float NAME(vec) __attribute__((ext_vector_type(VW), aligned(4)));
#define vec NAME(vec)
#define PANEL (2 * VW)

static inline vec NAME(load)(const float *x) { return *(const vec *)x; }

// to[0 ..< count] = from for 0 <= count < VW, by halves of a vector: single floats take several times as long.
static inline void NAME(copy)(float *to, const float *from, long count) {
  for (long half = VW / 2; half > 0; half /= 2)
    if (count & half) {
      memcpy(to, from, half * sizeof *to);
      to += half;
      from += half;
    }
}

// VW floats, or `count` and zeros.
static inline vec NAME(take)(const float *x, long count) {
  if (count >= VW) return NAME(load)(x);
  float lanes[VW] = {0};
  NAME(copy)(lanes, x, count);
  return NAME(load)(lanes);
}

// The limits of straight activations, which NaN passes; curved ones have none.
static inline vec NAME(limited)(vec x, int activation) {
  vec low = (vec)(activation == FL_RELU || activation == FL_RELU6 ? 0 : -INFINITY);
  vec high = (vec)(activation == FL_RELU6 ? 6 : INFINITY);
  x = x < low ? low : x;
  return x > high ? high : x;
}

// y = activation(sum + residual) of VW outputs, or of `count` at the end of the channels; residual may be null.
static inline void NAME(finish)(vec sum, const float *residual, int activation, long count, float *y) {
  if (residual) sum += NAME(take)(residual, count);
  sum = NAME(limited)(sum, activation);
  if (count >= VW)
    *(vec *)y = sum;
  else
    NAME(copy)(y, (float *)&sum, count);
  if (activation > FL_RELU6) fl_activate(activation, y, y, smaller(count, VW));
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

// Pixels first ..< end by one panel whose first column is `column`.
static inline __attribute__((always_inline)) void NAME(convolve_panel)(
    int vectors, const fl_convolution *p, const float *x, const float *panel, const fl_epilogue_terms *e, long first,
    long end, long column, float *y) {
#pragma clang fp contract(fast)
  // Each output's window is the pixel of its number.
  int is_pointwise = p->kernel_height == 1 && p->kernel_width == 1 && p->stride_y == 1 && p->stride_x == 1 && p->top == 0
                     && p->left == 0 && p->output_height == p->height && p->output_width == p->width;
  long rest = p->outputs - column;
  int activation = e->activation, is_plain = rest >= vectors * VW && !e->residual && activation <= FL_RELU6;
  vec bias0 = e->bias ? NAME(take)(e->bias + column, rest) : (vec)0.0f;
  vec bias1 = e->bias && vectors == 2 ? NAME(take)(e->bias + column + VW, rest - VW) : (vec)0.0f;
  long q = first % p->output_width, line = first / p->output_width, row = line % p->output_height;
  long picture = line / p->output_height * p->height * p->width;
  for (; first < end; first += ROWS) {
    // Row and column of each pixel's window, beyond the end the last pixel again.
    long v[ROWS], u[ROWS], base[ROWS];
    int inside = 1;
    if (!is_pointwise) {
#pragma clang loop unroll(full)
      for (int i = 0; i < ROWS; i++) {
        base[i] = picture;
        v[i] = row * p->stride_y - p->top;
        u[i] = q * p->stride_x - p->left;
        inside &= v[i] >= 0 && u[i] >= 0 && v[i] + (p->kernel_height - 1) * p->dilation_y < p->height
                  && u[i] + (p->kernel_width - 1) * p->dilation_x < p->width;
        if (first + i + 1 >= end || ++q < p->output_width) continue;
        q = 0;
        if (++row < p->output_height) continue;
        row = 0;
        picture += p->height * p->width;
      }
    }
    vec sum0[ROWS], sum1[ROWS];
    for (int i = 0; i < ROWS; i++) sum0[i] = sum1[i] = 0;
    // Taps side by side are one run of depths.
    int is_run = inside && p->dilation_x == 1;
    long taps = is_run ? 1 : p->kernel_width, run = is_run ? p->kernel_width * p->channels : p->channels;
    const float *w = panel;
    for (long r = 0; r < p->kernel_height; r++)
      for (long s = 0; s < taps; s++, w += run * PANEL) {
        const float *pixel[ROWS];
        float keep[ROWS];
        for (int i = 0; i < ROWS; i++) {
          if (is_pointwise) {
            pixel[i] = x + smaller(first + i, end - 1) * p->channels;
            continue;
          }
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
    float *target = y + first * p->outputs + column;
    if (is_plain && first + ROWS <= end) {
#pragma clang loop unroll(full)
      for (int i = 0; i < ROWS; i++, target += p->outputs) {
        *(vec *)target = NAME(limited)(sum0[i] * e->scale + bias0, activation);
        if (vectors == 2) *(vec *)(target + VW) = NAME(limited)(sum1[i] * e->scale + bias1, activation);
      }
      continue;
    }
    // Unrolled, so that the sums never leave the registers.
#pragma clang loop unroll(full)
    for (int i = 0; i < ROWS; i++, target += p->outputs) {
      if (first + i >= end) continue;
      const float *residual = e->residual ? e->residual + (target - y) : 0;
      NAME(finish)(sum0[i] * e->scale + bias0, residual, activation, rest, target);
      if (vectors == 2)
        NAME(finish)(sum1[i] * e->scale + bias1, residual ? residual + VW : 0, activation, rest - VW, target + VW);
    }
  }
}

// Pixels first ..< end by panels panel ..< panel_end.
static void NAME(convolve)(const fl_convolution *p, const float *x, const float *panels, const fl_epilogue_terms *e,
                           long first, long end, long panel, long panel_end, float *y) {
  long depth = p->kernel_height * p->kernel_width * p->channels;
  for (; panel < panel_end; panel++)
    if (panel * PANEL + VW < p->outputs)
      NAME(convolve_panel)(2, p, x, panels + panel * depth * PANEL, e, first, end, panel * PANEL, y);
    else
      NAME(convolve_panel)(1, p, x, panels + panel * depth * PANEL, e, first, end, panel * PANEL, y);
}

// Depthwise outputs of VW channels at OUTPUTS pixels side by side, of which `count` are written. The window of the first
// starts in column x0 at `a`; `taps`: of a row, where neighbouring outputs read neighbouring pixels, or 0.
enum { NAME(OUTPUTS) = 4 };
static inline __attribute__((always_inline)) void NAME(depthwise_tile)(
    int taps, int is_inside, const fl_convolution *p, const float *a, const float *w, const fl_epilogue_terms *e,
    long r_begin, long r_end, long x0, long c, long count, const float *residual, float *y) {
#pragma clang fp contract(fast)
  enum { OUTPUTS = NAME(OUTPUTS) };
  long channels = p->channels;
  vec sums[OUTPUTS];
  for (int i = 0; i < OUTPUTS; i++) sums[i] = 0;
#define HAS(column) (is_inside || (unsigned long)(x0 + (column)) < (unsigned long)p->width)
  for (long r = r_begin; r < r_end; r++) {
    const float *line = a + r * p->dilation_y * p->width * channels, *row = w + r * p->kernel_width * channels;
    if (taps > 0) {
      // Each pixel is loaded once.
      vec weights[5];
#pragma clang loop unroll(full)
      for (int s = 0; s < taps; s++) weights[s] = NAME(load)(row + s * channels);
#pragma clang loop unroll(full)
      for (int t = 0; t < taps + OUTPUTS - 1; t++) {
        if (!HAS(t)) continue;
        vec pixel = NAME(load)(line + t * channels);
#pragma clang loop unroll(full)
        for (int i = 0; i < OUTPUTS; i++)
          if (t - i >= 0 && t - i < taps) sums[i] += pixel * weights[t - i];
      }
    } else {
      for (long s = 0; s < p->kernel_width; s++) {
        vec weight = NAME(load)(row + s * channels);
#pragma clang loop unroll(full)
        for (int i = 0; i < OUTPUTS; i++) {
          long column = s * p->dilation_x + i * p->stride_x;
          if (HAS(column)) sums[i] += NAME(load)(line + column * channels) * weight;
        }
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < OUTPUTS; i++)
    if (i < count)
      NAME(finish)(e->bias ? sums[i] + NAME(load)(e->bias + c) : sums[i], residual ? residual + i * channels : 0,
                   e->activation, VW, y + i * channels);
}

// One row of depthwise outputs, the channels of OUTPUTS pixels after those of the others.
static void NAME(depthwise)(const fl_convolution *p, const float *x, const float *w, const fl_epilogue_terms *e,
                            long row, float *y) {
  enum { OUTPUTS = NAME(OUTPUTS) };
  long channels = p->channels, y0 = row * p->stride_y - p->top, r_begin, r_end;
  long reach = (OUTPUTS - 1) * p->stride_x + (p->kernel_width - 1) * p->dilation_x;
  int is_dense = p->stride_x == 1 && p->dilation_x == 1;
  inside(y0, p->kernel_height, p->dilation_y, p->height, &r_begin, &r_end);
  for (long q = 0; q < p->output_width; q += OUTPUTS) {
    long x0 = q * p->stride_x - p->left, count = smaller(OUTPUTS, p->output_width - q), c = 0;
    int is_inside = x0 >= 0 && x0 + reach < p->width;
    const float *a = x + (y0 * p->width + x0) * channels, *residual = e->residual ? e->residual + q * channels : 0;
    float *target = y + q * channels;
    for (; c + VW <= channels; c += VW) {
#define TILE(taps, is_inside) \
  NAME(depthwise_tile)(taps, is_inside, p, a + c, w + c, e, r_begin, r_end, x0, c, count, residual ? residual + c : 0, \
                       target + c)
      if (is_dense && p->kernel_width == 3)
        if (is_inside) TILE(3, 1); else TILE(3, 0);
      else if (is_dense && p->kernel_width == 5)
        if (is_inside) TILE(5, 1); else TILE(5, 0);
      else
        if (is_inside) TILE(0, 1); else TILE(0, 0);
#undef TILE
    }
    // Channels beyond the last whole vector.
    for (long i = 0; i < count; i++)
      for (long rest = c; rest < channels; rest++) {
        float sum = e->bias ? e->bias[rest] : 0;
        for (long r = r_begin; r < r_end; r++)
          for (long s = 0; s < p->kernel_width; s++) {
            long column = i * p->stride_x + s * p->dilation_x;
            if ((unsigned long)(x0 + column) < (unsigned long)p->width)
              sum += a[(r * p->dilation_y * p->width + column) * channels + rest]
                     * w[(r * p->kernel_width + s) * channels + rest];
          }
        long place = i * channels + rest;
        NAME(finish)(sum, residual ? residual + place : 0, e->activation, 1, target + place);
      }
  }
#undef HAS
}

#include "gradients.h"
#include "attention.h"

#define EDGE 4
#define M 2
#define WINOGRAD(name) NAME(name##_2)
#include "winograd.h"
#include "winograd-gradient.h"
#undef EDGE
#undef M
#undef WINOGRAD
#define EDGE 6
#define M 4
#define WINOGRAD(name) NAME(name##_4)
#include "winograd.h"
#include "winograd-gradient.h"
#undef EDGE
#undef M
#undef WINOGRAD

#undef MULTIPLY
#undef PANEL
#undef vec

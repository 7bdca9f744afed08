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
static inline vec NAME(lowest)(int activation) {
  return (vec)(activation == FL_RELU || activation == FL_RELU6 ? 0 : -INFINITY);
}
static inline vec NAME(highest)(int activation) { return (vec)(activation == FL_RELU6 ? 6 : INFINITY); }

static inline vec NAME(limited)(vec x, int activation) {
  vec low = NAME(lowest)(activation), high = NAME(highest)(activation);
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

enum { NAME(LINE) = 16 };  // floats of a line of the cache

// Brings the lines of a panel's row, or of one that is read much later, into the cache.
#define PREFETCH(x, is_written) \
  for (long fetched = 0; fetched < PANEL; fetched += NAME(LINE)) __builtin_prefetch((x) + fetched, is_written)

// sums += ROW · w over `count` depths; w [count][PANEL]. With one vector, the panel's second half is left out. `fetches` the
// weights of 64 depths later: a processor looks ahead by itself, but stops at each page of 4 KiB.
#define MULTIPLY(VECTORS, ROW, w, count, fetches) \
  for (long k = 0; k < (count); k++) { \
    vec w0 = NAME(load)((w) + k * PANEL), w1 = VECTORS == 2 ? NAME(load)((w) + k * PANEL + VW) : w0; \
    if (fetches) PREFETCH((w) + (k + 64) * PANEL, 0); \
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
  long picture = line / p->output_height * p->height * p->width, begin = first;
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
    // What the end will write and read arrives while the sums are made.
    for (int i = 0; i < ROWS; i++) {
      long place = smaller(first + i, end - 1) * p->outputs + column;
      PREFETCH(y + place, 1);
      if (e->residual) PREFETCH(e->residual + place, 0);
    }
    const float *w = panel, *pixel[ROWS];
    if (inside) {
      for (int i = 0; i < ROWS; i++)
        pixel[i] = x + (is_pointwise ? smaller(first + i, end - 1) : base[i] + v[i] * p->width + u[i]) * p->channels;
      // Taps side by side are one run of depths.
      long taps = p->dilation_x == 1 ? 1 : p->kernel_width, run = p->kernel_width / taps * p->channels;
      long next_tap = p->dilation_x * p->channels, next_row = p->dilation_y * p->width * p->channels - taps * next_tap;
      for (long r = 0; r < p->kernel_height; r++) {
        for (long s = 0; s < taps; s++, w += run * PANEL) {
          // Short loops lose more by it than they gain.
          if (first == begin && run >= 64)
            MULTIPLY(vectors, pixel[i][k], w, run, 1)
          else
            MULTIPLY(vectors, pixel[i][k], w, run, 0)
          for (int i = 0; i < ROWS; i++) pixel[i] += next_tap;
        }
        for (int i = 0; i < ROWS; i++) pixel[i] += next_row;
      }
    } else {
      for (long r = 0; r < p->kernel_height; r++)
        for (long s = 0; s < p->kernel_width; s++, w += p->channels * PANEL) {
          int keep[ROWS], keeps_all = 1;
          for (int i = 0; i < ROWS; i++) {
            long line = v[i] + r * p->dilation_y, col = u[i] + s * p->dilation_x;
            keep[i] = line >= 0 && line < p->height && col >= 0 && col < p->width;
            keeps_all &= keep[i];
            pixel[i] = x + (base[i] + (keep[i] ? line * p->width + col : 0)) * p->channels;
          }
          if (keeps_all)
            MULTIPLY(vectors, pixel[i][k], w, p->channels, 0)
          else
            MULTIPLY(vectors, (keep[i] ? pixel[i][k] : 0), w, p->channels, 0)
        }
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

#include "depthwise.h"
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
#undef PREFETCH
#undef PANEL
#undef vec

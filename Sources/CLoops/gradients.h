// Bodies of tiles.c like those of tiles.h: sums over pixels that are gradients of weights. They mirror the CPU shapes of
// gradients.cl.

// Sums of `run` depths of a kernel's row, `taps` taps side by side, ROWS of them from `k` on, by one panel, over lines
// first ..< end; the first tap is s.
static inline __attribute__((always_inline)) void NAME(weight_tile)(
    int vectors, const fl_convolution *p, const float *x, const float *dy, long first, long end, long r, long s,
    long taps, long k, float *partial) {
#pragma clang fp contract(fast)
  long offset = s * p->dilation_x - p->left, low, high, last_low, last_high, run = taps * p->channels;
  long place[ROWS], column[ROWS];
  // Outputs low ..< high see all of the taps inside of the picture.
  positions(offset, p->stride_x, p->width, p->output_width, &low, &high);
  positions(offset + taps - 1, p->stride_x, p->width, p->output_width, &last_low, &last_high);
  low = larger(low, last_low);
  high = larger(low, smaller(high, last_high));
#pragma clang loop unroll(full)
  for (int i = 0; i < ROWS; i++) {
    place[i] = smaller(k + i, run - 1);
    column[i] = offset + place[i] / p->channels;
  }
  vec sum0[ROWS], sum1[ROWS];
  for (int i = 0; i < ROWS; i++) sum0[i] = sum1[i] = 0;
  for (long line = first; line < end; line++) {
    long row = line % p->output_height * p->stride_y + r * p->dilation_y - p->top;
    if (row < 0 || row >= p->height) continue;
    const float *a = x + ((line / p->output_height * p->height + row) * p->width + offset) * p->channels;
    const float *w = dy + line * p->output_width * PANEL;
#define ADD_PIXEL(VALUE) \
  vec w0 = NAME(load)(w + q * PANEL), w1 = vectors == 2 ? NAME(load)(w + q * PANEL + VW) : w0; \
  _Pragma("clang loop unroll(full)") for (int i = 0; i < ROWS; i++) { \
    vec value = VALUE; \
    sum0[i] += value * w0; \
    if (vectors == 2) sum1[i] += value * w1; \
  }
    for (long q = low; q < high; q++) {
      const float *pixel = a + q * p->stride_x * p->channels;
      ADD_PIXEL(pixel[place[i]])
    }
    if (taps == 1) continue;
    // Outputs that see only some of them.
    for (long q = low > 0 ? 0 : high; q < p->output_width; q = q + 1 == low ? high : q + 1) {
      const float *pixel = a + q * p->stride_x * p->channels;
      ADD_PIXEL((unsigned long)(column[i] + q * p->stride_x) < (unsigned long)p->width ? pixel[place[i]] : 0)
    }
#undef ADD_PIXEL
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < ROWS; i++) {
    if (k + i >= run) continue;
    *(vec *)(partial + (k + i) * PANEL) = sum0[i];
    *(vec *)(partial + (k + i) * PANEL + VW) = vectors == 2 ? sum1[i] : 0;
  }
}

static void NAME(weight_gradient)(const fl_convolution *p, const float *x, const float *dy, long first, long end,
                                  long column, float *partial) {
  // Few channels leave registers empty: those of the taps side by side fill them.
  long taps = p->channels < 2 * ROWS && p->dilation_x == 1 ? p->kernel_width : 1, run = taps * p->channels;
  for (long r = 0; r < p->kernel_height; r++)
    for (long s = 0; s < p->kernel_width; s += taps, partial += run * PANEL)
      for (long k = 0; k < run; k += ROWS)
        if (column + VW < p->outputs)
          NAME(weight_tile)(2, p, x, dy, first, end, r, s, taps, k, partial);
        else
          NAME(weight_tile)(1, p, x, dy, first, end, r, s, taps, k, partial);
}

// partial: [kernel_height][kernel_width][channels]
static void NAME(depthwise_gradient)(const fl_convolution *p, const float *x, const float *dy, long first, long end,
                                     float *partial) {
#pragma clang fp contract(fast)
  for (long r = 0; r < p->kernel_height; r++)
    for (long s = 0; s < p->kernel_width; s++, partial += p->channels) {
      long offset = s * p->dilation_x - p->left, low, high, step = p->stride_x * p->channels;
      positions(offset, p->stride_x, p->width, p->output_width, &low, &high);
      for (long c = 0; c < p->channels; c += VW) {
        vec sum = 0;
        float rest[VW] = {0};
        long count = smaller(p->channels - c, VW);
        for (long line = first; line < end; line++) {
          long row = line % p->output_height * p->stride_y + r * p->dilation_y - p->top;
          if (row < 0 || row >= p->height) continue;
          const float *a = x + ((line / p->output_height * p->height + row) * p->width + offset) * p->channels + c;
          const float *b = dy + line * p->output_width * p->channels + c;
          if (count == VW)
            for (long q = low; q < high; q++)
              sum += NAME(load)(a + q * step) * NAME(load)(b + q * p->channels);
          else
            for (long q = low; q < high; q++)
              for (long lane = 0; lane < count; lane++) rest[lane] += a[q * step + lane] * b[q * p->channels + lane];
        }
        for (long lane = 0; lane < count; lane++) partial[c + lane] = count == VW ? sum[lane] : rest[lane];
      }
    }
}

// Bodies of tiles.c like those of tiles.h: sums over pixels that are gradients of weights. They mirror the CPU shapes of
// gradients.cl.

// Sums of one tap by ROWS channels from `c` on by one panel, over lines first ..< end.
static inline __attribute__((always_inline)) void NAME(weight_tile)(
    int vectors, const fl_convolution *p, const float *x, const float *dy, long first, long end, long r, long s, long c,
    float *partial) {
#pragma clang fp contract(fast)
  long offset = s * p->dilation_x - p->left, low, high, place[ROWS];
  positions(offset, p->stride_x, p->width, p->output_width, &low, &high);
#pragma clang loop unroll(full)
  for (int i = 0; i < ROWS; i++) place[i] = smaller(c + i, p->channels - 1);
  vec sum0[ROWS], sum1[ROWS];
  for (int i = 0; i < ROWS; i++) sum0[i] = sum1[i] = 0;
  for (long line = first; line < end; line++) {
    long row = line % p->output_height * p->stride_y + r * p->dilation_y - p->top;
    long last = row >= 0 && row < p->height ? high : low;
    const float *a = x + ((line / p->output_height * p->height + row) * p->width + offset) * p->channels;
    const float *w = dy + line * p->output_width * PANEL;
    for (long q = low; q < last; q++) {
      const float *pixel = a + q * p->stride_x * p->channels;
      vec w0 = NAME(load)(w + q * PANEL), w1 = vectors == 2 ? NAME(load)(w + q * PANEL + VW) : w0;
#pragma clang loop unroll(full)
      for (int i = 0; i < ROWS; i++) {
        vec value = pixel[place[i]];
        sum0[i] += value * w0;
        if (vectors == 2) sum1[i] += value * w1;
      }
    }
  }
#pragma clang loop unroll(full)
  for (int i = 0; i < ROWS; i++) {
    if (c + i >= p->channels) continue;
    *(vec *)(partial + (c + i) * PANEL) = sum0[i];
    *(vec *)(partial + (c + i) * PANEL + VW) = vectors == 2 ? sum1[i] : 0;
  }
}

static void NAME(weight_gradient)(const fl_convolution *p, const float *x, const float *dy, long first, long end,
                                  long column, float *partial) {
  for (long r = 0; r < p->kernel_height; r++)
    for (long s = 0; s < p->kernel_width; s++, partial += p->channels * PANEL)
      for (long c = 0; c < p->channels; c += ROWS)
        if (column + VW < p->outputs)
          NAME(weight_tile)(2, p, x, dy, first, end, r, s, c, partial);
        else
          NAME(weight_tile)(1, p, x, dy, first, end, r, s, c, partial);
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

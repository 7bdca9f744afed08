// Depthwise convolutions of tiles.h, included there: one vector of channels of some rows at a time. The rows of the picture
// that a window covers lie in a ring, [rows][columns][VW] with zeros for the padding, so that each pixel is fetched once and
// the sums meet neither borders nor strides of memory: OUTPUTS sums, a row of taps and a pixel fill 14 registers.
// It mirrors the CPU shape of depthwise.cl.

enum { NAME(OUTPUTS) = 8 };  // pixels side by side: as many chains of sums as two units of four cycles need

// Rows of the picture from a window's first to its last, and columns of a whole line of windows.
static inline long NAME(ring_rows)(const fl_convolution *p) { return (p->kernel_height - 1) * p->dilation_y + 1; }

static inline long NAME(ring_columns)(const fl_convolution *p) {
  long outputs = (p->output_width + NAME(OUTPUTS) - 1) / NAME(OUTPUTS) * NAME(OUTPUTS);
  return (outputs - 1) * p->stride_x + (p->kernel_width - 1) * p->dilation_x + 1;
}

static long NAME(depthwise_scratch)(const fl_convolution *p) {
  return (NAME(ring_rows)(p) * NAME(ring_columns)(p) + p->kernel_height * p->kernel_width) * VW;
}

// Columns of the ring that lie in the picture. Padding below 0 leaves columns of the picture out.
static inline long NAME(first_column)(const fl_convolution *p) {
  return larger(smaller(p->left, NAME(ring_columns)(p)), 0);
}
static inline long NAME(end_column)(const fl_convolution *p) {
  return larger(smaller(p->width + p->left, NAME(ring_columns)(p)), NAME(first_column)(p));
}

// A row of the picture into a line of the ring, where the padding's columns are zeros already; rows outside are zeros.
static inline void NAME(fetch_row)(const fl_convolution *p, const float *x, long row, long channels, vec *line) {
  long pitch = p->channels, begin = NAME(first_column)(p), end = NAME(end_column)(p);
  if (row < 0 || row >= p->height) {
    memset(line + begin, 0, (end - begin) * sizeof *line);
    return;
  }
  const float *pixel = x + (row * p->width + begin - p->left) * pitch;
  if (channels >= VW)
    for (long j = begin; j < end; j++, pixel += pitch) line[j] = NAME(load)(pixel);
  else
    for (long j = begin; j < end; j++, pixel += pitch) line[j] = NAME(take)(pixel, channels);
}

// sums += one row of taps. Where width and stride are known, dilation is 1, and each pixel is loaded once.
static inline __attribute__((always_inline)) void NAME(add_taps)(const fl_convolution *p, long width, long stride,
                                                                 const vec *line, const vec *taps, vec *sums) {
#pragma clang fp contract(fast)
  enum { OUTPUTS = NAME(OUTPUTS) };
  if (width > 0) {
    vec weights[5];
#pragma clang loop unroll(full)
    for (long s = 0; s < width; s++) weights[s] = taps[s];
#pragma clang loop unroll(full)
    for (long j = 0; j < (OUTPUTS - 1) * stride + width; j++) {
      vec pixel = line[j];
#pragma clang loop unroll(full)
      for (long i = 0; i < OUTPUTS; i++)
        if (j - i * stride >= 0 && j - i * stride < width) sums[i] += pixel * weights[j - i * stride];
    }
    return;
  }
  for (long s = 0; s < p->kernel_width; s++) {
    vec weight = taps[s];
#pragma clang loop unroll(full)
    for (long i = 0; i < OUTPUTS; i++) sums[i] += line[s * p->dilation_x + i * p->stride_x] * weight;
  }
}

// One row of outputs from the ring, in which the rows of its windows begin at `first`.
static inline __attribute__((always_inline)) void NAME(depthwise_row)(
    const fl_convolution *p, long width, long stride, const vec *ring, long first, const vec *taps, vec bias,
    const fl_epilogue_terms *e, long channels, const float *residual, float *y) {
  enum { OUTPUTS = NAME(OUTPUTS) };
  long size = NAME(ring_rows)(p) * NAME(ring_columns)(p), step = p->dilation_y * NAME(ring_columns)(p);
  long pitch = p->channels, kernel_height = p->kernel_height, kernel_width = p->kernel_width;
  int is_plain = channels >= VW && !residual && e->activation <= FL_RELU6;
  vec low = NAME(lowest)(e->activation), high = NAME(highest)(e->activation);
  for (long q = 0; q < p->output_width; q += OUTPUTS) {
    vec sums[OUTPUTS];
#pragma clang loop unroll(full)
    for (long i = 0; i < OUTPUTS; i++) sums[i] = bias;
    for (long r = 0, place = first; r < kernel_height; r++) {
      NAME(add_taps)(p, width, stride, ring + place + q * p->stride_x, taps + r * kernel_width, sums);
      place += step;
      if (place >= size) place -= size;
    }
    float *target = y + q * pitch;
    long count = smaller(OUTPUTS, p->output_width - q);
    if (is_plain)
#pragma clang loop unroll(full)
      for (long i = 0; i < OUTPUTS; i++) {
        vec value = sums[i] < low ? low : sums[i];
        if (i < count) *(vec *)(target + i * pitch) = value > high ? high : value;
      }
    else
#pragma clang loop unroll(full)
      for (long i = 0; i < OUTPUTS; i++)
        if (i < count)
          NAME(finish)(sums[i], residual ? residual + (q + i) * pitch : 0, e->activation, channels, target + i * pitch);
  }
}

// Rows first ..< end of the outputs, of which `channels` exist: x, w, e and y are those of the first. The few columns of
// padding are not worth calls of memset.
static __attribute__((no_builtin("memset"))) void NAME(depthwise)(const fl_convolution *p, const float *x, const float *w, const fl_epilogue_terms *e,
                            long channels, long first, long end, float *scratch, float *y) {
  vec *taps = (vec *)scratch, *ring = taps + p->kernel_height * p->kernel_width;
  for (long tap = 0; tap < p->kernel_height * p->kernel_width; tap++) taps[tap] = NAME(take)(w + tap * p->channels, channels);
  vec bias = e->bias ? NAME(take)(e->bias, channels) : (vec)(0);
  long rows = NAME(ring_rows)(p), columns = NAME(ring_columns)(p), line = p->output_width * p->channels;
  long begin = NAME(first_column)(p), after = NAME(end_column)(p);
  for (vec *place = ring; place < ring + rows * columns; place += columns) {
    for (long j = 0; j < begin; j++) place[j] = 0;
    for (long j = after; j < columns; j++) place[j] = 0;
  }
  // Counted from the first row of the padding, so that places in the ring are never below 0.
  long fetched = first * p->stride_y;
  for (long row = first; row < end; row++) {
    long window = row * p->stride_y;
    for (fetched = larger(fetched, window); fetched < window + rows; fetched++)
      NAME(fetch_row)(p, x, fetched - p->top, channels, ring + fetched % rows * columns);
    const float *residual = e->residual ? e->residual + row * line : 0;
#define ROW(width, stride) \
  NAME(depthwise_row)(p, width, stride, ring, window % rows * columns, taps, bias, e, channels, residual, y + row * line)
    if (p->dilation_x > 1 || p->stride_x > 2)
      ROW(0, 0);
    else if (p->kernel_width == 3)
      if (p->stride_x == 1) ROW(3, 1); else ROW(3, 2);
    else if (p->kernel_width == 5)
      if (p->stride_x == 1) ROW(5, 1); else ROW(5, 2);
    else
      ROW(0, 0);
#undef ROW
  }
}

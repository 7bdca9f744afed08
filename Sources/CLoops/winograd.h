// Winograd's minimal filtering, included by tiles.h for tiles of M x M outputs and EDGE x EDGE inputs, EDGE = M + 2.
// Formulas and layouts as in winograd.cl.

static inline void WINOGRAD(input)(vec *o, const vec *i) {
#pragma clang fp contract(fast)
#if M == 2
  o[0] = i[0] - i[2];
  o[1] = i[1] + i[2];
  o[2] = i[2] - i[1];
  o[3] = i[1] - i[3];
#else
  vec even = i[4] - 4 * i[2], odd = i[3] - 4 * i[1], even2 = i[4] - i[2], odd2 = 2 * (i[3] - i[1]);
  o[0] = 4 * i[0] + (i[4] - 5 * i[2]);
  o[1] = even + odd;
  o[2] = even - odd;
  o[3] = even2 + odd2;
  o[4] = even2 - odd2;
  o[5] = 4 * i[1] + (i[5] - 5 * i[3]);
#endif
}

static inline void WINOGRAD(output)(vec *o, const vec *i) {
#pragma clang fp contract(fast)
#if M == 2
  o[0] = i[0] + i[1] + i[2];
  o[1] = i[1] - i[2] - i[3];
#else
  vec even = i[1] + i[2], odd = i[1] - i[2], even2 = i[3] + i[4], odd2 = i[3] - i[4];
  o[0] = i[0] + even + even2;
  o[1] = odd + 2 * odd2;
  o[2] = even + 4 * even2;
  o[3] = odd + 8 * odd2 + i[5];
#endif
}

static inline void WINOGRAD(weight)(vec *o, const vec *i) {
#pragma clang fp contract(fast)
#if M == 2
  vec half_sum = 0.5f * (i[0] + i[2]);
  o[0] = i[0];
  o[1] = half_sum + 0.5f * i[1];
  o[2] = half_sum - 0.5f * i[1];
  o[3] = i[2];
#else
  vec sum = (-1.0f / 6) * (i[0] + i[2]), ends = (1.0f / 24) * i[0] + (1.0f / 6) * i[2];
  o[0] = 0.25f * i[0];
  o[1] = sum - (1.0f / 6) * i[1];
  o[2] = sum + (1.0f / 6) * i[1];
  o[3] = ends + (1.0f / 12) * i[1];
  o[4] = ends - (1.0f / 12) * i[1];
  o[5] = i[2];
#endif
}

// x B of one tile whose first pixel is (row, col), VW channels from c on.
static inline __attribute__((always_inline)) void WINOGRAD(lines)(
    const fl_convolution *p, const float *picture, long row, long col, long c, vec lines[EDGE][EDGE]) {
  for (int r = 0; r < EDGE; r++) {
    vec in[EDGE];
    for (int s = 0; s < EDGE; s++) {
      int inside = row + r >= 0 && row + r < p->height && col + s >= 0 && col + s < p->width;
      in[s] = inside ? NAME(load)(picture + ((row + r) * p->width + col + s) * p->channels + c) : (vec)0.0f;
    }
    WINOGRAD(input)(lines[r], in);
  }
}

// Bᵀ · lines, column s.
static inline __attribute__((always_inline)) void WINOGRAD(column)(vec lines[EDGE][EDGE], int s, vec *out) {
  vec in[EDGE];
  for (int r = 0; r < EDGE; r++) in[r] = lines[r][s];
  WINOGRAD(input)(out, in);
}

// Bᵀ x B of channels begin ..< end of one tile, into v: [EDGE²] each `stride` floats after the other.
static void WINOGRAD(transform)(const fl_convolution *p, const float *picture, long row, long col, long begin, long end,
                                float *v, long stride) {
  for (long c = begin; c < end; c += VW) {
    vec lines[EDGE][EDGE];
    WINOGRAD(lines)(p, picture, row, col, c, lines);
    for (int s = 0; s < EDGE; s++) {
      vec out[EDGE];
      WINOGRAD(column)(lines, s, out);
      for (int r = 0; r < EDGE; r++) *(vec *)(v + (r * EDGE + s) * stride + c - begin) = out[r];
    }
  }
}

// The same of `count` tiles from `first` on, `tile_stride` floats from one to the next. The last of them again fills the
// registers up.
static void WINOGRAD(transform_tiles)(const fl_convolution *p, const fl_winograd *g, const float *x, long first,
                                      long count, long begin, long end, float *v, long tile_stride, long stride) {
  for (long i = 0; i < (count + ROWS - 1) / ROWS * ROWS; i++) {
    long tile = first + smaller(i, count - 1), line = tile / g->columns;
    WINOGRAD(transform)(p, x + line / g->rows * p->height * p->width * p->channels, line % g->rows * M - p->top,
                        tile % g->columns * M - p->left, begin, end, v + i * tile_stride, stride);
  }
}

// G w Gᵀ of one channel by a panel; taps: [9][PANEL], u: [EDGE²] each `stride` floats after the other.
static void WINOGRAD(taps)(const float *taps, float *u, long stride) {
  for (int lanes = 0; lanes < PANEL; lanes += VW) {
    vec lines[3][EDGE];
    for (int t = 0; t < 3; t++) {
      vec in[3];
      for (int r = 0; r < 3; r++) in[r] = NAME(load)(taps + (r * 3 + t) * PANEL + lanes);
      WINOGRAD(weight)(lines[t], in);
    }
    for (int r = 0; r < EDGE; r++) {
      vec in[3], out[EDGE];
      for (int t = 0; t < 3; t++) in[t] = lines[t][r];
      WINOGRAD(weight)(out, in);
      for (int s = 0; s < EDGE; s++) *(vec *)(u + (r * EDGE + s) * stride + lanes) = out[s];
    }
  }
}

// Products of one place: w [channels][PANEL], v [tiles][stride], m [tiles][PANEL]; tiles is a multiple of ROWS. Adds to m
// when `add`; `fetches` weights that come from memory.
static inline __attribute__((always_inline)) void WINOGRAD(multiply)(const float *w, const float *v, float *m,
                                                                     long channels, long tiles, long stride, int add,
                                                                     int fetches) {
#pragma clang fp contract(fast)
  for (long first = 0; first < tiles; first += ROWS, v += ROWS * stride, m += ROWS * PANEL) {
    vec sum0[ROWS], sum1[ROWS];
    for (int i = 0; i < ROWS; i++) {
      sum0[i] = add ? NAME(load)(m + i * PANEL) : (vec)0.0f;
      sum1[i] = add ? NAME(load)(m + i * PANEL + VW) : (vec)0.0f;
    }
    MULTIPLY(2, v[i * stride + k], w, channels, fetches && first == 0)
    for (int i = 0; i < ROWS; i++) {
      *(vec *)(m + i * PANEL) = sum0[i];
      *(vec *)(m + i * PANEL + VW) = sum1[i];
    }
  }
}

// Brings what `finish` will write and read of a tile's outputs from column o on into the cache.
static void WINOGRAD(prefetch_outputs)(const fl_convolution *p, const fl_winograd *g, const fl_epilogue_terms *e, long tile,
                                    long o, float *y) {
  long row = tile / g->columns % g->rows * M, col = tile % g->columns * M, picture = tile / g->columns / g->rows;
  for (long r = row; r < smaller(row + M, p->output_height); r++)
    for (long s = col; s < smaller(col + M, p->output_width); s++) {
      long place = ((picture * p->output_height + r) * p->output_width + s) * p->outputs + o;
      PREFETCH(y + place, 1);
      if (e->residual) PREFETCH(e->residual + place, 0);
    }
}

// The same of a tile's pixels that the ones to its left and above do not have.
static void WINOGRAD(prefetch_inputs)(const fl_convolution *p, const fl_winograd *g, const float *x, long tile) {
  long row = tile / g->columns % g->rows * M - p->top + 2, col = tile % g->columns * M - p->left + 2;
  const float *picture = x + tile / g->columns / g->rows * p->height * p->width * p->channels;
  for (long r = row; r < smaller(row + M, p->height); r++)
    for (long s = col; s < smaller(col + M, p->width); s++)
      for (long c = 0; c < p->channels; c += NAME(LINE))
        __builtin_prefetch(picture + (r * p->width + s) * p->channels + c, 0);
}

// Aᵀ m A of tile `tile` into its outputs from column o on; m: [EDGE²] each `stride` floats after the other.
static void WINOGRAD(finish)(const fl_convolution *p, const fl_winograd *g, const fl_epilogue_terms *e, long tile,
                             const float *m, long stride, long o, float *y) {
  long row = tile / g->columns % g->rows * M, col = tile % g->columns * M, picture = tile / g->columns / g->rows;
  vec lines[M][EDGE], bias = e->bias ? NAME(take)(e->bias + o, p->outputs - o) : (vec)0.0f;
  for (int s = 0; s < EDGE; s++) {
    vec in[EDGE], out[M];
    for (int r = 0; r < EDGE; r++) in[r] = NAME(load)(m + (r * EDGE + s) * stride);
    WINOGRAD(output)(out, in);
    for (int r = 0; r < M; r++) lines[r][s] = out[r];
  }
  for (int r = 0; r < M && row + r < p->output_height; r++) {
    vec out[M];
    WINOGRAD(output)(out, lines[r]);
    for (int s = 0; s < M && col + s < p->output_width; s++) {
      long place = ((picture * p->output_height + row + r) * p->output_width + col + s) * p->outputs + o;
      NAME(finish)(out[s] * e->scale + bias, e->residual ? e->residual + place : 0, e->activation, p->outputs - o,
                   y + place);
    }
  }
}

// Aᵀ m A of `count` tiles from `first` on into a panel's outputs; m: [EDGE²][block][PANEL].
static void WINOGRAD(finish_tiles)(const fl_convolution *p, const fl_winograd *g, const fl_epilogue_terms *e, long first,
                                   long count, long panel, const float *m, float *y) {
  for (long i = 0; i < count; i++)
    for (long o = panel * PANEL; o < smaller((panel + 1) * PANEL, p->outputs); o += VW)
      WINOGRAD(finish)(p, g, e, first + i, m + i * PANEL + o - panel * PANEL, g->block * PANEL, o, y);
}

// Tiles first ..< first + count, at most g->block, of g->count, by panels begin ..< end.
static void WINOGRAD(winograd)(const fl_convolution *p, const fl_winograd *g, const float *x, const float *packed,
                               const fl_epilogue_terms *e, long first, long count, long begin, long end, float *scratch,
                               float *y) {
  // Not a power of two, or the rows in registers would compete for the same lines of the cache.
  long stride = p->channels + NAME(LINE), block = g->block, filled = (count + ROWS - 1) / ROWS * ROWS;
  float *v = scratch, *m = scratch + EDGE * EDGE * block * stride;
  WINOGRAD(transform_tiles)(p, g, x, first, count, 0, p->channels, v, stride, block * stride);
  for (long panel = begin; panel < end; panel++) {
    for (long place = 0; place < EDGE * EDGE; place++) {
      // What is needed next arrives meanwhile, a tile with each place.
      for (long i = place; i < block; i += EDGE * EDGE) {
        if (i < count) WINOGRAD(prefetch_outputs)(p, g, e, first + i, panel * PANEL, y);
        if (panel + 1 == end && first + block + i < g->count) WINOGRAD(prefetch_inputs)(p, g, x, first + block + i);
      }
      WINOGRAD(multiply)(packed + (panel * EDGE * EDGE + place) * p->channels * PANEL, v + place * block * stride,
                         m + place * block * PANEL, p->channels, filled, stride, 0, 1);
    }
    WINOGRAD(finish_tiles)(p, g, e, first, count, panel, m, y);
  }
}

// All g->count tiles, which fill the registers up to g->block, by panels begin ..< end, g->channels after the other, with
// weights that are transformed here; taps: [panels][channels][9][PANEL].
// Scratch: v [EDGE²][block][channels + LINE], u [EDGE²][channels][PANEL], m [end - begin][EDGE²][block][PANEL].
static void WINOGRAD(winograd_taps)(const fl_convolution *p, const fl_winograd *g, const float *x, const float *taps,
                                    const fl_epilogue_terms *e, long begin, long end, float *scratch, float *y) {
  // A line more than powers of two, or places would compete for the same lines of the cache.
  long tile_stride = g->channels + NAME(LINE), v_stride = g->block * tile_stride + NAME(LINE);
  long u_stride = g->channels * PANEL + NAME(LINE), m_stride = g->block * PANEL;
  float *v = scratch, *u = v + EDGE * EDGE * v_stride, *m = u + EDGE * EDGE * u_stride;
  for (long c = 0; c < p->channels; c += g->channels) {
    long size = smaller(g->channels, p->channels - c);
    WINOGRAD(transform_tiles)(p, g, x, 0, g->count, c, c + size, v, tile_stride, v_stride);
    for (long panel = begin; panel < end; panel++) {
      const float *w = taps + (panel * p->channels + c) * 9 * PANEL;
      for (long k = 0; k < size; k++) WINOGRAD(taps)(w + k * 9 * PANEL, u + k * PANEL, u_stride);
      // The next taps arrive while these are multiplied.
      const float *next = panel + 1 < end ? w + p->channels * 9 * PANEL
                                          : taps + (begin * p->channels + c + g->channels) * 9 * PANEL;
      for (long place = 0; place < EDGE * EDGE; place++) {
        for (long i = place * NAME(LINE); i < g->channels * 9 * PANEL; i += EDGE * EDGE * NAME(LINE))
          __builtin_prefetch(next + i, 0);
        WINOGRAD(multiply)(u + place * u_stride, v + place * v_stride, m + ((panel - begin) * EDGE * EDGE + place) * m_stride,
                           size, g->block, tile_stride, c > 0, 0);
      }
    }
  }
  for (long panel = begin; panel < end; panel++)
    WINOGRAD(finish_tiles)(p, g, e, 0, g->count, panel, m + (panel - begin) * EDGE * EDGE * m_stride, y);
}

// One panel: w [3][3][channels][outputs] into packed [panels][EDGE²][channels][PANEL].
static void WINOGRAD(weights)(const float *w, long channels, long outputs, long panel, float *packed) {
  packed += panel * EDGE * EDGE * channels * PANEL;
  for (long c = 0; c < channels; c++) {
    float taps[9 * PANEL];
    for (long tap = 0; tap < 9; tap++)
      for (long lanes = 0; lanes < PANEL; lanes += VW) {
        long o = panel * PANEL + lanes;
        *(vec *)(taps + tap * PANEL + lanes)
            = o < outputs ? NAME(take)(w + (tap * channels + c) * outputs + o, outputs - o) : (vec)0.0f;
      }
    WINOGRAD(taps)(taps, packed + c * PANEL, channels * PANEL);
  }
}

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

// Bᵀ x B of one tile, into v: [EDGE²] each `stride` floats after the other.
static void WINOGRAD(transform)(const fl_convolution *p, const float *picture, long row, long col, float *v,
                                long stride) {
  for (long c = 0; c < p->channels; c += VW) {
    vec lines[EDGE][EDGE];
    WINOGRAD(lines)(p, picture, row, col, c, lines);
    for (int s = 0; s < EDGE; s++) {
      vec out[EDGE];
      WINOGRAD(column)(lines, s, out);
      for (int r = 0; r < EDGE; r++) *(vec *)(v + (r * EDGE + s) * stride + c) = out[r];
    }
  }
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

// Tiles first ..< first + count, at most g->block, by panels begin ..< end.
static void WINOGRAD(winograd)(const fl_convolution *p, const fl_winograd *g, const float *x, const float *packed,
                               const fl_epilogue_terms *e, long first, long count, long begin, long end, float *scratch,
                               float *y) {
#pragma clang fp contract(fast)
  // Not a power of two, or the rows in registers would compete for the same lines of the cache.
  long stride = p->channels + 16, block = g->block, filled = (count + ROWS - 1) / ROWS * ROWS;
  float *v = scratch, *m = scratch + EDGE * EDGE * block * stride;
  for (long i = 0; i < filled; i++) {
    // The last tile again fills the registers up.
    long tile = smaller(first + i, first + count - 1), line = tile / g->columns;
    WINOGRAD(transform)(p, x + line / g->rows * p->height * p->width * p->channels, line % g->rows * M - p->top,
                        tile % g->columns * M - p->left, v + i * stride, block * stride);
  }
  for (long panel = begin; panel < end; panel++) {
    for (long place = 0; place < EDGE * EDGE; place++) {
      const float *w = packed + (panel * EDGE * EDGE + place) * p->channels * PANEL;
      for (long base = 0; base < filled; base += ROWS) {
        const float *row = v + (place * block + base) * stride;
        vec sum0[ROWS], sum1[ROWS];
        for (int i = 0; i < ROWS; i++) sum0[i] = sum1[i] = 0;
        MULTIPLY(2, row[i * stride + k], w, p->channels)
        for (int i = 0; i < ROWS; i++) {
          float *target = m + (place * block + base + i) * PANEL;
          *(vec *)target = sum0[i];
          *(vec *)(target + VW) = sum1[i];
        }
      }
    }
    for (long i = 0; i < count; i++)
      for (long o = panel * PANEL; o < smaller((panel + 1) * PANEL, p->outputs); o += VW)
        WINOGRAD(finish)(p, g, e, first + i, m + i * PANEL + o - panel * PANEL, block * PANEL, o, y);
  }
}

// Gradients of weights by Winograd's minimal filtering, included by tiles.h as winograd.h is. Formulas and layouts as in
// winograd.cl: v [channels / VW][EDGE²][count][VW], u [panels][EDGE²][count][PANEL].

// Tile `tile` of the inputs as number i of `count`.
static void WINOGRAD(gradient_input)(const fl_convolution *p, const fl_winograd *g, const float *x, long tile, long i,
                                     long count, float *v) {
  long line = tile / g->columns, row = line % g->rows * M - p->top, col = tile % g->columns * M - p->left;
  const float *picture = x + line / g->rows * p->height * p->width * p->channels;
  for (long c = 0; c < p->channels; c += VW, v += EDGE * EDGE * count * VW) {
    vec lines[EDGE][EDGE];
    WINOGRAD(lines)(p, picture, row, col, c, lines);
    for (int s = 0; s < EDGE; s++) {
      vec out[EDGE];
      WINOGRAD(column)(lines, s, out);
      for (int r = 0; r < EDGE; r++) *(vec *)(v + ((r * EDGE + s) * count + i) * VW) = out[r];
    }
  }
}

// A · g
static inline void WINOGRAD(spread)(vec *o, const vec *g) {
#pragma clang fp contract(fast)
#if M == 2
  o[0] = g[0];
  o[1] = g[0] + g[1];
  o[2] = g[0] - g[1];
  o[3] = -g[1];
#else
  vec even = g[0] + g[2], odd = g[1] + g[3], even2 = g[0] + 4 * g[2], odd2 = 2 * g[1] + 8 * g[3];
  o[0] = g[0];
  o[1] = even + odd;
  o[2] = even - odd;
  o[3] = even2 + odd2;
  o[4] = even2 - odd2;
  o[5] = g[3];
#endif
}

// Tile `tile` of the output's gradients as number i of `count`.
static void WINOGRAD(gradient_output)(const fl_convolution *p, const fl_winograd *g, const float *dy, long tile, long i,
                                      long count, float *u) {
  long line = tile / g->columns, row = line % g->rows * M, col = tile % g->columns * M;
  const float *picture = dy + line / g->rows * p->output_height * p->output_width * p->outputs;
  for (long panel = 0; panel * PANEL < p->outputs; panel++, u += EDGE * EDGE * count * PANEL)
    for (long lanes = 0; lanes < PANEL; lanes += VW) {
      long o = panel * PANEL + lanes;
      vec lines[M][EDGE];
      for (int r = 0; r < M; r++) {
        vec in[M];
        for (int s = 0; s < M; s++) {
          int inside = row + r < p->output_height && col + s < p->output_width && o < p->outputs;
          in[s] = inside ? NAME(take)(picture + ((row + r) * p->output_width + col + s) * p->outputs + o, p->outputs - o)
                         : (vec)0.0f;
        }
        WINOGRAD(spread)(lines[r], in);
      }
      for (int s = 0; s < EDGE; s++) {
        vec in[M], out[EDGE];
        for (int r = 0; r < M; r++) in[r] = lines[r][s];
        WINOGRAD(spread)(out, in);
        for (int r = 0; r < EDGE; r++) *(vec *)(u + ((r * EDGE + s) * count + i) * PANEL + lanes) = out[r];
      }
    }
}

// Gᵀ · m
static inline void WINOGRAD(weights_back)(vec *o, const vec *m) {
#pragma clang fp contract(fast)
#if M == 2
  o[0] = m[0] + 0.5f * (m[1] + m[2]);
  o[1] = 0.5f * (m[1] - m[2]);
  o[2] = m[3] + 0.5f * (m[1] + m[2]);
#else
  vec even = m[1] + m[2], odd = m[2] - m[1], even2 = m[3] + m[4], odd2 = m[3] - m[4];
  o[0] = 0.25f * m[0] + (1.0f / 24 * even2 - 1.0f / 6 * even);
  o[1] = 1.0f / 6 * odd + 1.0f / 12 * odd2;
  o[2] = m[5] + (1.0f / 6 * even2 - 1.0f / 6 * even);
#endif
}

// ROWS is not a part of every vector, so as many lines of channels as are stay in registers. m: [EDGE²][LINES][PANEL].
#define LINES (VW / 2)

// Vector `block` of the input channels by one panel, added to dw when `accumulate`.
static void WINOGRAD(gradient)(const fl_convolution *p, const float *v, const float *u, long block, long panel,
                               long count, int accumulate, float *m, float *dw) {
#pragma clang fp contract(fast)
  v += block * EDGE * EDGE * count * VW;
  u += panel * EDGE * EDGE * count * PANEL;
  for (long line = 0; line < VW; line += LINES) {
    for (long place = 0; place < EDGE * EDGE; place++) {
      const float *a = v + place * count * VW + line, *b = u + place * count * PANEL;
      vec sum0[LINES], sum1[LINES];
      for (int i = 0; i < LINES; i++) sum0[i] = sum1[i] = 0;
      for (long tile = 0; tile < count; tile++) {
        vec w0 = NAME(load)(b + tile * PANEL), w1 = NAME(load)(b + tile * PANEL + VW);
#pragma clang loop unroll(full)
        for (int i = 0; i < LINES; i++) {
          vec value = a[tile * VW + i];
          sum0[i] += value * w0;
          sum1[i] += value * w1;
        }
      }
#pragma clang loop unroll(full)
      for (int i = 0; i < LINES; i++) {
        *(vec *)(m + (place * LINES + i) * PANEL) = sum0[i];
        *(vec *)(m + (place * LINES + i) * PANEL + VW) = sum1[i];
      }
    }
    for (long i = 0; i < LINES; i++)
      for (long lanes = 0; lanes < PANEL && panel * PANEL + lanes < p->outputs; lanes += VW) {
        long c = block * VW + line + i, o = panel * PANEL + lanes, rest = p->outputs - o;
        vec lines[3][EDGE];
        for (int s = 0; s < EDGE; s++) {
          vec in[EDGE], out[3];
          for (int r = 0; r < EDGE; r++) in[r] = NAME(load)(m + ((r * EDGE + s) * LINES + i) * PANEL + lanes);
          WINOGRAD(weights_back)(out, in);
          for (int t = 0; t < 3; t++) lines[t][s] = out[t];
        }
        for (int t = 0; t < 3; t++) {
          vec out[3];
          WINOGRAD(weights_back)(out, lines[t]);
          for (int s = 0; s < 3; s++) {
            float *target = dw + ((t * 3 + s) * p->channels + c) * p->outputs + o;
            NAME(finish)(out[s], accumulate ? target : 0, FL_NONE, rest, target);
          }
        }
      }
  }
}
#undef LINES

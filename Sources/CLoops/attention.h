// Bodies of tiles.c like those of tiles.h: attention with a running softmax. They mirror the CPU shape of attention.cl.

enum { NAME(KEYS) = 128 };  // keys whose scores are kept, a multiple of every PANEL

// eˣ for x ≤ 0 to 2 ulp, 0 below the normal numbers: as exponential() of exponential.h.
static inline vec NAME(exponential)(vec x) {
  typedef int32_t NAME(ivec) __attribute__((ext_vector_type(VW)));
  const float round = 12582912.0f;  // 1.5 · 2²³: sums with it have no fraction
  vec n = x * 1.44269504088896341f + round;
  n -= round;
  vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
  vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  // Numbers too small are set to 0 below, and NaN in p stays NaN whatever its factor.
  NAME(ivec) whole = __builtin_convertvector(x < -87.0f || x != x ? 0.0f : n, NAME(ivec));
  NAME(ivec) bits = (whole + 127) << 23;
  vec power;
  memcpy(&power, &bits, sizeof power);
  return x < -87.0f ? 0.0f : p * power;
}

static inline float NAME(sum_lanes)(vec x) {
  float sum = 0;
  for (int lane = 0; lane < VW; lane++) sum += x[lane];
  return sum;
}

// sums [ROWS][columns] += ROW · w over `count` depths, for one panel.
static inline __attribute__((always_inline)) void NAME(add_products)(
    const float *const *rows, const float *w, long count, int starts_at_zero, float scale, float *sums, long columns) {
#pragma clang fp contract(fast)
  vec sum0[ROWS], sum1[ROWS];
#pragma clang loop unroll(full)
  for (int i = 0; i < ROWS; i++) {
    sum0[i] = starts_at_zero ? 0 : NAME(load)(sums + i * columns);
    sum1[i] = starts_at_zero ? 0 : NAME(load)(sums + i * columns + VW);
  }
  MULTIPLY(2, rows[i][k], w, count, 0)
#pragma clang loop unroll(full)
  for (int i = 0; i < ROWS; i++) {
    *(vec *)(sums + i * columns) = sum0[i] * scale;
    *(vec *)(sums + i * columns + VW) = sum1[i] * scale;
  }
}

// ROWS queries of one head from `first` on; scratch: [ROWS][KEYS + columns], with columns of whole panels.
static void NAME(attend)(const fl_attention *a, const float *q, const float *k, const float *v, long first,
                         float *scratch, float *y, float *log_sums) {
  enum { KEYS = NAME(KEYS) };
  long columns = (a->width + PANEL - 1) / PANEL * PANEL;
  float *p = scratch, *sums = scratch + ROWS * KEYS, largest[ROWS], total[ROWS];
  const float *query[ROWS], *line[ROWS];
  for (int i = 0; i < ROWS; i++) {
    query[i] = q + smaller(first + i, a->queries - 1) * a->step;
    line[i] = p + i * KEYS;
    largest[i] = -INFINITY;
    total[i] = 0;
  }
  for (long i = 0; i < ROWS * columns; i++) sums[i] = 0;
  long end = a->is_causal ? smaller(first + ROWS, a->keys) : a->keys;
  for (long begin = 0; begin < end; begin += KEYS) {
    long count = smaller(KEYS, end - begin);
    for (long panel = 0; panel * PANEL < count; panel++)
      NAME(add_products)(query, k + (begin / PANEL + panel) * a->width * PANEL, a->width, 1, a->scale,
                         p + panel * PANEL, KEYS);
    for (int i = 0; i < ROWS; i++) {
      float *scores = p + i * KEYS;
      // Scores of keys that a query does not see, and those beyond the last key, up to a whole vector.
      long seen = a->is_causal ? smaller(count, larger(first + i + 1 - begin, 0)) : count;
      for (long j = seen; j < (count + VW - 1) / VW * VW; j++) scores[j] = -INFINITY;
      vec most = -INFINITY, part = 0;
      for (long j = 0; j < count; j += VW) {
        vec score = NAME(load)(scores + j);
        most = score > most ? score : most;
      }
      float next = largest[i];
      for (int lane = 0; lane < VW; lane++) next = most[lane] > next ? most[lane] : next;
      // Every query sees key 0, so there is a score, unless all are NaN; for the first block the factor is 0.
      float factor = largest[i] == next ? 1.0f : expf(largest[i] - next);
      for (long j = 0; j < count; j += VW) {
        vec e = NAME(exponential)(NAME(load)(scores + j) - next);
        *(vec *)(scores + j) = e;
        part += e;
      }
      total[i] = total[i] * factor + NAME(sum_lanes)(part);
      largest[i] = next;
      for (long c = 0; c < columns; c += VW) *(vec *)(sums + i * columns + c) *= factor;
    }
    for (long c = 0; c < columns; c += PANEL)
      NAME(add_products)(line, v + (c * a->keys) + begin * PANEL, count, 0, 1, sums + c, columns);
  }
  for (int i = 0; i < ROWS && first + i < a->queries; i++) {
    float factor = 1.0f / total[i], *target = y + (first + i) * a->step;
    for (long c = 0; c < a->width; c++) target[c] = sums[i * columns + c] * factor;
    log_sums[first + i] = largest[i] + logf(total[i]);
  }
}

#include "loops.h"
#include "clones.h"
#include <math.h>

enum { LANES = 16 };

// One product and one addition each, never fused: the file is compiled with -ffp-contract=off, and so are the kernels.
static inline __attribute__((always_inline)) float squared_distance(const float *a, const float *b, long width) {
  float lanes[LANES] = {0};
  long k = 0;
  for (; k + LANES <= width; k += LANES)
    for (int lane = 0; lane < LANES; lane++) {
      float difference = a[k + lane] - b[k + lane];
      lanes[lane] += difference * difference;
    }
  for (int lane = 0; k < width; k++, lane++) {
    float difference = a[k] - b[k];
    lanes[lane] += difference * difference;
  }
  for (int step = LANES / 2; step; step /= 2)
    for (int lane = 0; lane < step; lane++) lanes[lane] += lanes[lane + step];
  return lanes[0];
}

CLONES float fl_squared_distance(const float *a, const float *b, long width) { return squared_distance(a, b, width); }

CLONES void fl_squared_norms(const float *x, long rows, long width, float *squares) {
  for (long row = 0; row < rows; row++) {
    float lanes[LANES] = {0};
    const float *line = x + row * width;
    long k = 0;
    for (; k + LANES <= width; k += LANES)
      for (int lane = 0; lane < LANES; lane++) lanes[lane] += line[k + lane] * line[k + lane];
    for (int lane = 0; k < width; k++, lane++) lanes[lane] += line[k] * line[k];
    for (int step = LANES / 2; step; step /= 2)
      for (int lane = 0; lane < step; lane++) lanes[lane] += lanes[lane + step];
    squares[row] = lanes[0];
  }
}

static inline void insert(float score, int32_t row, long kept, float *scores, int32_t *rows) {
  long place = kept - 1;
  for (; place > 0 && score < scores[place - 1]; place--) {
    scores[place] = scores[place - 1];
    rows[place] = rows[place - 1];
  }
  scores[place] = score;
  rows[place] = row;
}

CLONES void fl_select_candidates(const float *products, const float *norms, long count, long first, long kept,
                                 float *scores, int32_t *rows) {
  float worst = scores[kept - 1];
  for (long j = 0; j < count; j += LANES) {
    float block[LANES], smallest = INFINITY;
    long size = smaller(count - j, LANES);
    // Most blocks hold nothing better than the worst candidate: one vector minimum tells.
    if (size == LANES)
      for (int lane = 0; lane < LANES; lane++) {
        block[lane] = norms[j + lane] - 2 * products[j + lane];
        smallest = block[lane] < smallest ? block[lane] : smallest;
      }
    else
      for (long lane = 0; lane < size; lane++) {
        block[lane] = norms[j + lane] - 2 * products[j + lane];
        smallest = block[lane] < smallest ? block[lane] : smallest;
      }
    if (!(smallest < worst)) continue;
    for (long lane = 0; lane < size; lane++)
      if (block[lane] < worst) {
        insert(block[lane], (int32_t)(first + j + lane), kept, scores, rows);
        worst = scores[kept - 1];
      }
  }
}

CLONES void fl_rank_candidates(const float *query, const float *x, long width, long kept, const int32_t *rows,
                               long count, float *distances, int32_t *indices) {
  for (long j = 0; j < kept; j++) {
    float distance = squared_distance(query, x + (long)rows[j] * width, width);
    long place = smaller(j, count);
    while (place > 0 && (distance < distances[place - 1]
                         || (distance == distances[place - 1] && rows[j] < indices[place - 1]))) {
      if (place < count) {
        distances[place] = distances[place - 1];
        indices[place] = indices[place - 1];
      }
      place--;
    }
    if (place < count) {
      distances[place] = distance;
      indices[place] = rows[j];
    }
  }
}

CLONES long fl_coreset_update(const float *x, long width, long begin, long end, long centre, long pick,
                              const float *to_earlier, float *minimum, int32_t *assigned, float *distance) {
  const float *c = x + centre * width;
  float best = -1;
  long farthest = begin;
  for (long i = begin; i < end; i++) {
    float least = minimum[i];
    // ‖c − a‖ ≥ 2‖x − a‖ implies ‖x − c‖ ≥ ‖x − a‖; the factor is a little more than 4 to cover rounding.
    if (pick == 0 || to_earlier[assigned[i]] < 4.0004f * least) {
      float candidate = squared_distance(x + i * width, c, width);
      if (candidate < least) {
        minimum[i] = least = candidate;
        assigned[i] = (int32_t)pick;
      }
    }
    if (least > best) {
      best = least;
      farthest = i;
    }
  }
  *distance = best;
  return farthest;
}

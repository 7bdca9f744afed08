// Nearest rows of a bank, without a matrix of distances in memory.
//
// The bank is centred on its mean, which shrinks the norms and with them the cancellation in ‖x‖² − 2 q·x, and packed in
// panels of PANEL rows: [⌈rows / PANEL⌉][width][PANEL]; rows beyond the last have norm +∞. Each lane keeps its best
// candidate; candidates are then compared by their exact distances Σ(q − x)².

// panels from centred rows [rows, width]; one work-item an element.
kernel void neighbours_pack(global const float *x, global float *panels, int n, int width, int rows) {
  int i = get_global_id(0);
  if (i >= n) return;
  int row = i / PANEL / width * PANEL + i % PANEL;
  panels[i] = row < rows ? x[(ulong)row * width + i / PANEL % width] : 0.0f;
}

// Squared norms of centred rows, +∞ beyond the last.
kernel void neighbours_norms(global const float *x, global float *norms, int n, int width, int rows) {
  int row = get_global_id(0);
  if (row >= n) return;
  float sum = 0;
  for (int k = 0; row < rows && k < width; k++) sum = fma(x[(ulong)row * width + k], x[(ulong)row * width + k], sum);
  norms[row] = row < rows ? sum : INFINITY;
}

// The best candidate of each lane over a split of the panels; candidates: [queries, splits, LANES].
#if SHAPE_CPU
#ifndef TILE
#define TILE 6
#endif
#define LANES PANEL
kernel void neighbours_candidates(global const float *queries, global const float *panels, global const float *norms,
                                  global int *candidates, int query_count, int width, int panel_count,
                                  int panels_per_split) {
  int first = get_global_id(0) * TILE, split = get_global_id(1), splits = get_global_size(1);
  global const float *q[TILE];
  vec best0[TILE], best1[TILE];
  ivec where0[TILE], where1[TILE];
  for (int i = 0; i < TILE; i++) {
    q[i] = queries + (ulong)min(first + i, query_count - 1) * width;
    best0[i] = best1[i] = INFINITY;
    where0[i] = where1[i] = split * panels_per_split;
  }
  int end = min((split + 1) * panels_per_split, panel_count);
  for (int panel = split * panels_per_split; panel < end; panel++) {
    global const float *w = panels + (ulong)panel * width * PANEL;
    vec sum0[TILE], sum1[TILE];
    for (int i = 0; i < TILE; i++) sum0[i] = sum1[i] = 0;
    for (int k = 0; k < width; k++) {
      vec w0 = VLOAD(0, w + k * PANEL), w1 = VLOAD(1, w + k * PANEL);
#pragma unroll
      for (int i = 0; i < TILE; i++) {
        vec value = (vec)(q[i][k]);
        sum0[i] = fma(value, w0, sum0[i]);
        sum1[i] = fma(value, w1, sum1[i]);
      }
    }
    vec norm0 = VLOAD(0, norms + panel * PANEL), norm1 = VLOAD(1, norms + panel * PANEL);
#pragma unroll
    for (int i = 0; i < TILE; i++) {
      vec d0 = norm0 - 2.0f * sum0[i], d1 = norm1 - 2.0f * sum1[i];
      ivec better0 = isless(d0, best0[i]), better1 = isless(d1, best1[i]);
      best0[i] = select(best0[i], d0, better0);
      best1[i] = select(best1[i], d1, better1);
      where0[i] = select(where0[i], (ivec)(panel), better0);
      where1[i] = select(where1[i], (ivec)(panel), better1);
    }
  }
  for (int i = 0; i < TILE && first + i < query_count; i++) {
    global int *target = candidates + ((ulong)(first + i) * splits + split) * LANES;
    int lanes[PANEL];
    VSTORE(where0[i], 0, lanes);
    VSTORE(where1[i], 1, lanes);
    for (int lane = 0; lane < PANEL; lane++) target[lane] = lanes[lane] * PANEL + lane;
  }
}
#else
#define LANES 8
#define STEP 16
// A work-group of 64 compares 64 queries with one panel of 64 rows after another, 8 x 8 a work-item.
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void neighbours_candidates(global const float *queries, global const float *panels, global const float *norms,
                           global int *candidates, int query_count, int width, int panel_count, int panels_per_split) {
  local float query_tile[STEP][65];
  local float row_tile[STEP][64];
  int item = get_local_id(0), first = get_group_id(0) * 64, split = get_group_id(1), splits = get_num_groups(1);
  global const float *q = queries + (ulong)min(first + item, query_count - 1) * width;
  int row = item / 8 * 8, col = item % 8 * 8;
  float best[8];
  int where[8];
  for (int i = 0; i < 8; i++) {
    best[i] = INFINITY;
    where[i] = split * panels_per_split * PANEL;
  }
  int end = min((split + 1) * panels_per_split, panel_count);
  for (int panel = split * panels_per_split; panel < end; panel++) {
    global const float *w = panels + (ulong)panel * width * PANEL;
    float sums[8][8];
    for (int i = 0; i < 8; i++)
      for (int j = 0; j < 8; j++) sums[i][j] = 0;
    for (int begin = 0; begin < width; begin += STEP) {
      for (int k = 0; k < STEP; k++) {
        int inside = begin + k < width;
        query_tile[k][item] = inside ? q[begin + k] : 0.0f;
        row_tile[k][item] = inside ? w[(ulong)(begin + k) * PANEL + item] : 0.0f;
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int k = 0; k < STEP; k++) {
        float a[8], b[8];
        for (int i = 0; i < 8; i++) a[i] = query_tile[k][row + i];
        for (int j = 0; j < 8; j++) b[j] = row_tile[k][col + j];
        for (int i = 0; i < 8; i++)
          for (int j = 0; j < 8; j++) sums[i][j] = fma(a[i], b[j], sums[i][j]);
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
    for (int i = 0; i < 8; i++)
      for (int j = 0; j < 8; j++) {
        float d = norms[panel * PANEL + col + j] - 2.0f * sums[i][j];
        if (d < best[i]) {
          best[i] = d;
          where[i] = panel * PANEL + col + j;
        }
      }
  }
  for (int i = 0; i < 8; i++)
    if (first + row + i < query_count)
      candidates[((ulong)(first + row + i) * splits + split) * LANES + item % 8] = where[i];
}
#endif

// The candidate at the smallest exact distance, the smaller row of equal ones; one work-item a query.
kernel void neighbours_best(global const float *queries, global const float *x, global const int *candidates,
                            global float *distances, global int *indices, int query_count, int width, int rows,
                            int candidate_count) {
  int query = get_global_id(0);
  if (query >= query_count) return;
  global const float *q = queries + (ulong)query * width;
  float best = INFINITY;
  int where = -1;
  for (int j = 0; j < candidate_count; j++) {
    int row = candidates[(ulong)query * candidate_count + j];
    if (row >= rows) continue;
    global const float *candidate = x + (ulong)row * width;
    vec sums = 0;
    int k = 0;
    for (; k + VW <= width; k += VW) {
      vec difference = VLOAD(0, q + k) - VLOAD(0, candidate + k);
      sums = fma(difference, difference, sums);
    }
    float lanes[VW], distance = 0;
    VSTORE(sums, 0, lanes);
    for (int lane = 0; lane < VW; lane++) distance += lanes[lane];
    for (; k < width; k++) distance = fma(q[k] - candidate[k], q[k] - candidate[k], distance);
    // The first candidate is taken whatever it is, so that the NaN of a damaged query shows instead of hiding.
    if (where < 0 || distance < best || (distance == best && row < where)) {
      best = distance;
      where = row;
    }
  }
  distances[query] = best;
  indices[query] = where;
}

// The `kept` smallest of norms − 2 products for queries first ..< first + query_count, then their exact distances, sorted;
// the first `count` are written. products: [query_count, rows]; one work-item a query. KEPT bounds the private list: 32
// neighbours and 8 more.
#define KEPT 40
kernel void neighbours_sorted(global const float *queries, global const float *x, global const float *products,
                              global const float *norms, global float *distances, global int *indices, int first,
                              int query_count, int width, int rows, int kept, int count) {
  if (get_global_id(0) >= query_count) return;
  products += (ulong)get_global_id(0) * rows;
  int query = first + get_global_id(0);
  float scores[KEPT];
  int where[KEPT];
  for (int j = 0; j < kept; j++) {
    scores[j] = INFINITY;
    where[j] = 0;
  }
  for (int row = 0; row < rows; row++) {
    float score = norms[row] - 2.0f * products[row];
    if (!(score < scores[kept - 1])) continue;
    int place = kept - 1;
    for (; place > 0 && score < scores[place - 1]; place--) {
      scores[place] = scores[place - 1];
      where[place] = where[place - 1];
    }
    scores[place] = score;
    where[place] = row;
  }
  for (int j = 0; j < kept; j++) {
    int row = where[j];
    float distance = 0;
    for (int k = 0; k < width; k++) {
      float difference = queries[(ulong)query * width + k] - x[(ulong)row * width + k];
      distance = fma(difference, difference, distance);
    }
    int place = j;
    for (; place > 0 && (distance < scores[place - 1] || (distance == scores[place - 1] && row < where[place - 1]));
         place--) {
      scores[place] = scores[place - 1];
      where[place] = where[place - 1];
    }
    scores[place] = distance;
    where[place] = row;
  }
  for (int j = 0; j < count; j++) {
    distances[(ulong)query * count + j] = scores[j];
    indices[(ulong)query * count + j] = where[j];
  }
}

// Nearest rows of a bank, without a matrix of distances in memory.
//
// The bank is centred on its mean, which shrinks the norms and with them the cancellation in ‖x‖² − 2 q·x, and packed in
// panels of PANEL rows: [⌈rows / PANEL⌉][width][PANEL]; rows beyond the last have norm +∞. A task keeps the `kept` smallest
// scores ‖x‖² − 2 q·x of each of its queries over a split of the panels; the survivors are ranked by Σ(q − x)².
//
// CPU shape: QUERY_TILE x 2 vectors of sums in registers; DEPTH steps of a panel (64 KiB at 32 rows) stay in the second-level
// cache while QUERY_TILES tiles pass over it, 8 bytes a fused multiply-add of vectors. A panel's scores are compared with
// each query's worst kept one, a vector at a time; few panels hold anything better.
//
// GPU shape: 64 sums and 16 operands an item in registers; per query and row of the bank width fused multiply-adds for
// width / 4 words from local memory and width / 32 from global memory.

// panels from centred rows [rows, width]; one work-item an element.
// Model of neighbours_pack: results = n; loads = rows * width; stores = n
kernel void neighbours_pack(global const float *x, global float *panels, int n, int width, int rows) {
  int i = get_global_id(0);
  if (i >= n) return;
  int row = i / PANEL / width * PANEL + i % PANEL;
  panels[i] = row < rows ? x[(ulong)row * width + i / PANEL % width] : 0.0f;
}

// Squared norms of centred rows, +∞ beyond the last.
// Model of neighbours_norms: results = n; loads = rows * width; stores = n; operations = 2 * rows * width
kernel void neighbours_norms(global const float *x, global float *norms, int n, int width, int rows) {
  int row = get_global_id(0);
  if (row >= n) return;
  float sum = 0;
  for (int k = 0; row < rows && k < width; k++) sum = fma(x[(ulong)row * width + k], x[(ulong)row * width + k], sum);
  norms[row] = row < rows ? sum : INFINITY;
}

// A list's new entry: scores ascending, the earlier of equal ones first; what was last falls out.
void keep(global float *scores, global int *rows, int kept, float score, int row) {
  int place = kept - 1;
  for (; place > 0 && score < scores[place - 1]; place--) {
    scores[place] = scores[place - 1];
    rows[place] = rows[place - 1];
  }
  scores[place] = score;
  rows[place] = row;
}

void clear_list(global float *scores, global int *rows, int kept) {
  for (int j = 0; j < kept; j++) {
    scores[j] = INFINITY;
    rows[j] = -1;
  }
}

// The best candidates of each query over a split of the panels, −1 where there are fewer.
// scores, candidates: [queries, splits, kept]
#if SHAPE_CPU
#ifndef QUERY_TILE
#define QUERY_TILE (VW == 16 ? 8 : 6)  // 32 vector registers, or 16
#endif
#ifndef QUERY_TILES
#define QUERY_TILES 16  // tiles that one work-item visits with the same part of a panel in its cache
#endif
#define QUERIES (QUERY_TILE * QUERY_TILES)
#define DEPTH 512  // shorter stretches load and store the sums more often

// sums [QUERY_TILE][PANEL] += queries · panel over `depth` steps; `q` holds the queries' rows.
void add_products(global const float *q[QUERY_TILE], global const float *panel, int depth, float *sums, int is_first) {
  vec sum0[QUERY_TILE], sum1[QUERY_TILE];
#pragma unroll
  for (int i = 0; i < QUERY_TILE; i++) {
    sum0[i] = is_first ? (vec)(0) : VLOAD(2 * i, sums);
    sum1[i] = is_first ? (vec)(0) : VLOAD(2 * i + 1, sums);
  }
  for (int k = 0; k < depth; k++) {
    vec row0 = VLOAD(0, panel + k * PANEL), row1 = VLOAD(1, panel + k * PANEL);
#pragma unroll
    for (int i = 0; i < QUERY_TILE; i++) {
      vec value = (vec)(q[i][k]);
      sum0[i] = fma(value, row0, sum0[i]);
      sum1[i] = fma(value, row1, sum1[i]);
    }
  }
#pragma unroll
  for (int i = 0; i < QUERY_TILE; i++) {
    VSTORE(sum0[i], 2 * i, sums);
    VSTORE(sum1[i], 2 * i + 1, sums);
  }
}

kernel void neighbours_candidates(global const float *queries, global const float *panels, global const float *norms,
                                  global float *scores, global int *candidates, int query_count, int width,
                                  int panel_count, int panels_per_split, int kept) {
  int first = get_global_id(0) * QUERIES, split = get_global_id(1), splits = get_global_size(1);
  int count = min(QUERIES, query_count - first);
  float worst[QUERIES], sums[QUERIES * PANEL];
  scores += ((ulong)first * splits + split) * kept;
  candidates += ((ulong)first * splits + split) * kept;
  for (int i = 0; i < count; i++) {
    worst[i] = INFINITY;
    clear_list(scores + (ulong)i * splits * kept, candidates + (ulong)i * splits * kept, kept);
  }
  int end = min((split + 1) * panels_per_split, panel_count);
  for (int panel = split * panels_per_split; panel < end; panel++) {
    for (int begin = 0; begin < width; begin += DEPTH)
      for (int tile = 0; tile < count; tile += QUERY_TILE) {
        global const float *q[QUERY_TILE];
        for (int i = 0; i < QUERY_TILE; i++)
          q[i] = queries + (ulong)min(first + tile + i, query_count - 1) * width + begin;
        add_products(q, panels + ((ulong)panel * width + begin) * PANEL, min(DEPTH, width - begin), sums + tile * PANEL,
                     begin == 0);
      }
    vec norm0 = VLOAD(0, norms + panel * PANEL), norm1 = VLOAD(1, norms + panel * PANEL);
    for (int i = 0; i < count; i++) {
      vec score0 = norm0 - 2.0f * VLOAD(2 * i, sums), score1 = norm1 - 2.0f * VLOAD(2 * i + 1, sums);
      if (!any(isless(score0, (vec)(worst[i])) | isless(score1, (vec)(worst[i])))) continue;
      float lanes[PANEL];
      VSTORE(score0, 0, lanes);
      VSTORE(score1, 1, lanes);
      global float *list = scores + (ulong)i * splits * kept;
      for (int lane = 0; lane < PANEL; lane++)
        if (lanes[lane] < worst[i]) {
          keep(list, candidates + (ulong)i * splits * kept, kept, lanes[lane], panel * PANEL + lane);
          worst[i] = list[kept - 1];
        }
    }
  }
}
#else
#define STEP 16
// A work-group of 64 compares 64 queries with one panel of 64 rows after another, 8 x 8 a work-item; then each item looks
// through the scores of one query, half a panel at a time.
// The model takes rows to come in random order: each list takes its first ones and, later, ever fewer.
// Model of neighbours_candidates
//   typical: 16.4 operations a byte in nearest queries=784 rows=10000 width=152
//   needs: 105 registers, 8448 bytes local, 64 items: 5 groups a unit by local memory
//   tiles = groups0 * panel_count
//   steps = tiles * ceil(width / 16)
//   scored = query_count * 64 * panel_count
//   results = query_count * groups1 * kept
//   later = results * max(log((64 * panels_per_split + 0.5) / (kept + 0.5)), 0)
//   loads = 128 * tiles * width + 512 * tiles + results * (1.5 * kept + 0.25) + later * (kept + 0.75)
//   stores = results * (1.5 * kept + 2.5) + later * (kept + 1)
//   local_loads = 16384 * steps + scored; local_stores = 2048 * steps + 4096 * tiles
//   operations = 131072 * steps + 8192 * tiles + scored + (results + later) * (kept + 0.5) / 2
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void neighbours_candidates(global const float *queries, global const float *panels, global const float *norms,
                           global float *scores, global int *candidates, int query_count, int width, int panel_count,
                           int panels_per_split, int kept) {
  // Queries and rows, [STEP][64] each; later the scores of half a panel, [64][33].
  local float4 tiles[64 * 33 / 4];
  local float *scores_tile = (local float *)tiles, *query_tile = scores_tile, *row_tile = scores_tile + STEP * 64;
  int item = get_local_id(0), first = get_group_id(0) * 64, split = get_group_id(1), splits = get_num_groups(1);
  int query = min(first + item, query_count - 1);
  int is_query = first + item < query_count;
  global const float *q = queries + (ulong)query * width;
  scores += ((ulong)query * splits + split) * kept;
  candidates += ((ulong)query * splits + split) * kept;
  float worst = INFINITY;
  if (is_query) clear_list(scores, candidates, kept);
  int end = min((split + 1) * panels_per_split, panel_count);
  for (int panel = split * panels_per_split; panel < end; panel++) {
    global const float *w = panels + (ulong)panel * width * PANEL;
    float4 sums[8][2];
    clear_sums(sums);
    for (int begin = 0; begin < width; begin += STEP) {
      for (int k = 0; k < STEP; k++) {
        int inside = begin + k < width;
        query_tile[k * 64 + item] = inside ? q[begin + k] : 0.0f;
        row_tile[k * 64 + item] = inside ? w[(ulong)(begin + k) * PANEL + item] : 0.0f;
      }
      barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
      for (int k = 0; k < STEP; k++) add_step(tiles + k * 16, tiles + (STEP + k) * 16, item, sums);
      barrier(CLK_LOCAL_MEM_FENCE);
    }
#pragma unroll
    for (int part = 0; part < 2; part++) {
      int half_panel = part * 32, column = half_panel + item % 8 * 4;
      float4 norm = vload4(0, norms + panel * PANEL + column);
#pragma unroll
      for (int i = 0; i < 8; i++)
        vstore4(fma((float4)(-2.0f), sums[i][part], norm), 0,
                scores_tile + (ITEM_ROW(item) + i) * 33 + item % 8 * 4);
      barrier(CLK_LOCAL_MEM_FENCE);
      for (int j = 0; is_query && j < 32; j++) {
        float score = scores_tile[item * 33 + j];
        if (score < worst) {
          keep(scores, candidates, kept, score, panel * PANEL + half_panel + j);
          worst = scores[kept - 1];
        }
      }
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }
}
#endif

float exact_distance(global const float *q, global const float *row, int width) {
  vec sums = 0;
  int k = 0;
  for (; k + VW <= width; k += VW) {
    vec difference = VLOAD(0, q + k) - VLOAD(0, row + k);
    sums = fma(difference, difference, sums);
  }
  float lanes[VW], distance = 0;
  VSTORE(sums, 0, lanes);
  for (int lane = 0; lane < VW; lane++) distance += lanes[lane];
  for (; k < width; k++) distance = fma(q[k] - row[k], q[k] - row[k], distance);
  return distance;
}

// Merges a query's lists of all splits into the first, and writes the `count` candidates at the smallest exact distances,
// the smaller row of equal ones first; one work-item a query. Where a damaged query has too few candidates, row 0 stands
// for them, so that the NaN of its distance shows.
// The model takes rows to come in random order.
// Model of neighbours_rank
//   typical: 0.377 operations a byte in nearest queries=784 rows=10000 width=152
//   needs: 30 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   entries = query_count * kept * max(log(splits + 0.5) - 0.42, 0)
//   results = query_count * count
//   whole = floor(width / VW)
//   loads = query_count * kept * (2 * width + 2 * splits) + entries * (kept + 0.75)
//   stores = entries * (kept + 1) + 2 * results
//   operations = query_count * kept * (3 * width + VW + splits + 1) + 2 * entries
//   unseen = query_count * kept * (VW - 1) * whole
kernel void neighbours_rank(global const float *queries, global const float *x, global float *scores,
                            global int *candidates, global float *distances, global int *indices, int query_count,
                            int width, int splits, int kept, int count) {
  int query = get_global_id(0);
  if (query >= query_count) return;
  scores += (ulong)query * splits * kept;
  candidates += (ulong)query * splits * kept;
  distances += (ulong)query * count;
  indices += (ulong)query * count;
  for (int j = kept; j < splits * kept; j++)
    if (scores[j] < scores[kept - 1]) keep(scores, candidates, kept, scores[j], candidates[j]);
  for (int j = 0; j < kept; j++) {
    if (candidates[j] < 0 && j >= count) break;
    int row = max(candidates[j], 0);
    float distance = exact_distance(queries + (ulong)query * width, x + (ulong)row * width, width);
    int place = min(j, count);
    for (; place > 0 && (distance < distances[place - 1] || (distance == distances[place - 1] && row < indices[place - 1]));
         place--)
      if (place < count) {
        distances[place] = distances[place - 1];
        indices[place] = indices[place - 1];
      }
    if (place < count) {
      distances[place] = distance;
      indices[place] = row;
    }
  }
}

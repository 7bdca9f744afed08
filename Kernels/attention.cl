// Scaled dot-product attention with a running softmax: y = softmax(q kᵀ / √width) v, one head by itself, without a matrix
// of scores in memory (Dao et al. 2022, FlashAttention, arXiv 2205.14135). For each block of keys, with m the largest
// score so far and l the sum of e^(score − m): rescale l and y by e^(m_old − m_new), add the block's part.
//
// q: [batch, queries, heads, width], k, v: [batch, keys, heads, width], y: as q; log_sums: [batch, heads, queries], the
// logarithm of Σ e^score, which gradients need. Keys and values are packed: k [batch · heads][⌈keys / PANEL⌉][width][PANEL],
// v [batch · heads][⌈width / PANEL⌉][keys][PANEL], zeros beyond the last key and column.
//
// CPU shape: one work-item takes ROWS queries of a head; scores of KEYS keys and the sums of y lie in local memory, which
// is its core's cache, while both products run in registers.
// GPU shape: a work-group of 64 takes 64 queries by 64 columns of y, each item 8 x 8 scores, then 8 x 8 columns. Queries are
// read anew for each block of 64 keys. Where width is above 64, groups side by side compute the scores again.

#ifndef ROWS
#define ROWS 6
#endif

// One item a key of packed keys, or a column of packed values; `depth` and `outer` are width and keys, or keys and width.
// Model of attention_pack: results = items * (width + is_value * (keys - width)); stores = results
//   loads = size1 * keys * width
kernel void attention_pack(global const float *restrict x, global float *restrict packed, int heads, int keys, int width,
                           int is_value) {
  int place = get_global_id(0), group = get_global_id(1), panels = get_global_size(0) / PANEL;
  int depth = is_value ? keys : width, outer = is_value ? width : keys;
  ulong step = (ulong)heads * width;
  x += (ulong)(group / heads) * keys * step + group % heads * width + (is_value ? place : place * step);
  packed += ((ulong)group * panels + place / PANEL) * depth * PANEL + place % PANEL;
  for (int i = 0; i < depth; i++) packed[(ulong)i * PANEL] = place < outer ? x[is_value ? i * step : i] : 0.0f;
}

#if SHAPE_CPU
#ifndef KEYS
#define KEYS 128  // a multiple of PANEL
#endif

// p: [ROWS][KEYS], sums: [ROWS][value_panels · PANEL].
kernel void attention_forward(global const float *q, global const float *k, global const float *v, global float *y,
                              global float *log_sums, int heads, int queries, int keys, int width, int value_panels,
                              int is_causal, float scale, local float *p, local float *sums) {
  int first = get_global_id(0) * ROWS, group = get_global_id(1), columns = value_panels * PANEL;
  int key_panels = (keys + PANEL - 1) / PANEL;
  global const float *query[ROWS];
  float largest[ROWS], total[ROWS];
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    ulong line = (ulong)(group / heads) * queries + min(first + i, queries - 1);
    query[i] = q + (line * heads + group % heads) * width;
    largest[i] = -INFINITY;
    total[i] = 0;
  }
  for (int i = 0; i < ROWS * columns; i++) sums[i] = 0;
  k += (ulong)group * key_panels * width * PANEL;
  v += (ulong)group * value_panels * keys * PANEL;
  int end = is_causal ? min(first + ROWS, keys) : keys;
  for (int begin = 0; begin < end; begin += KEYS) {
    int count = min(KEYS, end - begin);
    for (int panel = 0; panel * PANEL < count; panel++) {
      global const float *w = k + (ulong)(begin / PANEL + panel) * width * PANEL;
      vec sum0[ROWS], sum1[ROWS];
#pragma unroll
      for (int i = 0; i < ROWS; i++) sum0[i] = sum1[i] = 0;
      for (int c = 0; c < width; c++) {
        vec w0 = VLOAD(0, w + c * PANEL), w1 = VLOAD(1, w + c * PANEL);
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
          vec value = (vec)(query[i][c]);
          sum0[i] = fma(value, w0, sum0[i]);
          sum1[i] = fma(value, w1, sum1[i]);
        }
      }
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
        VSTORE(sum0[i] * scale, 0, p + i * KEYS + panel * PANEL);
        VSTORE(sum1[i] * scale, 1, p + i * KEYS + panel * PANEL);
      }
    }
    for (int i = 0; i < ROWS; i++) {
      local float *line = p + i * KEYS;
      // Scores of keys that a query does not see, and those beyond the last key, up to a whole vector.
      int seen = is_causal ? min(count, max(first + i + 1 - begin, 0)) : count;
      for (int j = seen; j < (count + VW - 1) / VW * VW; j++) line[j] = -INFINITY;
      vec most = -INFINITY;
      for (int j = 0; j < count; j += VW) most = fmax(most, VLOAD(0, line + j));
      float lanes[VW], next = largest[i];
      VSTORE(most, 0, lanes);
      for (int lane = 0; lane < VW; lane++) next = fmax(next, lanes[lane]);
      // Every query sees key 0, so there is a score; for the first block the factor is 0.
      float factor = exp(largest[i] - next);
      vec part = 0;
      for (int j = 0; j < count; j += VW) {
        vec e = exp(VLOAD(0, line + j) - next);
        VSTORE(e, 0, line + j);
        part += e;
      }
      float sum = 0;
      VSTORE(part, 0, lanes);
      for (int lane = 0; lane < VW; lane++) sum += lanes[lane];
      total[i] = total[i] * factor + sum;
      largest[i] = next;
      for (int c = 0; c < columns; c += VW)
        VSTORE(VLOAD(0, sums + i * columns + c) * factor, 0, sums + i * columns + c);
    }
    for (int panel = 0; panel < value_panels; panel++) {
      global const float *w = v + ((ulong)panel * keys + begin) * PANEL;
      local float *target = sums + panel * PANEL;
      vec sum0[ROWS], sum1[ROWS];
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
        sum0[i] = VLOAD(0, target + i * columns);
        sum1[i] = VLOAD(1, target + i * columns);
      }
      for (int j = 0; j < count; j++) {
        vec w0 = VLOAD(0, w + j * PANEL), w1 = VLOAD(1, w + j * PANEL);
#pragma unroll
        for (int i = 0; i < ROWS; i++) {
          vec value = (vec)(p[i * KEYS + j]);
          sum0[i] = fma(value, w0, sum0[i]);
          sum1[i] = fma(value, w1, sum1[i]);
        }
      }
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
        VSTORE(sum0[i], 0, target + i * columns);
        VSTORE(sum1[i], 1, target + i * columns);
      }
    }
  }
  for (int i = 0; i < ROWS && first + i < queries; i++) {
    ulong line = (ulong)(group / heads) * queries + first + i;
    global float *target = y + (line * heads + group % heads) * width;
    float factor = 1.0f / total[i];
    for (int c = 0; c < width; c++) target[c] = sums[i * columns + c] * factor;
    log_sums[(ulong)group * queries + first + i] = largest[i] + log(total[i]);
  }
}
#else
#define STEP 16

// The model counts blocks of keys, and the keys that the last of them lack.
// Model of attention_forward
//   typical: 21.4 operations a byte in attend heads=8 queries=1024 keys=1024 width=64
//   needs: 170 registers, 21760 bytes local, 64 items: 2 groups a unit by local memory
//   most = ceil(keys / 64)
//   seen = min(groups0, most)
//   causal = seen * (seen + 1) / 2 + (groups0 - seen) * most
//   blocks = groups1 * groups2 * (is_causal * causal + (1 - is_causal) * groups0 * most)
//   cut = groups1 * groups2 * (groups0 - is_causal * min(most - 1, groups0)) * (64 * most - keys)
//   steps = ceil(width / 16)
//   results = groups2 * queries * width
//   loads = 64 * blocks * (2 * width + 64) - 64 * cut
//   stores = results + groups2 * queries
//   local_loads = 64 * blocks * (256 * steps + 1160) + 512 * groups
//   local_stores = 64 * blocks * (32 * steps + 193) + 64 * groups
//   operations = blocks * (131072 * steps + 551000) + results + 192 * groups
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void attention_forward(global const float *q, global const float *k, global const float *v, global float *y,
                       global float *log_sums, int heads, int queries, int keys, int width, int value_panels,
                       int is_causal, float scale) {
  // Queries, [STEP][16], lie where the probabilities of 64 keys by 64 queries come later; four more floats a row let items
  // that write down a column meet in fewer banks.
  local float4 p[64][17], b_tile[STEP][16];
  local float factors[64];
  local float4 *a_tile = p[0];
  local float *p_place = (local float *)p, *a_place = p_place, *b_place = (local float *)b_tile;
  int item = get_local_id(0), first = get_group_id(0) * 64, panel = get_group_id(1), group = get_group_id(2);
  int row = ITEM_ROW(item), key_panels = (keys + PANEL - 1) / PANEL;
  a_place += item;
  b_place += item;
  ulong line = (ulong)(group / heads) * queries + min(first + item, queries - 1);
  global const float *query = q + (line * heads + group % heads) * width;
  k += (ulong)group * key_panels * width * PANEL;
  v += ((ulong)group * value_panels + panel) * keys * PANEL;
  float4 sums[8][2];
  float largest = -INFINITY, total = 0;
  clear_sums(sums);
  int end = is_causal ? min(first + 64, keys) : keys;
  for (int begin = 0; begin < end; begin += 64) {
    float4 scores[8][2];
    clear_sums(scores);
    for (int depth = 0; depth < width; depth += STEP) {
      for (int c = 0; c < STEP; c++) {
        int inside = depth + c < width;
        a_place[c * 64] = inside ? query[depth + c] : 0.0f;
        b_place[c * 64] = inside ? k[((ulong)(begin / PANEL) * width + depth + c) * PANEL + item] : 0.0f;
      }
      barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
      for (int c = 0; c < STEP; c++) add_step(a_tile + c * 16, b_tile[c], item, scores);
      barrier(CLK_LOCAL_MEM_FENCE);
    }
#pragma unroll
    for (int i = 0; i < 8; i++) {
      float values[8];
      row_of_sums(scores[i], values);
#pragma unroll
      for (int j = 0; j < 8; j++) {
        int place = ITEM_COLUMN(item, j), key = begin + place;
        int is_seen = key < keys && (!is_causal || key <= first + row + i);
        p_place[place * 68 + row + i] = is_seen ? values[j] * scale : -INFINITY;
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    // Each item the softmax of one query.
    float next = largest;
    for (int j = 0; j < 64; j++) next = fmax(next, p_place[j * 68 + item]);
    float factor = exp(largest - next), sum = 0;
    for (int j = 0; j < 64; j++) {
      float e = exp(p_place[j * 68 + item] - next);
      p_place[j * 68 + item] = e;
      sum += e;
    }
    total = total * factor + sum;
    largest = next;
    factors[item] = factor;
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
    for (int i = 0; i < 8; i++) {
      float4 rescaling = factors[row + i];
      sums[i][0] *= rescaling;
      sums[i][1] *= rescaling;
    }
    for (int j = 0; j < 64; j += STEP) {
      // Beyond the last key p is 0, which NaN in memory would not survive.
      for (int c = 0; c < STEP; c++)
        b_place[c * 64] = begin + j + c < keys ? v[(ulong)(begin + j + c) * PANEL + item] : 0.0f;
      barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
      for (int c = 0; c < STEP; c++) add_step(p[j + c], b_tile[c], item, sums);
      barrier(CLK_LOCAL_MEM_FENCE);
    }
  }
  if (panel == 0 && first + item < queries) log_sums[(ulong)group * queries + first + item] = largest + log(total);
  factors[item] = 1.0f / total;
  barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll
  for (int i = 0; i < 8; i++) {
    float values[8], rescaling = factors[row + i];
    row_of_sums(sums[i], values);
    for (int j = 0; j < 8; j++) {
      int c = panel * PANEL + ITEM_COLUMN(item, j);
      if (first + row + i >= queries || c >= width) continue;
      ulong place = (ulong)(group / heads) * queries + first + row + i;
      y[(place * heads + group % heads) * width + c] = values[j] * rescaling;
    }
  }
}
#endif

// Scores and gradients of probabilities, [groups, queries, keys], to probabilities and gradients of scores in place, 0
// for keys that a query does not see. Items: WIDTH keys, lines of n / keys. 12 bytes a score and one exponential.
// Model of attention_score_gradients
//   typical: 0.292 operations a byte in attendBackward heads=8 queries=1024 keys=1024 width=64
//   needs: 20 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   most = min(queries, keys)
//   causal = (most * (most + 1) / 2 + (queries - most) * keys) / queries / keys
//   seen = n * (1 - is_causal + is_causal * causal)
//   results = 2 * n
//   loads = 4 * seen; stores = 2 * n
//   operations = 7 * seen
kernel void attention_score_gradients(global float *scores, global float *gradients, global const float *log_sums,
                                      global const float *products, int n, int queries, int keys, int is_causal,
                                      float scale) {
  int key = get_global_id(0) * WIDTH, line = get_global_id(1), count = min(keys - key, WIDTH);
  if (count <= 0 || line >= n / keys) return;
  int seen = is_causal ? clamp(line % queries + 1 - key, 0, count) : count;
  scores += (ulong)line * keys + key;
  gradients += (ulong)line * keys + key;
  if (seen > 0) {
    wide p = exp(scale * take(scores, seen) - log_sums[line]);
    put(scale * p * (take(gradients, seen) - products[line]), gradients, seen);
    put(p, scores, seen);
  }
  for (int lane = seen; lane < count; lane++) scores[lane] = gradients[lane] = 0.0f;
}

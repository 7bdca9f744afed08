// Greedy k-centre selection. Squared distances have the same bits on every device: lane j of 16 sums (x − c)² for
// k = j, j + 16, …, one product and one addition each, never fused; then a tree 8, 4, 2, 1. Built without
// -cl-mad-enable.
#pragma OPENCL FP_CONTRACT OFF

float squared_distance(global const float *a, global const float *b, int width) {
  float16 sums = 0;
  int k = 0;
  for (; k + 16 <= width; k += 16) {
    float16 difference = vload16(0, a + k) - vload16(0, b + k);
    sums += difference * difference;
  }
  if (k < width) {
    float lanes[16];
    vstore16(sums, 0, lanes);
    for (int lane = 0; k < width; k++, lane++) {
      float difference = a[k] - b[k];
      lanes[lane] += difference * difference;
    }
    sums = vload16(0, lanes);
  }
  float8 eight = sums.lo + sums.hi;
  float4 four = eight.lo + eight.hi;
  float2 two = four.lo + four.hi;
  return two.x + two.y;
}

// to_earlier[j] = squared distance of pick `last` to pick j < last.
// Model of coreset_to_earlier
//   typical: 0.384 operations a byte in coreset rows=10000 width=152 picks=100
//   needs: 56 registers, 0 bytes local, 256 items: 4 groups a unit by registers
//   results = last
//   loads = last * (2 * width + 2); stores = last
//   operations = last * (3 * width + 15)
//   unseen = last * (45 * floor(width / 16) + 11)
kernel void coreset_to_earlier(global const float *x, global const int *picks, global float *to_earlier, int last,
                               int width) {
  int j = get_global_id(0);
  if (j < last) to_earlier[j] = squared_distance(x + (ulong)picks[last] * width, x + (ulong)picks[j] * width, width);
}

// The row's smallest distance after pick `last` has become a centre. Skipped by the triangle inequality when the new
// centre is at least twice as far from the row's own centre as the row is; a little more than 4 covers rounding.
float updated(global const float *x, global const int *picks, global const float *to_earlier, global float *minimum,
              global int *assigned, int row, int last, int width) {
  float least = minimum[row];
  if (last == 0 || to_earlier[assigned[row]] < 4.0004f * least) {
    float candidate = squared_distance(x + (ulong)row * width, x + (ulong)picks[last] * width, width);
    if (candidate < least) {
      minimum[row] = least = candidate;
      assigned[row] = last;
    }
  }
  return least;
}

// Each group's farthest row goes to best[group] and where[group]; the smaller row of equal ones.
#if SHAPE_CPU
// One work-item a chunk of rows.
kernel void coreset_update(global const float *x, global const int *picks, global const float *to_earlier,
                           global float *minimum, global int *assigned, global float *best, global int *where, int last,
                           int width, int rows, int chunk) {
  int begin = get_global_id(0) * chunk, end = min(begin + chunk, rows), farthest = begin;
  float largest = -1;
  for (int row = begin; row < end; row++) {
    float least = updated(x, picks, to_earlier, minimum, assigned, row, last, width);
    if (least > largest) {
      largest = least;
      farthest = row;
    }
  }
  best[get_global_id(0)] = largest;
  where[get_global_id(0)] = farthest;
}

// One work-item: the groups' results in order.
kernel void coreset_pick(global const float *best, global const int *where, global int *picks,
                         global float *pick_distances, int groups, int pick) {
  float largest = best[0];
  int farthest = where[0];
  for (int group = 1; group < groups; group++)
    if (best[group] > largest) {
      largest = best[group];
      farthest = where[group];
    }
  picks[pick] = farthest;
  pick_distances[pick] = largest;
}
#else
void keep_farther(local float *best, local int *where, int item, int other) {
  if (best[other] > best[item] || (best[other] == best[item] && where[other] < where[item])) {
    best[item] = best[other];
    where[item] = where[other];
  }
}

// One work-item a row.
// The model is of the first pick; later ones skip rows, and keep a row's centre, as the data will have it.
// Model of coreset_update
//   typical: 0.384 operations a byte in coreset rows=10000 width=152 picks=3
//   needs: 60 registers, 512 bytes local, 64 items: 17 groups a unit by registers
//   valid = last == 0
//   empty = 64 * groups - rows
//   results = rows
//   loads = rows * (2 * width + 2); stores = 2 * rows + 2 * groups
//   local_loads = 159 * groups + 1.5 * empty; local_stores = 191 * groups - empty
//   operations = rows * (3 * width + 16) + 100 * groups
//   unseen = rows * (45 * floor(width / 16) + 11)
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void coreset_update(global const float *x, global const int *picks, global const float *to_earlier,
                    global float *minimum, global int *assigned, global float *best, global int *where, int last,
                    int width, int rows, int chunk) {
  local float group_best[64];
  local int group_where[64];
  int row = get_global_id(0), item = get_local_id(0);
  group_best[item] = row < rows ? updated(x, picks, to_earlier, minimum, assigned, row, last, width) : -1.0f;
  group_where[item] = row;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 32; step; step /= 2) {
    if (item < step) keep_farther(group_best, group_where, item, item + step);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) {
    best[get_group_id(0)] = group_best[0];
    where[get_group_id(0)] = group_where[0];
  }
}

// One work-group over all groups' results.
// Empty places of the tree tie, and compare their rows.
// Model of coreset_pick
//   results = 1
//   ties = max(32 - groups, 0) + max(16 - groups, 0) + max(8 - groups, 0) + max(4 - groups, 0) + max(2 - groups, 0)
//   loads = 2 * groups; stores = 2
//   local_loads = 131 + 2 * ties; local_stores = 132
//   operations = 126 + groups / 2
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void coreset_pick(global const float *best, global const int *where, global int *picks, global float *pick_distances,
                  int groups, int pick) {
  local float group_best[64];
  local int group_where[64];
  int item = get_local_id(0);
  float largest = -1;
  int farthest = INT_MAX;
  for (int group = item; group < groups; group += 64)
    if (best[group] > largest) {
      largest = best[group];
      farthest = where[group];
    }
  group_best[item] = largest;
  group_where[item] = farthest;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 32; step; step /= 2) {
    if (item < step) keep_farther(group_best, group_where, item, item + step);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) {
    picks[pick] = group_where[0];
    pick_distances[pick] = group_best[0];
  }
}
#endif

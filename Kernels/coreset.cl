// Greedy k-centre selection. Squared distances have the same bits on every device: lane j of 16 sums (x − c)² for
// k = j, j + 16, …, one product and one addition each, never fused; then a tree 8, 4, 2, 1. Built without
// -cl-mad-enable.
//
// CPU shape: rows hang in a list each centre; a centre too far from the new one is passed over with all its rows.
//
// GPU shape: an item a row, which tests its own centre. Per row and pick: 12 bytes read (its distance, its centre, that
// centre's distance to the new one); per distance that is computed 8 · width bytes, the new centre's from the cache, and
// 3 · width operations; intensity 0.75 operations a byte of global memory, bound by its bandwidth. Some 50 registers an
// item and 512 bytes of local memory: 16 groups of 64 and more on a multiprocessor with 65 536 registers.
#pragma OPENCL FP_CONTRACT OFF

float tree_sum(float16 sums) {
  float8 eight = sums.lo + sums.hi;
  float4 four = eight.lo + eight.hi;
  float2 two = four.lo + four.hi;
  return two.x + two.y;
}

// The squared distance, or what is summed so far once that is `bound` or more: sums of squares only grow, rounded or not.
#define STEP 64
float distance_below(float bound, global const float *a, global const float *b, int width) {
  float16 sums = 0;
  int k = 0;
  for (; k + STEP < width; k += STEP) {
    for (int block = 0; block < STEP; block += 16) {
      float16 difference = vload16(0, a + k + block) - vload16(0, b + k + block);
      sums += difference * difference;
    }
    float sum = tree_sum(sums);
    if (sum >= bound) return sum;
  }
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
  return tree_sum(sums);
}

// ‖c − a‖ ≥ 2‖x − a‖ implies ‖x − c‖ ≥ ‖x − a‖; more than 4 covers rounding, and the summand what underflows.
float sure_distance(float minimum) { return 4.0004f * minimum + 1e-30f; }

#if SHAPE_CPU
void keep_farther(float distance, int row, float *largest, int *farthest) {
  if (distance > *largest || (distance == *largest && row < *farthest)) {
    *largest = distance;
    *farthest = row;
  }
}

// Visits every `step`-th list with the new centre, pick `last`; rows nearer to it leave their lists for the item's own.
// Item i writes distances[2 i ...]: the farthest that stayed and that moved; rows[4 i ...]: these rows, its list's first and
// last.
kernel void coreset_visit(global const float *x, global const float *centres, global const int *picks,
                          global float *minimum, global int *following, global int *heads, global float *largest,
                          global int *farthest, global float *distances, global int *rows, int last, int width) {
  int item = get_global_id(0), step = get_global_size(0), head = -1, tail = -1;
  global const float *c = x + (ulong)picks[last] * width;
  float stayed = -1, moved = -1;
  int stayed_row = INT_MAX, moved_row = INT_MAX;
  for (int list = item; list <= last; list += step) {
    float bound = sure_distance(largest[list]);
    float apart = list == 0 ? 0.0f : distance_below(bound, c, centres + (ulong)(list - 1) * width, width);
    if (!(apart >= bound)) {
      float list_largest = -1;
      int list_farthest = INT_MAX, next;
      global int *link = heads + list;
      for (int row = *link; row >= 0; row = next) {
        next = following[row];
        float least = minimum[row], candidate = least;
        if (!(apart >= sure_distance(least))) candidate = distance_below(least, x + (ulong)row * width, c, width);
        if (candidate < least) {
          minimum[row] = candidate;
          *link = next;
          following[row] = head;
          head = row;
          if (tail < 0) tail = row;
          keep_farther(candidate, row, &moved, &moved_row);
        } else {
          keep_farther(least, row, &list_largest, &list_farthest);
          link = following + row;
        }
      }
      largest[list] = list_largest;
      farthest[list] = list_farthest;
    }
    keep_farther(largest[list], farthest[list], &stayed, &stayed_row);
  }
  distances[2 * item] = stayed;
  distances[2 * item + 1] = moved;
  rows[4 * item] = stayed_row;
  rows[4 * item + 1] = moved_row;
  rows[4 * item + 2] = head;
  rows[4 * item + 3] = tail;
}

// One work-item: joins the items' lists to that of pick `last`, and makes the next pick.
kernel void coreset_join(global const float *x, global float *centres, global int *picks, global float *pick_distances,
                         global int *following, global int *heads, global float *largest, global int *farthest,
                         global const float *distances, global const int *rows, int items, int last, int width) {
  float stayed = -1, moved = -1;
  int stayed_row = INT_MAX, moved_row = INT_MAX, head = -1;
  for (int item = 0; item < items; item++) {
    keep_farther(distances[2 * item], rows[4 * item], &stayed, &stayed_row);
    keep_farther(distances[2 * item + 1], rows[4 * item + 1], &moved, &moved_row);
    if (rows[4 * item + 2] < 0) continue;
    following[rows[4 * item + 3]] = head;
    head = rows[4 * item + 2];
  }
  heads[last + 1] = head;
  largest[last + 1] = moved;
  farthest[last + 1] = moved_row;
  keep_farther(moved, moved_row, &stayed, &stayed_row);
  for (int k = 0; k < width; k++) centres[(ulong)last * width + k] = x[(ulong)picks[last] * width + k];
  picks[last + 1] = stayed_row;
  pick_distances[last + 1] = stayed;
}
#else
// to_earlier[j] = squared distance of pick `last` to pick j < last.
kernel void coreset_to_earlier(global const float *x, global const int *picks, global float *to_earlier, int last,
                               int width) {
  int j = get_global_id(0);
  if (j < last) to_earlier[j] = distance_below(INFINITY, x + (ulong)picks[last] * width, x + (ulong)picks[j] * width, width);
}

// The row's smallest distance after pick `last` has become a centre. Skipped by the triangle inequality when the new
// centre is at least twice as far from the row's own centre as the row is.
float updated(global const float *x, global const int *picks, global const float *to_earlier, global float *minimum,
              global int *assigned, int row, int last, int width) {
  float least = minimum[row];
  if (last == 0 || !(to_earlier[assigned[row]] >= sure_distance(least))) {
    float candidate = distance_below(least, x + (ulong)row * width, x + (ulong)picks[last] * width, width);
    if (candidate < least) {
      minimum[row] = least = candidate;
      assigned[row] = last;
    }
  }
  return least;
}

void keep_farther(local float *best, local int *where, int item, int other) {
  if (best[other] > best[item] || (best[other] == best[item] && where[other] < where[item])) {
    best[item] = best[other];
    where[item] = where[other];
  }
}

// One work-item a row.
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void coreset_update(global const float *x, global const int *picks, global const float *to_earlier,
                    global float *minimum, global int *assigned, global float *best, global int *where, int last,
                    int width, int rows) {
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

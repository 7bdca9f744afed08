// Reductions of [outer, reduced, inner] over the middle axis to [outer, inner], in an order fixed by the problem.
// Operations: 0 sum, 1 mean, 2 sum of squares, 3 maximum, 4 minimum. NaN wins maxima and minima.

// A NaN in a wins by itself: no comparison with it is true.
#define DEFINE_MERGED(T, NAME) \
  T NAME(int operation, T a, T b) { \
    if (operation < 3) return a + b; \
    return isnan(b) || (operation == 3 ? isgreater(b, a) : isless(b, a)) ? b : a; \
  }
DEFINE_MERGED(float, merged)

float start_of(int operation) { return operation < 3 ? 0.0f : (operation == 3 ? -INFINITY : INFINITY); }

// Model of merging(operation) = 1 + (2 < operation)

#if SHAPE_CPU
DEFINE_MERGED(vec, merged_lanes)
#define merged_wide merged_lanes
#else
#define merged_wide merged
#endif

// Columns, cut into `slices` of `rows`, y: [outer, slices, inner], n results, divided by `divisor`. Runs of 64 are reduced on
// their own, so that chains stay short. Items: WIDTH columns, slices.
// Model of reduction_columns
//   typical: 0.5 operations a byte in reduce outer=16 reduced=4096 inner=64 f=sum
//   needs: 16 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   results = n
//   loads = n / slices * reduced; stores = n
//   operations = n / slices * reduced * (1 + merging(operation)) + n * (1 + ceil(min(rows, reduced) / 64) * merging(operation))
kernel void reduction_columns(global const float *x, global float *y, int n, int reduced, int inner, int operation,
                              int slices, int rows, float divisor) {
  int column = get_global_id(0) * WIDTH, slice = get_global_id(1), count = inner - column;
  if (count <= 0 || slice >= n / inner) return;
  int first = slice % slices * rows, last = min(first + rows, reduced);
  x += (ulong)(slice / slices) * reduced * inner + column;
  wide total = start_of(operation);
  for (int begin = first; begin < last; begin += 64) {
    wide partial = start_of(operation);
    int end = min(begin + 64, last);
    for (int r = begin; r < end; r++) {
      wide v = take(x + (ulong)r * inner, count);
      partial = merged_wide(operation, partial, operation == 2 ? v * v : v);
    }
    total = merged_wide(operation, total, partial);
  }
  put(total / divisor, y + (ulong)slice * inner + column, count);
}

// Runs of rows, x: [rows, reduced], y: [rows, ⌈reduced / run⌉], n results, divided by `divisor`. A second launch reduces
// those of a long row.
#if SHAPE_CPU
float reduced_run(global const float *x, int length, int operation) {
  vec partial[4];
#pragma unroll
  for (int chain = 0; chain < 4; chain++) partial[chain] = start_of(operation);
  int i = 0;
  for (; i + 4 * VW <= length; i += 4 * VW)
#pragma unroll
    for (int chain = 0; chain < 4; chain++) {
      vec v = VLOAD(chain, x + i);
      partial[chain] = merged_lanes(operation, partial[chain], operation == 2 ? v * v : v);
    }
  for (; i < length; i += VW) {
    vec v = take_or(x + i, length - i, start_of(operation));
    partial[0] = merged_lanes(operation, partial[0], operation == 2 ? v * v : v);
  }
  partial[0] = merged_lanes(operation, merged_lanes(operation, partial[0], partial[1]),
                            merged_lanes(operation, partial[2], partial[3]));
  float lanes[VW], total = start_of(operation);
  VSTORE(partial[0], 0, lanes);
  for (int lane = 0; lane < VW; lane++) total = merged(operation, total, lanes[lane]);
  return total;
}

// As many items as the host asks for share the runs.
kernel void reduction_rows(global const float *x, global float *y, int n, int reduced, int run, int operation,
                           float divisor) {
  int runs = (reduced + run - 1) / run, count = (n + get_global_size(0) - 1) / get_global_size(0);
  int i = get_global_id(0) * count, end = min(i + count, n);
  for (; i < end; i++) {
    int begin = i % runs * run;
    y[i] = reduced_run(x + (ulong)(i / runs) * reduced + begin, min(run, reduced - begin), operation) / divisor;
  }
}
#else
// A work-group of GROUP a run, strided partial results, a tree in local memory.
// Model of reduction_rows
//   typical: 0.5 operations a byte in reduce outer=1024 reduced=4096 inner=1 f=sum
//   needs: 16 registers, 256 bytes local, 64 items: 32 groups a unit by items
//   runs = ceil(reduced / run)
//   results = groups
//   loads = groups / runs * reduced; stores = groups
//   local_loads = 127 * groups; local_stores = 127 * groups
//   operations = groups / runs * reduced * (1 + merging(operation)) + groups * (1 + 63 * merging(operation))
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void reduction_rows(global const float *x, global float *y, int n, int reduced, int run, int operation, float divisor) {
  local float tree[GROUP];
  int item = get_local_id(0), runs = (reduced + run - 1) / run, begin = get_group_id(0) % runs * run;
  int end = min(begin + run, reduced);
  x += (ulong)(get_group_id(0) / runs) * reduced;
  float partial = start_of(operation);
  for (int i = begin + item; i < end; i += GROUP)
    partial = merged(operation, partial, operation == 2 ? x[i] * x[i] : x[i]);
  tree[item] = partial;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = GROUP / 2; step; step /= 2) {
    if (item < step) tree[item] = merged(operation, tree[item], tree[item + step]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) y[get_group_id(0)] = tree[0] / divisor;
}
#endif

// The position of the largest or smallest element; the first of equal ones. NaN wins, as in PyTorch.
// Model of reduction_position
//   typical: 0.5 operations a byte in position outer=4096 reduced=1024 inner=1
//   needs: 16 registers, 0 bytes local, 256 items: 8 groups a unit by items
//   results = n
//   loads = n * reduced; stores = n
//   operations = 2 * n * (reduced - 1)
kernel void reduction_position(global const float *x, global int *y, int n, int reduced, int inner, int smallest) {
  int i = get_global_id(0);
  if (i >= n) return;
  x += (ulong)(i / inner) * reduced * inner + i % inner;
  float best = x[0];
  int position = 0;
  for (int r = 1; r < reduced; r++) {
    float v = x[(ulong)r * inner];
    if ((smallest ? v < best : v > best) || (isnan(v) && !isnan(best))) {
      best = v;
      position = r;
    }
  }
  y[i] = position;
}

// Reductions of [outer, reduced, inner] over the middle axis to [outer, inner], in an order fixed by the problem.
// Operations: 0 sum, 1 mean, 2 sum of squares, 3 maximum, 4 minimum. NaN wins maxima and minima.

float merged(int operation, float a, float b) {
  if (operation < 3) return a + b;
  // A NaN in a wins by itself: no comparison with it is true.
  if (isnan(b)) return b;
  return operation == 3 ? (b > a ? b : a) : (b < a ? b : a);
}

float start_of(int operation) { return operation < 3 ? 0.0f : (operation == 3 ? -INFINITY : INFINITY); }

// Model of merging(operation) = 1 + 2 * (2 < operation)

// One work-item an output; runs of 64 are reduced on their own, so that chains stay short.
// Model of reduction_columns
//   typical: 0.5 operations a byte in reduce outer=16 reduced=4096 inner=64 f=sum
//   needs: 16 registers, 0 bytes local, 256 items: 8 groups a unit by items
//   results = n
//   loads = n * reduced; stores = n
//   operations = n * reduced * (1 + merging(operation)) + n * ceil(reduced / 64) * merging(operation)
kernel void reduction_columns(global const float *x, global float *y, int n, int reduced, int inner, int operation) {
  int i = get_global_id(0);
  if (i >= n) return;
  x += (ulong)(i / inner) * reduced * inner + i % inner;
  float total = start_of(operation);
  for (int begin = 0; begin < reduced; begin += 64) {
    float partial = start_of(operation);
    int end = min(begin + 64, reduced);
    for (int r = begin; r < end; r++) {
      float v = x[(ulong)r * inner];
      partial = merged(operation, partial, operation == 2 ? v * v : v);
    }
    total = merged(operation, total, partial);
  }
  y[i] = operation == 1 ? total / (float)reduced : total;
}

// Rows (inner = 1): a work-group of GROUP a row, strided partial results, a tree in local memory.
// Model of reduction_rows
//   typical: 0.5 operations a byte in reduce outer=1024 reduced=4096 inner=1 f=sum
//   needs: 16 registers, 256 bytes local, 64 items: 32 groups a unit by items
//   results = groups
//   loads = groups * reduced; stores = groups
//   local_loads = 127 * groups; local_stores = 127 * groups
//   operations = groups * (reduced * (1 + merging(operation)) + 63 * merging(operation))
kernel __attribute__((reqd_work_group_size(GROUP, 1, 1)))
void reduction_rows(global const float *x, global float *y, int reduced, int operation) {
  local float tree[GROUP];
  int item = get_local_id(0), row = get_group_id(0);
  x += (ulong)row * reduced;
  float partial = start_of(operation);
  for (int i = item; i < reduced; i += GROUP) partial = merged(operation, partial, operation == 2 ? x[i] * x[i] : x[i]);
  tree[item] = partial;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = GROUP / 2; step; step /= 2) {
    if (item < step) tree[item] = merged(operation, tree[item], tree[item + step]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) y[row] = operation == 1 ? tree[0] / (float)reduced : tree[0];
}

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

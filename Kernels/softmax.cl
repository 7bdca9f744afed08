// Soft maxima of rows, x and y: [rows, columns]. CPU shape: one work-item a row, VW lanes. GPU shape: one work-group of 64
// a row, a tree in local memory. A row of −∞ alone gives NaN, and a NaN spoils its row through the sum, as in PyTorch.
float larger(float a, float b) { return a > b ? a : b; }

#if SHAPE_CPU
kernel void softmax_rows(global const float *x, global float *y, int rows, int columns, int logarithmic) {
  // Groups of one: there are no items beyond the rows.
  int row = get_global_id(0);
  x += (ulong)row * columns;
  y += (ulong)row * columns;
  float largest = -INFINITY;
  for (int i = 0; i < columns; i++) largest = larger(x[i], largest);
  vec sums = 0;
  int i = 0;
  for (; i + VW <= columns; i += VW) {
    vec e = exp(VLOAD(0, x + i) - largest);
    VSTORE(e, 0, y + i);
    sums += e;
  }
  float sum = 0;
  for (; i < columns; i++) {
    float e = exp(x[i] - largest);
    y[i] = e;
    sum += e;
  }
  float lanes[VW];
  VSTORE(sums, 0, lanes);
  for (int lane = 0; lane < VW; lane++) sum += lanes[lane];
  float offset = largest + log(sum), factor = 1.0f / sum;
  for (int j = 0; j < columns; j++) y[j] = logarithmic ? x[j] - offset : y[j] * factor;
}

// dx = y (dy − Σ y dy), or dy − e^y Σ dy of logarithms.
kernel void softmax_backward(global const float *y, global const float *dy, global float *dx, int rows, int columns,
                             int logarithmic) {
  int row = get_global_id(0), i = 0;
  y += (ulong)row * columns;
  dy += (ulong)row * columns;
  dx += (ulong)row * columns;
  vec sums = 0;
  for (; i + VW <= columns; i += VW) {
    vec gradient = VLOAD(0, dy + i);
    sums += logarithmic ? gradient : gradient * VLOAD(0, y + i);
  }
  float sum = 0, lanes[VW];
  for (; i < columns; i++) sum += logarithmic ? dy[i] : dy[i] * y[i];
  VSTORE(sums, 0, lanes);
  for (int lane = 0; lane < VW; lane++) sum += lanes[lane];
  for (int j = 0; j < columns; j++) dx[j] = logarithmic ? dy[j] - exp(y[j]) * sum : y[j] * (dy[j] - sum);
}
#else
// Model of softmax_rows
//   typical: 0.5 operations a byte in softmax rows=4096 columns=1024
//   needs: 20 registers, 256 bytes local, 64 items: 32 groups a unit by items
//   results = groups * columns
//   loads = 3 * results; stores = results
//   local_loads = 380 * groups; local_stores = 254 * groups
//   operations = (7 - 2 * logarithmic) * results + 318 * groups
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void softmax_rows(global const float *x, global float *y, int rows, int columns, int logarithmic) {
  local float tree[64];
  int item = get_local_id(0);
  x += (ulong)get_group_id(0) * columns;
  y += (ulong)get_group_id(0) * columns;
  float largest = -INFINITY;
  for (int i = item; i < columns; i += 64) largest = larger(x[i], largest);
  tree[item] = largest;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 32; step; step /= 2) {
    if (item < step) tree[item] = larger(tree[item], tree[item + step]);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  largest = tree[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  float sum = 0;
  for (int i = item; i < columns; i += 64) sum += exp(x[i] - largest);
  tree[item] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 32; step; step /= 2) {
    if (item < step) tree[item] += tree[item + step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  float offset = largest + log(tree[0]), factor = 1.0f / tree[0];
  for (int i = item; i < columns; i += 64) y[i] = logarithmic ? x[i] - offset : exp(x[i] - largest) * factor;
}

// Model of softmax_backward
//   typical: 0.203 operations a byte in softmaxBackward rows=4096 columns=1024
//   needs: 20 registers, 256 bytes local, 64 items: 32 groups a unit by items
//   results = groups * columns
//   loads = (4 - logarithmic) * results; stores = results
//   local_loads = 190 * groups; local_stores = 127 * groups
//   operations = (4 + logarithmic) * results + 63 * groups
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void softmax_backward(global const float *y, global const float *dy, global float *dx, int rows, int columns,
                      int logarithmic) {
  local float tree[64];
  int item = get_local_id(0);
  y += (ulong)get_group_id(0) * columns;
  dy += (ulong)get_group_id(0) * columns;
  dx += (ulong)get_group_id(0) * columns;
  float sum = 0;
  for (int i = item; i < columns; i += 64) sum += logarithmic ? dy[i] : dy[i] * y[i];
  tree[item] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = 32; step; step /= 2) {
    if (item < step) tree[item] += tree[item + step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  sum = tree[0];
  for (int i = item; i < columns; i += 64) dx[i] = logarithmic ? dy[i] - exp(y[i]) * sum : y[i] * (dy[i] - sum);
}
#endif

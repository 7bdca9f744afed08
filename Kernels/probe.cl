// What a driver must do for the other kernels to be right, one thing a kernel, so that a failure has a name.

// Seven functions of each x, in blocks of n.
// Model of probe_functions: results = 7 * n; loads = n; stores = 7 * n; operations = 8 * n
kernel void probe_functions(global const float *x, global float *y, int n) {
  int i = get_global_id(0);
  if (i >= n) return;
  float v = x[i], size = fabs(v);
  y[i] = exp(v);
  y[n + i] = log(size);
  y[2 * n + i] = tanh(v);
  y[3 * n + i] = erf(v);
  y[4 * n + i] = sqrt(size);
  y[5 * n + i] = rsqrt(size);
  y[6 * n + i] = 1.0f / v;
}

// x: NaN, infinity, 0, 1, the smallest normal number. y: whether each rule of IEEE 754 holds; the last one, about numbers
// below the normal ones, is optional.
// Model of probe_rules: results = 7; loads = 5; stores = 7; operations = 12
kernel void probe_rules(global const float *x, global float *y) {
  float nan = x[0], infinity = x[1], zero = x[2], one = x[3], smallest = x[4];
  y[0] = !(nan == nan);
  y[1] = isnan(infinity - infinity);
  y[2] = isnan(zero * infinity);
  y[3] = isinf(one / zero);
  y[4] = isnan(fmax(nan, nan));
  y[5] = !(nan < one) && !(nan >= one);
  y[6] = smallest * 0.5f > 0.0f;
}

// One work-group: the sum of x, a value an item, by a tree in local memory.
// Model of probe_tree: results = 1; loads = items; stores = 1; operations = items - 1
//   local_loads = 2 * items - 1; local_stores = 2 * items - 1
kernel void probe_tree(global const float *x, global float *y) {
  local float tree[256];
  int item = get_local_id(0);
  tree[item] = x[item];
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = get_local_size(0) / 2; step; step /= 2) {
    if (item < step) tree[item] += tree[item + step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (item == 0) y[0] = tree[0];
}

// What counter-based random numbers need: the upper half of a product, in two ways, and rotated 64-bit numbers.
// Model of probe_integers: results = 3 * n; loads = n; stores = 3 * n
kernel void probe_integers(global const int *x, global int *y, int n) {
  int i = get_global_id(0);
  if (i >= n) return;
  uint v = (uint)x[i];
  ulong wide = (ulong)v * 0xCD9E8D57u;
  y[i] = (int)mul_hi(v, 0xD2511F53u);
  y[n + i] = (int)(wide >> 32);
  y[2 * n + i] = (int)(rotate(wide, 13ul) >> 7);
}

// Vectors at addresses that are aligned to one float.
// Model of probe_vectors: results = 4 * n; loads = 4 * n; stores = 4 * n; operations = 4 * n; unseen = 3 * n
kernel void probe_vectors(global const float *x, global float *y, int n) {
  int i = get_global_id(0);
  if (i >= n) return;
  float4 v = vload4(0, x + 5 * i + 1);
  vstore4(v * (float4)(1, 2, 4, 8), 0, y + 5 * i + 1);
}

// Halves as storage; arithmetic in them is never needed.
// Model of probe_halves: results = n; loads = 1.5 * n; stores = 1.5 * n
kernel void probe_halves(global const float *x, global half *halves, global float *y, int n) {
  int i = get_global_id(0);
  if (i >= n) return;
  vstore_half_rte(x[i], i, halves);
  y[i] = vload_half(i, halves);
}

// One float `thousands` times 1024 floats from the start: beyond 2 GiB an index of 32 bits goes astray.
// Model of probe_far: results = 1; stores = 1
kernel void probe_far(global float *x, int thousands, float value) { x[(ulong)thousands * 1024] = value; }
// Model of probe_far_back: results = 1; loads = 1; stores = 1
kernel void probe_far_back(global const float *x, global float *y, int thousands) { y[0] = x[(ulong)thousands * 1024]; }

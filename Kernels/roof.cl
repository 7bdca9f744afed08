// Work that keeps one unit of a device busy and does nothing else: what other kernels are measured against.

#define STRIP 2048
#if SHAPE_CPU
typedef vec lanes;
#define LANES VW
#define LANES_LOAD VLOAD
#define LANES_STORE VSTORE
#define CHAINS 12
#else
typedef float4 lanes;
#define LANES 4
#define LANES_LOAD vload4
#define LANES_STORE vstore4
#define CHAINS 4
#endif

// mad() is slower than the contracted sum on PoCL, and fma() is emulated where a device has none.
// y [items][LANES]; every item runs CHAINS chains x := factor x + term.
// Model of roof_multiply: results = 4 * items; loads = 4 * items; stores = 4 * items; unseen = 24 * items
//   operations = items * (32 * rounds + 32)
kernel void roof_multiply(global float *y, int items, int rounds, float factor, float term) {
  int i = get_global_id(0);
  if (i >= items) return;
  lanes x[CHAINS], f = factor, t = term;
#pragma unroll
  for (int c = 0; c < CHAINS; c++) x[c] = LANES_LOAD(i, y) + (float)c;
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int c = 0; c < CHAINS; c++) x[c] = x[c] * f + t;
  }
  lanes sum = x[0];
#pragma unroll
  for (int c = 1; c < CHAINS; c++) sum += x[c];
  LANES_STORE(sum * (1.0f / CHAINS), i, y);
}

// y [items][LANES]; every item runs four chains x := e^(factor x).
// Model of roof_exponential: results = 4 * items; loads = 4 * items; stores = 4 * items
//   operations = items * (32 * rounds + 32); unseen = items * (12 * rounds + 24)
kernel void roof_exponential(global float *y, int items, int rounds, float factor) {
  int i = get_global_id(0);
  if (i >= items) return;
  lanes x[4];
#pragma unroll
  for (int c = 0; c < 4; c++) x[c] = LANES_LOAD(i, y) + (float)c;
  for (int round = 0; round < rounds; round++) {
#pragma unroll
    for (int c = 0; c < 4; c++) x[c] = exp(factor * x[c]);
  }
  LANES_STORE((x[0] + x[1] + x[2] + x[3]) * 0.25f, i, y);
}

// CPU shape: an item takes a strip. GPU shape: an item takes four floats.
// Model of roof_copy: results = n; loads = n; stores = n
kernel void roof_copy(global const float *x, global float *y, int n) {
  int i = get_global_id(0);
#if SHAPE_CPU
  if (i >= n / STRIP) return;
  for (int j = i * (STRIP / LANES); j < (i + 1) * (STRIP / LANES); j++) LANES_STORE(LANES_LOAD(j, x), j, y);
#else
  if (i < n / LANES) LANES_STORE(LANES_LOAD(i, x), i, y);
#endif
}

// CPU shape: an item sums a strip. GPU shape: an item sums every (n / 64)th group of four floats, sixteen of them.
// All sums go to a few places, so that next to nothing is written.
// Model of roof_read: results = n / 64; loads = n; operations = 1.2 * n; unseen = 0.9 * n
kernel void roof_read(global const float *x, global float *y, int n, int places) {
  int i = get_global_id(0);
  lanes sum[4];
#pragma unroll
  for (int c = 0; c < 4; c++) sum[c] = 0.0f;
#if SHAPE_CPU
  if (i >= n / STRIP) return;
  for (int j = i * (STRIP / LANES); j < (i + 1) * (STRIP / LANES); j += 4)
#pragma unroll
    for (int c = 0; c < 4; c++) sum[c] += LANES_LOAD(j + c, x);
#else
  int items = n / (16 * LANES);
  if (i >= items) return;
  for (int j = 0; j < 16; j += 4)
#pragma unroll
    for (int c = 0; c < 4; c++) sum[c] += LANES_LOAD((j + c) * items + i, x);
#endif
  lanes total = sum[0] + sum[1] + (sum[2] + sum[3]);
  // Never true, which the compiler cannot know: sums of one's own would be a race.
  if (total.s0 < -1e30f) LANES_STORE(total, i % places, y);
}

// Model of roof_empty: results = items
kernel void roof_empty(global float *y, int items) {
  if (get_global_id(0) > (size_t)items) y[0] = 0.0f;
}

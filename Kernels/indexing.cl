// Moving elements: one work-item an element of the result, where nothing else is said.

// y[i, ·] = x[indices[i], ·]; NaN where an index leaves the rows.
// Model of indexing_gather_rows: results = n; loads = 2 * n; stores = n
kernel void indexing_gather_rows(global const float *x, global const int *indices, global float *y, int n, int width,
                                 int rows) {
  int i = get_global_id(0);
  if (i >= n) return;
  int row = indices[i / width];
  y[i] = row >= 0 && row < rows ? x[(ulong)row * width + i % width] : NAN;
}

// A rectangle of n = rows · columns elements between two row-major matrices.
// Model of indexing_copy: results = n; loads = n; stores = n
kernel void indexing_copy(global const float *x, global float *y, int n, int columns, int source_offset,
                          int source_stride, int target_offset, int target_stride) {
  int i = get_global_id(0);
  if (i >= n) return;
  ulong row = i / columns;
  y[target_offset + row * target_stride + i % columns] = x[source_offset + row * source_stride + i % columns];
}

// y of extents e0 … e3 from x, whose axes advance by s0 … s3 elements in y's order.
// Model of indexing_permute: results = n; loads = n; stores = n
kernel void indexing_permute(global const float *x, global float *y, int n, int e1, int e2, int e3, int s0, int s1,
                             int s2, int s3) {
  int i = get_global_id(0);
  if (i >= n) return;
  int d = i % e3, c = i / e3 % e2, b = i / e3 / e2 % e1, a = i / e3 / e2 / e1;
  y[i] = x[(ulong)a * s0 + (ulong)b * s1 + (ulong)c * s2 + (ulong)d * s3];
}

#if SHAPE_CPU
// The same where y's rows are columns of x (s2 = 1): VW by VW at a time. Items: vectors of e3, vectors of e2, e0 · e1.
kernel void indexing_transpose(global const float *x, global float *y, int e1, int e2, int e3, int s0, int s1, int s3) {
  int d = get_global_id(0) * VW, c = get_global_id(1) * VW, plane = get_global_id(2);
  int rows = min(e3 - d, VW), columns = min(e2 - c, VW);
  x += (ulong)(plane / e1) * s0 + (ulong)(plane % e1) * s1 + (ulong)d * s3 + c;
  y += ((ulong)plane * e2 + c) * e3 + d;
  float block[VW][VW];
  for (int i = 0; i < rows; i++) VSTORE(take(x + (ulong)i * s3, columns), 0, block[i]);
  for (int j = 0; j < columns; j++)
    for (int i = 0; i < rows; i++) y[(ulong)j * e3 + i] = block[i][j];
}
#endif

// y[r, ·] = Σ x[i, ·] over the i with indices[i] = r, in their order; count: rows of x.
#if SHAPE_CPU
// One work-item a row.
kernel void indexing_accumulate_rows(global const float *restrict x, global const int *restrict indices,
                                     global float *restrict y, int rows, int width, int count) {
  int row = get_global_id(0);
  y += (ulong)row * width;
  for (int c = 0; c < width; c++) y[c] = 0;
  for (int i = 0; i < count; i++)
    if (indices[i] == row)
      for (int c = 0; c < width; c++) y[c] += x[(ulong)i * width + c];
}
#else
// One work-item an element: neighbours read the same indices, and one line of x.
// The model takes seven of eight indices to lie inside.
// Model of indexing_accumulate_rows
//   typical: 0.000213 operations a byte in accumulateRows rows=1024 width=256 count=8192
//   needs: 16 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   results = rows * width
//   loads = results * count + 0.875 * count * width; stores = results
//   operations = 0.875 * count * width
kernel void indexing_accumulate_rows(global const float *x, global const int *indices, global float *y, int rows,
                                     int width, int count) {
  int c = get_global_id(0), row = get_global_id(1);
  if (c >= width || row >= rows) return;
  float sum = 0;
  for (int i = 0; i < count; i++)
    if (indices[i] == row) sum += x[(ulong)i * width + c];
  y[(ulong)row * width + c] = sum;
}
#endif

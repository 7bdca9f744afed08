// Separable filters over single-channel maps, edges reflected (d c b a | a b c d | d c b a).
int reflected(int i, int extent) {
  if (i >= 0 && i < extent) return i;
  i %= 2 * extent;
  if (i < 0) i += 2 * extent;
  return i < extent ? i : 2 * extent - 1 - i;
}

#if SHAPE_CPU
// A pass across rows that also transposes, so that a second one filters along them: x: [batch, height, width],
// y: [batch, width, height]. An item takes VW rows of 4 VW columns, whose sums stay in registers: 8 VW operations a tap.
kernel void filtering_across(global const float *x, global const float *taps, global float *y, int height, int width,
                             int radius) {
  int column = get_global_id(0) * 4 * VW, first = get_global_id(1) * VW, count = width - column;
  if (count <= 0 || first >= height) return;
  x += (ulong)get_global_id(2) * height * width + column;
  y += ((ulong)get_global_id(2) * width + column) * height + first;
  vec rows[4][VW];
  for (int i = 0; i < VW; i++) {
    vec sums[4];
#pragma unroll
    for (int v = 0; v < 4; v++) sums[v] = 0;
    for (int k = 0; k <= 2 * radius; k++) {
      global const float *line = x + (ulong)reflected(min(first + i, height - 1) + k - radius, height) * width;
      if (count >= 4 * VW) {
#pragma unroll
        for (int v = 0; v < 4; v++) sums[v] += taps[k] * VLOAD(v, line);
      } else {
        for (int v = 0; v < 4; v++) sums[v] += taps[k] * take(line + v * VW, count - v * VW);
      }
    }
#pragma unroll
    for (int v = 0; v < 4; v++) rows[v][i] = sums[v];
  }
  for (int v = 0; v < 4; v++) {
    // Each step moves the rows' highest bit to the lanes and the lanes' highest bit to the rows.
    for (int step = 1; step < VW; step *= 2) {
      vec moved[VW];
#pragma unroll
      for (int i = 0; i < VW / 2; i++) {
        moved[2 * i].even = rows[v][i].lo;
        moved[2 * i].odd = rows[v][i + VW / 2].lo;
        moved[2 * i + 1].even = rows[v][i].hi;
        moved[2 * i + 1].odd = rows[v][i + VW / 2].hi;
      }
#pragma unroll
      for (int i = 0; i < VW; i++) rows[v][i] = moved[i];
    }
    for (int i = 0; i < VW && v * VW + i < count; i++)
      put(rows[v][i], y + (ulong)(v * VW + i) * height, height - first);
  }
}
#else
// One pass: along rows when `step` is 1 and `extent` the width, across rows when `step` is the width and `extent` the
// height. x, y: [batch, height, width], taps: [2·radius + 1]; one work-item an element.
// Model of filtering_pass
//   typical: 0.246 operations a byte in filter n=1 h=256 w=256 r=16
//   needs: 20 registers, 0 bytes local, 256 items: 8 groups a unit by items
//   results = n
//   loads = 2 * (2 * radius + 1) * n; stores = n
//   operations = 2 * (2 * radius + 1) * n
kernel void filtering_pass(global const float *x, global const float *taps, global float *y, int n, int radius, int step,
                           int extent) {
  int i = get_global_id(0);
  if (i >= n) return;
  int position = i / step % extent, start = i - position * step;
  float sum = 0;
  for (int k = -radius; k <= radius; k++)
    sum += taps[k + radius] * x[start + reflected(position + k, extent) * step];
  y[i] = sum;
}
#endif

// One pass of a separable filter over single-channel maps, edges reflected (d c b a | a b c d | d c b a): along rows when
// `step` is 1 and `extent` the width, across rows when `step` is the width and `extent` the height.
// x, y: [batch, height, width], taps: [2·radius + 1]; one work-item an element.
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
  int position = i / step % extent, start = i - position * step, period = 2 * extent;
  float sum = 0;
  for (int k = -radius; k <= radius; k++) {
    int j = (position + k) % period;
    j = j < 0 ? j + period : j;
    j = j < extent ? j : period - 1 - j;
    sum += taps[k + radius] * x[start + j * step];
  }
  y[i] = sum;
}

// Gradients of convolutions. Those of inputs are convolutions themselves, of reversed taps (reverse_taps), whose results
// strides spread over a grid (place_on_grid).
//
// Gradients of weights: dw[k, o] = Σ_pixel patch[pixel, k] · dy[pixel, o], with depth k = (r · kernel_width + s) · channels
// + c as in convolution.cl, dy packed into panels of PANEL columns. Pixels are split by rows of outputs; each split writes
// its own sums, partial: [splits][depth][outputs], which are added in their order.
//
// CPU shape: one work-item takes one tap, ROWS channels and two vectors of columns, whose sums stay in registers. Of few
// channels it takes the taps of a kernel's row together, whose pixels lie side by side.
// GPU shape: a work-group of 64 computes 64 depths by 64 columns, 8 x 8 an item, 16 pixels at a time through local memory.

#ifndef ROWS
#define ROWS 6
#endif

// Outputs 0 ..< n whose window's tap, at `offset` from the window's start, falls inside of 0 ..< size: low ..< high.
void inside(int offset, int stride, int size, int n, int *low, int *high) {
  *low = offset < 0 ? min((-offset + stride - 1) / stride, n) : 0;
  *high = offset >= size ? *low : max(min((size - 1 - offset) / stride + 1, n), *low);
}

#if SHAPE_CPU
// Items: runs of `run_taps` taps side by side, 1 or a row of the kernel, by blocks of their depths; panels; splits.
kernel void gradients_weights(global const float *x, global const float *dy, global float *partial, GEOMETRY_ARGUMENTS,
                              int lines, int lines_per_split, int run_taps) {
  int run = run_taps * channels, blocks = (run + ROWS - 1) / ROWS, k = get_global_id(0) % blocks * ROWS;
  int tap = get_global_id(0) / blocks * run_taps, r = tap / kernel_width, s = tap % kernel_width * dilation_x - left;
  int panel = get_global_id(1), split = get_global_id(2), depth = kernel_height * kernel_width * channels;
  // Outputs low ..< high see all of the run's taps inside of the picture.
  int low, high, last_low, last_high;
  inside(s, stride_x, width, output_width, &low, &high);
  inside(s + run_taps - 1, stride_x, width, output_width, &last_low, &last_high);
  low = max(low, last_low);
  high = max(low, min(high, last_high));
  // Beyond the last depth the last one again.
  int place[ROWS], column[ROWS];
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    place[i] = min(k + i, run - 1);
    column[i] = s + place[i] / channels;
  }
  vec sum0[ROWS], sum1[ROWS];
#pragma unroll
  for (int i = 0; i < ROWS; i++) sum0[i] = sum1[i] = 0;
  int begin = split * lines_per_split, end = min(begin + lines_per_split, lines);
  for (int line = begin; line < end; line++) {
    int row = line % output_height * stride_y + r * dilation_y - top;
    if (row < 0 || row >= height) continue;
    global const float *a = x + (((long)(line / output_height) * height + row) * width + s) * channels;
    global const float *w = dy + ((ulong)panel * lines + line) * output_width * PANEL;
#define ADD_PIXEL(VALUE) \
  vec w0 = VLOAD(0, w + q * PANEL), w1 = VLOAD(1, w + q * PANEL); \
  _Pragma("unroll") for (int i = 0; i < ROWS; i++) { \
    vec value = (vec)(VALUE); \
    sum0[i] = fma(value, w0, sum0[i]); \
    sum1[i] = fma(value, w1, sum1[i]); \
  }
    for (int q = low; q < high; q++) {
      global const float *pixel = a + (long)q * stride_x * channels;
      ADD_PIXEL(pixel[place[i]])
    }
    if (run_taps == 1) continue;
    // Outputs that see only some of them.
    for (int q = 0; q < output_width; q++) {
      if (q == low) q = high;
      if (q >= output_width) break;
      global const float *pixel = a + (long)q * stride_x * channels;
      ADD_PIXEL(column[i] + q * stride_x >= 0 && column[i] + q * stride_x < width ? pixel[place[i]] : 0.0f)
    }
  }
  partial += ((ulong)split * depth + tap * channels + k) * outputs + panel * PANEL;
  int count = outputs - panel * PANEL;
#pragma unroll
  for (int i = 0; i < ROWS; i++) {
    if (k + i >= run) continue;
    put(sum0[i], partial + (ulong)i * outputs, count);
    put(sum1[i], partial + (ulong)i * outputs + VW, count - VW);
  }
}

// Depthwise. Items: vectors of channels, taps, splits. dy: [lines, output_width, channels].
kernel void gradients_depthwise(global const float *x, global const float *dy, global float *partial,
                                GEOMETRY_ARGUMENTS, int lines, int lines_per_split) {
  int c = get_global_id(0) * VW, tap = get_global_id(1), split = get_global_id(2), taps = kernel_height * kernel_width;
  int s = tap % kernel_width * dilation_x - left, low, high;
  inside(s, stride_x, width, output_width, &low, &high);
  int begin = split * lines_per_split, end = min(begin + lines_per_split, lines), is_whole = c + VW <= channels;
  vec sum = 0;
  float rest[VW];
  for (int lane = 0; lane < VW; lane++) rest[lane] = 0;
  for (int line = begin; line < end; line++) {
    int row = line % output_height * stride_y + tap / kernel_width * dilation_y - top;
    if (row < 0 || row >= height) continue;
    global const float *a = x + (((long)(line / output_height) * height + row) * width + s) * channels + c;
    global const float *b = dy + (ulong)line * output_width * channels + c;
    if (is_whole)
      for (int q = low; q < high; q++)
        sum = fma(VLOAD(0, a + (long)q * stride_x * channels), VLOAD(0, b + q * channels), sum);
    else
      for (int q = low; q < high; q++)
        for (int lane = 0; c + lane < channels; lane++)
          rest[lane] = fma(a[(long)q * stride_x * channels + lane], b[q * channels + lane], rest[lane]);
  }
  partial += ((ulong)split * taps + tap) * channels + c;
  if (is_whole)
    VSTORE(sum, 0, partial);
  else
    for (int lane = 0; c + lane < channels; lane++) partial[lane] = rest[lane];
}
#else
#define STEP 16

// Tiles beyond the last depth and column are multiplied, too.
// Model of gradients_weights
//   typical: 15.9 operations a byte in convolveBackwardWeights n=8 h=64 w=64 c=64 o=64 k=3 p=1
//   needs: 110 registers, 8192 bytes local, 64 items: 6 groups a unit by local memory
//   pixels = lines * output_width
//   split = lines_per_split * output_width
//   steps = groups0 * groups1 * ((groups2 - 1) * ceil(split / 16) + ceil((pixels - (groups2 - 1) * split) / 16))
//   patches = lines / output_height * channels *
//     taps(output_height, kernel_height, stride_y, dilation_y, top, height) *
//     taps(output_width, kernel_width, stride_x, dilation_x, left, width)
//   results = groups2 * kernel_height * kernel_width * channels * outputs
//   loads = groups1 * patches + 64 * groups0 * groups1 * pixels; stores = results
//   local_loads = 16384 * steps; local_stores = 2048 * steps
//   operations = 131072 * steps
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void gradients_weights(global const float *x, global const float *dy, global float *partial, GEOMETRY_ARGUMENTS,
                       int lines, int lines_per_split, int run_taps) {
  local float4 patches[STEP][16], gradients[STEP][16];
  int item = get_local_id(0), panel = get_group_id(1), split = get_group_id(2);
  int depth = kernel_height * kernel_width * channels, first = get_group_id(0) * 64;
  // This item loads depth first + item of each pixel's patch.
  int k = first + item, c = k % channels, tap = k / channels;
  int r = tap / kernel_width * dilation_y - top, s = tap % kernel_width * dilation_x - left;
  int begin = split * lines_per_split * output_width;
  int end = min(begin + lines_per_split * output_width, lines * output_width);
  local float *patch_place = (local float *)patches + item, *gradient_place = (local float *)gradients + item;
  float4 sums[8][2];
  clear_sums(sums);
  dy += (ulong)panel * lines * output_width * PANEL + item;
  // Column, row and picture of the next pixel, counted on: divisions would cost as much as the product.
  int q = 0, p = split * lines_per_split % output_height;
  ulong picture = (ulong)(split * lines_per_split / output_height) * height;
  for (; begin < end; begin += STEP) {
    for (int i = 0; i < STEP; i++) {
      int v = p * stride_y + r, u = q * stride_x + s, inside_split = begin + i < end;
      int valid = inside_split && k < depth && v >= 0 && v < height && u >= 0 && u < width;
      patch_place[i * 64] = valid ? x[((picture + v) * width + u) * channels + c] : 0.0f;
      gradient_place[i * 64] = inside_split ? dy[(ulong)(begin + i) * PANEL] : 0.0f;
      if (++q == output_width) {
        q = 0;
        if (++p == output_height) {
          p = 0;
          picture += height;
        }
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll 4
    for (int i = 0; i < STEP; i++) add_step(patches[i], gradients[i], item, sums);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#pragma unroll
  for (int m = 0; m < 8; m++) {
    int place = first + ITEM_ROW(item) + m;
    float values[8];
    row_of_sums(sums[m], values);
    for (int n = 0; n < 8; n++) {
      int column = panel * PANEL + ITEM_COLUMN(item, n);
      if (place < depth && column < outputs) partial[((ulong)split * depth + place) * outputs + column] = values[n];
    }
  }
}
#endif

// Groups: one work-item a weight of a split. dy: [lines, output_width, outputs], n: weights.
// Model of gradients_grouped
//   typical: 0.25 operations a byte in convolveBackwardWeights n=8 h=32 w=32 c=240 o=240 k=5 p=2 g=240
//   needs: 30 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   results = groups1 * n
//   products = n / kernel_height / kernel_width * lines / output_height *
//     taps(output_height, kernel_height, stride_y, dilation_y, top, height) *
//     taps(output_width, kernel_width, stride_x, dilation_x, left, width)
//   loads = 2 * products; stores = results
//   operations = 2 * products
kernel void gradients_grouped(global const float *x, global const float *dy, global float *partial, GEOMETRY_ARGUMENTS,
                              int lines, int lines_per_split, int groups, int n) {
  int i = get_global_id(0), split = get_global_id(1);
  if (i >= n) return;
  int depth = channels / groups, o = i % outputs, tap = i / outputs / depth;
  int c = o / (outputs / groups) * depth + i / outputs % depth;
  int s = tap % kernel_width * dilation_x - left, low, high;
  inside(s, stride_x, width, output_width, &low, &high);
  int end = min((split + 1) * lines_per_split, lines);
  float sum = 0;
  for (int line = split * lines_per_split; line < end; line++) {
    int row = line % output_height * stride_y + tap / kernel_width * dilation_y - top;
    if (row < 0 || row >= height) continue;
    global const float *a = x + (((long)(line / output_height) * height + row) * width + s) * channels + c;
    global const float *b = dy + (ulong)line * output_width * outputs + o;
    for (int q = low; q < high; q++) sum = fma(a[(long)q * stride_x * channels], b[(ulong)q * outputs], sum);
  }
  partial[(ulong)split * n + i] = sum;
}

// One work-item a weight of turned: [rows, columns, outputs / groups, channels]; depth and width are channels and outputs
// of one group.
// Model of gradients_reverse_taps: results = n; loads = n; stores = n
kernel void gradients_reverse_taps(global const float *w, global float *turned, int n, int kernel_width, int channels,
                                   int outputs, int depth, int group_outputs, int first_row, int row_step, int rows,
                                   int first_column, int column_step, int columns) {
  int i = get_global_id(0);
  if (i >= n) return;
  int c = i % channels, j = i / channels % group_outputs, s = i / channels / group_outputs % columns;
  int r = i / channels / group_outputs / columns;
  int row = first_row + row_step * (rows - 1 - r), column = first_column + column_step * (columns - 1 - s);
  turned[i] = w[((ulong)(row * kernel_width + column) * depth + c % depth) * outputs + c / depth * group_outputs + j];
}

#if SHAPE_CPU
// The same without groups: a transposition for each tap. Items: VW outputs, VW channels, taps of turned.
kernel void gradients_transpose_taps(global const float *w, global float *turned, int kernel_width, int channels,
                                     int outputs, int first_row, int row_step, int rows, int first_column,
                                     int column_step, int columns) {
  int o = get_global_id(0) * VW, c = get_global_id(1) * VW, tap = get_global_id(2);
  int row = first_row + row_step * (rows - 1 - tap / columns);
  int column = first_column + column_step * (columns - 1 - tap % columns);
  global const float *from = w + ((ulong)(row * kernel_width + column) * channels + c) * outputs + o;
  turned += ((ulong)tap * outputs + o) * channels + c;
  int count = min(channels - c, VW), lanes = min(outputs - o, VW);
  float block[VW][VW];
  for (int i = 0; i < count; i++) VSTORE(take(from + (ulong)i * outputs, lanes), 0, block[i]);
  for (int lane = 0; lane < lanes; lane++)
    for (int i = 0; i < count; i++) turned[(ulong)lane * channels + i] = block[i][lane];
}
#endif

// Items: WIDTH channels, pixels of x: [batch, rows, columns, channels].
// Model of gradients_place_on_grid: results = n; loads = (1 + accumulate) * n; stores = n; operations = accumulate * n
kernel void gradients_place_on_grid(global const float *x, global float *y, int n, int pixels, int rows, int columns,
                                    int channels, int height, int width, int stride_y, int stride_x, int top,
                                    int left, int accumulate) {
  int c = get_global_id(0) * WIDTH, pixel = get_global_id(1);
  if (c >= channels || pixel >= pixels) return;
  int column = left + pixel % columns * stride_x, row = top + pixel / columns % rows * stride_y;
  if (row >= height || column >= width) return;
  y += (((ulong)(pixel / columns / rows) * height + row) * width + column) * channels + c;
  wide value = take(x + (ulong)pixel * channels + c, channels - c);
  put(accumulate ? value + take(y, channels - c) : value, y, channels - c);
}

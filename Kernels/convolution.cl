// Convolutions of NHWC pictures and matrix products, as one kernel: y[pixel, o] = Σ_k patch[pixel, k] · w[k, o].
//
// Weights are packed once into panels of PANEL output columns: [⌈outputs / PANEL⌉][depth][PANEL], zero beyond the last
// column, with depth k = (r · kernel_width + s) · channels + c. A matrix product is a convolution of 1 x 1 over "pixels"
// that are the rows of A.
//
// CPU shape: one work-item computes TILE pixels of a row by two vectors of columns in registers, and visits BLOCK tiles.
// GPU shape: a work-group of 64 computes 64 pixels by 64 columns, each item 8 x 8 in registers, depth in steps of 16
// through local memory.
//
// y = activation(scale · sum + bias + residual), or y += scale · sum when `accumulate`; y is not read otherwise.

// w: [depth, columns], or [columns, depth] when transposed; n: floats of all panels of one of the batch.
#if SHAPE_CPU
// Items: depths by panels; by VW of them when transposed.
kernel void convolution_pack(global const float *w, global float *panels, int n, int depth, int columns, int transposed,
                             int batch_stride) {
  int batch = get_global_id(1), step = transposed ? VW : 1, steps = (depth + step - 1) / step;
  int k = get_global_id(0) % steps * step, panel = get_global_id(0) / steps, column = panel * PANEL;
  if (get_global_id(0) >= steps * (n / depth / PANEL)) return;
  w += (ulong)batch * batch_stride;
  panels += (ulong)batch * n + ((ulong)panel * depth + k) * PANEL;
  if (!transposed) {
    w += (ulong)k * columns + column;
    put(take(w, columns - column), panels, VW);
    put(take(w + VW, columns - column - VW), panels + VW, VW);
    return;
  }
  int count = min(depth - k, VW);
  float block[PANEL][VW];
  for (int lane = 0; lane < PANEL; lane++)
    VSTORE(column + lane < columns ? take(w + (ulong)(column + lane) * depth + k, count) : (vec)(0.0f), 0, block[lane]);
  for (int i = 0; i < count; i++)
    for (int lane = 0; lane < PANEL; lane++) panels[i * PANEL + lane] = block[lane][i];
}
#else
// Model of convolution_pack: results = n * groups1; loads = depth * columns * groups1; stores = n * groups1
kernel void convolution_pack(global const float *w, global float *panels, int n, int depth, int columns, int transposed,
                             int batch_stride) {
  int i = get_global_id(0);
  if (i >= n) return;
  int lane = i % PANEL, k = i / PANEL % depth, panel = i / PANEL / depth;
  int column = panel * PANEL + lane, batch = get_global_id(1);
  w += (ulong)batch * batch_stride;
  panels += (ulong)batch * n;
  panels[i] = column < columns ? (transposed ? w[(ulong)column * depth + k] : w[(ulong)k * columns + column]) : 0.0f;
}
#endif

DEFINE_ACTIVATION(float, activated)

#if SHAPE_CPU
DEFINE_ACTIVATION(vec, activated_vec)

#ifndef TILE
#define TILE 6  // pixels in registers: 6 x 2 sums, 2 weights and 1 pixel fill the 16 registers of AVX2
#endif
#ifndef BLOCK
#define BLOCK 8  // tiles that one work-item visits with the same panel in its cache
#endif

// sums += VALUE of each pixel · tap over `count` depths. With one vector, the panel's second half is left out.
#define ADD_PRODUCTS(VECTORS, VALUE, count) \
  for (int c = 0; c < (count); c++) { \
    vec w0 = VLOAD(0, tap + c * PANEL), w1 = VECTORS == 2 ? VLOAD(1, tap + c * PANEL) : w0; \
    if (first == begin) PREFETCH_DEPTH(tap + c * PANEL); \
    _Pragma("unroll") for (int i = 0; i < TILE; i++) { \
      vec pixel = (vec)(VALUE); \
      sum0[i] = fma(pixel, w0, sum0[i]); \
      if (VECTORS == 2) sum1[i] = fma(pixel, w1, sum1[i]); \
    } \
  }

vec limited(vec x, vec low, vec high) {
  x = select(x, low, isless(x, low));
  return select(x, high, isgreater(x, high));
}

// y = activation(sum + residual) of VW columns, or of `count` at the end; no residual: null.
void finish(vec sum, global const float *residual, int accumulate, int activation, int count, global float *y) {
  if (residual) sum += take(residual, count);
  if (accumulate) sum += take(y, count);
  put(activated_vec(activation, sum), y, count);
}

// Brings a tile's outputs and residuals into the cache.
void prefetch_outputs(global const float *residual, global const float *y, int first, int end, int outputs, int column,
                      int has_residual) {
  for (int i = 0; i < TILE; i++)
    for (int lane = 0; lane < PANEL; lane += LINE) {
      ulong place = (ulong)min(first + i, end - 1) * outputs + column + lane;
      PREFETCH_TO_WRITE(y + place);
      if (has_residual) PREFETCH(residual + place);
    }
}

// Items: blocks of BLOCK tiles by `item_panels` panels by independent products. Pixels are numbered over the whole batch;
// a block's pixels may lie in several rows and pictures.
kernel void convolution_tiles(ITEM_ARGUMENT global const float *x, global const float *panels,
                              global const float *bias, global const float *residual, global float *y,
                              GEOMETRY_ARGUMENTS, int pixels, int item_panels, float scale, int has_bias,
                              int has_residual, int accumulate, int activation, int batch_x, int batch_w,
                              int batch_y) {
  int batch = ITEM(2), depth = kernel_height * kernel_width * channels;
  x += (ulong)batch * batch_x;
  y += (ulong)batch * batch_y;
  panels += (ulong)batch * batch_w;
  // Each output's window is the pixel of its number.
  int is_pointwise = depth == channels && stride_y == 1 && stride_x == 1 && top == 0 && left == 0
                     && output_height == height && output_width == width;
  int begin = ITEM(0) * (BLOCK * TILE), end = min(begin + BLOCK * TILE, pixels);
  int begin_column = begin % output_width, begin_line = begin / output_width;
  int first_column = ITEM(1) * item_panels * PANEL;
  int end_column = min(first_column + item_panels * PANEL, outputs);
  for (int column = first_column; column < end_column; column += PANEL) {
    global const float *w = panels + (ulong)column * depth;
    int has_two = column + VW < outputs;
    int is_plain = column + PANEL <= outputs && !has_residual && !accumulate && activation <= RELU6;
    vec low = LOWEST(vec, activation), high = HIGHEST(vec, activation);
    vec bias0 = has_bias ? take(bias + column, outputs - column) : (vec)(0.0f);
    vec bias1 = has_bias && has_two ? take(bias + column + VW, outputs - column - VW) : (vec)(0.0f);
    int q = begin_column, p = begin_line % output_height;
    ulong picture = (ulong)(begin_line / output_height) * height * width;
    for (int first = begin; first < end; first += TILE) {
      // Row and column of each pixel's window, beyond the end the last pixel again.
      int v[TILE], u[TILE];
      ulong base[TILE];
      int inside = 1;
      if (!is_pointwise) {
#pragma unroll
        for (int i = 0; i < TILE; i++) {
          base[i] = picture;
          v[i] = p * stride_y - top;
          u[i] = q * stride_x - left;
          inside &= v[i] >= 0 && u[i] >= 0 && v[i] + (kernel_height - 1) * dilation_y < height
                    && u[i] + (kernel_width - 1) * dilation_x < width;
          if (first + i + 1 >= end || ++q < output_width) continue;
          q = 0;
          if (++p < output_height) continue;
          p = 0;
          picture += (ulong)height * width;
        }
      }
      // Meanwhile what the end will write and read arrives.
      prefetch_outputs(residual, y, first, end, outputs, column, has_residual);
      vec sum0[TILE], sum1[TILE];
#pragma unroll
      for (int i = 0; i < TILE; i++) sum0[i] = sum1[i] = 0;
      global const float *tap = w;
      if (inside) {
        global const float *a[TILE];
#pragma unroll
        for (int i = 0; i < TILE; i++)
          a[i] = x + (is_pointwise ? (ulong)min(first + i, end - 1) : base[i] + (ulong)v[i] * width + u[i]) * channels;
        // Taps side by side are one run of depths.
        int taps = dilation_x == 1 ? 1 : kernel_width, run = kernel_width / taps * channels;
        long next_tap = dilation_x * channels, next_row = (long)dilation_y * width * channels - taps * next_tap;
        for (int r = 0; r < kernel_height; r++) {
          for (int s = 0; s < taps; s++, tap += run * PANEL) {
            if (has_two) {
              ADD_PRODUCTS(2, a[i][c], run)
            } else {
              ADD_PRODUCTS(1, a[i][c], run)
            }
#pragma unroll
            for (int i = 0; i < TILE; i++) a[i] += next_tap;
          }
#pragma unroll
          for (int i = 0; i < TILE; i++) a[i] += next_row;
        }
      } else {
        for (int r = 0; r < kernel_height; r++)
          for (int s = 0; s < kernel_width; s++, tap += channels * PANEL) {
            global const float *a[TILE];
            int valid[TILE], all_valid = 1;
#pragma unroll
            for (int i = 0; i < TILE; i++) {
              int row = v[i] + r * dilation_y, col = u[i] + s * dilation_x;
              valid[i] = row >= 0 && row < height && col >= 0 && col < width;
              all_valid &= valid[i];
              a[i] = x + (base[i] + (valid[i] ? (ulong)row * width + col : 0)) * channels;
            }
            if (all_valid) {
              ADD_PRODUCTS(2, a[i][c], channels)
            } else {
              ADD_PRODUCTS(2, valid[i] ? a[i][c] : 0.0f, channels)
            }
          }
      }
      if (is_plain && first + TILE <= end) {
        global float *target = y + (ulong)first * outputs + column;
#pragma unroll
        for (int i = 0; i < TILE; i++, target += outputs) {
          VSTORE(limited(fma(sum0[i], scale, bias0), low, high), 0, target);
          VSTORE(limited(fma(sum1[i], scale, bias1), low, high), 1, target);
        }
        continue;
      }
#pragma unroll
      for (int i = 0; i < TILE; i++) {
        if (first + i >= end) continue;
        ulong place = (ulong)(first + i) * outputs + column;
        finish(fma(sum0[i], scale, bias0), has_residual ? residual + place : 0, accumulate, activation,
               outputs - column, y + place);
        if (has_two)
          finish(fma(sum1[i], scale, bias1), has_residual ? residual + place + VW : 0, accumulate, activation,
                 outputs - column - VW, y + place + VW);
      }
    }
  }
}
#else
#ifndef STEP_DEPTH
#define STEP_DEPTH 16  // depths that go through local memory at once: 512 bytes each
#endif
#ifndef STEP_UNROLL
#define STEP_UNROLL 4  // of them in one turn of the inner loop
#endif

// Tiles beyond the last pixel and column are multiplied, too.
// Model of convolution_tiles
//   typical: 15.3 operations a byte in convolve n=8 h=64 w=64 c=64 o=64 k=3 p=1
//   needs: 105 registers, 8192 bytes local, 64 items: 6 groups a unit by local memory
//   depth = kernel_height * kernel_width * channels
//   steps = groups * ceil(depth / 16)
//   results = groups2 * pixels * outputs
//   patches = pixels / output_height / output_width * channels *
//     taps(output_height, kernel_height, stride_y, dilation_y, top, height) *
//     taps(output_width, kernel_width, stride_x, dilation_x, left, width)
//   epilogue = has_bias + has_residual + accumulate
//   loads = groups1 * groups2 * patches + 64 * groups * depth + epilogue * results; stores = results
//   local_loads = 16384 * steps; local_stores = 2048 * steps
//   operations = 131072 * steps + (1 + epilogue + activated(activation)) * results
kernel __attribute__((reqd_work_group_size(64, 1, 1)))
void convolution_tiles(global const float *x, global const float *panels, global const float *bias,
                       global const float *residual, global float *y, GEOMETRY_ARGUMENTS, int pixels,
                       int item_panels, float scale, int has_bias, int has_residual, int accumulate, int activation,
                       int batch_x, int batch_w, int batch_y) {
  local float4 pixels_tile[STEP_DEPTH][16], weights_tile[STEP_DEPTH][16];
  int item = get_local_id(0), panel = get_group_id(1), batch = get_group_id(2);
  int depth = kernel_height * kernel_width * channels;
  x += (ulong)batch * batch_x;
  y += (ulong)batch * batch_y;
  global const float *w = panels + (ulong)batch * batch_w + (ulong)panel * depth * PANEL;
  int first = get_group_id(0) * 64, column = panel * PANEL;
  // This item loads the patch of pixel first + item; beyond the last one, all of it lies outside.
  int pixel = first + item, u = pixel % output_width * stride_x - left;
  int v = pixel < pixels ? pixel / output_width % output_height * stride_y - top : height;
  global const float *picture = x + (ulong)(pixel / output_width / output_height) * height * width * channels;
  local float *pixel_place = (local float *)pixels_tile + item, *weight_place = (local float *)weights_tile + item;
  float4 sums[8][2];
  clear_sums(sums);
  // The channel and tap of the next depth, counted on: divisions would cost as much as the product.
  int c = 0, tap_row = 0, tap_column = 0;
  for (int begin = 0; begin < depth; begin += STEP_DEPTH) {
    for (int k = 0; k < STEP_DEPTH; k++) {
      int r = tap_row * dilation_y + v, s = tap_column * dilation_x + u;
      int valid = begin + k < depth && r >= 0 && r < height && s >= 0 && s < width;
      pixel_place[k * 64] = valid ? picture[((ulong)r * width + s) * channels + c] : 0.0f;
      weight_place[k * 64] = begin + k < depth ? w[(ulong)(begin + k) * PANEL + item] : 0.0f;
      if (++c == channels) {
        c = 0;
        if (++tap_column == kernel_width) {
          tap_column = 0;
          tap_row++;
        }
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
#pragma unroll STEP_UNROLL
    for (int k = 0; k < STEP_DEPTH; k++) add_step(pixels_tile[k], weights_tile[k], item, sums);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#pragma unroll
  for (int i = 0; i < 8; i++) {
    int line = first + ITEM_ROW(item) + i;
    float values[8];
    row_of_sums(sums[i], values);
    for (int j = 0; j < 8; j++) {
      int o = column + ITEM_COLUMN(item, j);
      if (line >= pixels || o >= outputs) continue;
      ulong place = (ulong)line * outputs + o;
      float value = values[j] * scale;
      if (has_bias) value += bias[o];
      if (has_residual) value += residual[place];
      if (accumulate) value += y[place];
      y[place] = activated(activation, value);
    }
  }
}
#endif

// Grouped convolution, one work-item an output element; w: [kernel_height, kernel_width, channels / groups, outputs].
// Model of convolution_grouped
//   typical: 0.249 operations a byte in convolve h=32 w=32 c=128 o=128 k=3 p=1 g=8
//   needs: 32 registers, 0 bytes local, 256 items: 8 groups a unit by items
//   results = n
//   products = n / output_height / output_width * channels / groups *
//     taps(output_height, kernel_height, stride_y, dilation_y, top, height) *
//     taps(output_width, kernel_width, stride_x, dilation_x, left, width)
//   loads = 2 * products + (has_bias + has_residual) * n; stores = n
//   operations = 2 * products + (has_bias + has_residual + activated(activation)) * n
kernel void convolution_grouped(global const float *x, global const float *w, global const float *bias,
                                global const float *residual, global float *y, GEOMETRY_ARGUMENTS, int n, int groups,
                                int has_bias, int has_residual, int activation) {
  int i = get_global_id(0);
  if (i >= n) return;
  int o = i % outputs, q = i / outputs % output_width, p = i / outputs / output_width % output_height;
  int depth = channels / groups, base = o / (outputs / groups) * depth;
  global const float *picture = x + (ulong)(i / outputs / output_width / output_height) * height * width * channels;
  float sum = 0;
  for (int r = 0; r < kernel_height; r++)
    for (int s = 0; s < kernel_width; s++) {
      int row = p * stride_y - top + r * dilation_y, col = q * stride_x - left + s * dilation_x;
      if (row < 0 || row >= height || col < 0 || col >= width) continue;
      global const float *a = picture + ((ulong)row * width + col) * channels + base;
      global const float *tap = w + (ulong)(r * kernel_width + s) * depth * outputs + o;
      for (int c = 0; c < depth; c++) sum = fma(a[c], tap[(ulong)c * outputs], sum);
    }
  if (has_bias) sum += bias[o];
  if (has_residual) sum += residual[i];
  y[i] = activated(activation, sum);
}

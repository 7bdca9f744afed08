// Depthwise convolutions of NHWC pictures, w: [kernel_height, kernel_width, channels].
//
// CPU shape: one work-item takes a vector of channels of some rows. The rows of the picture that a window covers lie in a
// ring in local memory, [rows][columns][VW] with zeros for the padding, so that each pixel is fetched once and the sums meet
// neither borders nor strides of memory: SIDE_BY_SIDE sums, a row of taps and a pixel fill 14 registers.
// GPU shape: one work-item an output element, channels fastest, so reads are coalesced; the cache holds what windows share.

DEFINE_ACTIVATION(float, activated)

#if SHAPE_CPU
DEFINE_ACTIVATION(vec, activated_vec)

#ifndef SIDE_BY_SIDE
#define SIDE_BY_SIDE 8  // outputs of a row: as many chains of sums as two units of four cycles need
#endif

// A row of the picture into columns begin ..< end of the ring, where the padding's are zeros already; rows outside are zeros.
// The row after it is on its way to the cache then.
void fetch_row(global const float *x, int row, int height, int width, int channels, int left, int count, int begin, int end,
               local float *line) {
  int is_inside = row >= 0 && row < height;
  global const float *pixel = x + ((long)row * width + begin - left) * channels;
  for (int j = begin; j < end; j++, pixel += channels) {
    VSTORE(is_inside ? take(pixel, count) : (vec)(0.0f), j, line);
    PREFETCH(pixel + (long)width * channels);
  }
}

// sums += one row of TAPS taps, where outputs are STRIDE pixels apart: each pixel is loaded once.
#define ADD_TAPS(TAPS, STRIDE) \
  { \
    vec weights[TAPS]; \
    _Pragma("unroll") for (int s = 0; s < TAPS; s++) weights[s] = VLOAD(s, row_taps); \
    _Pragma("unroll") for (int j = 0; j < (SIDE_BY_SIDE - 1) * STRIDE + TAPS; j++) { \
      vec pixel = VLOAD(j, line); \
      _Pragma("unroll") for (int i = 0; i < SIDE_BY_SIDE; i++) \
        if (j - i * STRIDE >= 0 && j - i * STRIDE < TAPS) sums[i] = fma(pixel, weights[j - i * STRIDE], sums[i]); \
    } \
  }

// The same for any width, dilation and stride.
#define ADD_ANY_TAPS \
  for (int s = 0; s < kernel_width; s++) { \
    vec weight = VLOAD(s, row_taps); \
    _Pragma("unroll") for (int i = 0; i < SIDE_BY_SIDE; i++) \
      sums[i] = fma(VLOAD(s * dilation_x + i * stride_x, line), weight, sums[i]); \
  }

// One row of outputs, whose windows' rows begin in the ring at `window`.
#define ROW(ADD) \
  for (int q = 0; q < output_width; q += SIDE_BY_SIDE) { \
    vec sums[SIDE_BY_SIDE]; \
    _Pragma("unroll") for (int i = 0; i < SIDE_BY_SIDE; i++) { \
      sums[i] = first_sum; \
      PREFETCH_TO_WRITE(y + ((ulong)row * output_width + q + i) * channels); \
    } \
    for (int r = 0, place = window; r < kernel_height; r++) { \
      local const float *line = ring + (place * columns + q * stride_x) * VW, *row_taps = taps + r * kernel_width * VW; \
      ADD \
      place += dilation_y; \
      if (place >= ring_rows) place -= ring_rows; \
    } \
    ulong target = ((ulong)row * output_width + q) * channels; \
    if (is_plain) { \
      _Pragma("unroll") for (int i = 0; i < SIDE_BY_SIDE; i++) { \
        vec value = select(sums[i], low, isless(sums[i], low)); \
        if (q + i < output_width) VSTORE(select(value, high, isgreater(value, high)), 0, y + target + i * channels); \
      } \
    } else { \
      _Pragma("unroll") for (int i = 0; i < SIDE_BY_SIDE; i++) \
        if (q + i < output_width) { \
          ulong element = target + i * channels; \
          if (has_residual) sums[i] += take(residual + element, count); \
          put(activated_vec(activation, sums[i]), y + element, count); \
        } \
    } \
  }

// Items: vectors of channels, blocks of rows, pictures. memory: taps [kernel_height][kernel_width][VW], and the ring.
kernel void depthwise_rows(ITEM_ARGUMENT global const float *x, global const float *w, global const float *bias,
                           global const float *residual, global float *y, GEOMETRY_ARGUMENTS, int rows, int ring_rows,
                           int columns, int has_bias, int has_residual, int activation, local float *memory) {
  int c = ITEM(0) * VW, count = channels - c, begin = ITEM(1) * rows;
  int end = min(begin + rows, output_height);
  ulong picture = ITEM(2);
  x += picture * height * width * channels + c;
  y += picture * output_height * output_width * channels + c;
  residual += picture * output_height * output_width * channels + c;
  local float *taps = memory, *ring = taps + kernel_height * kernel_width * VW;
  for (int tap = 0; tap < kernel_height * kernel_width; tap++) VSTORE(take(w + tap * channels + c, count), tap, taps);
  vec first_sum = has_bias ? take(bias + c, count) : (vec)(0.0f);
  vec low = LOWEST(vec, activation), high = HIGHEST(vec, activation);
  int is_plain = count >= VW && !has_residual && activation <= RELU6;
  // Columns of the ring that lie in the picture. Padding below 0 leaves columns of the picture out.
  int inside = clamp(left, 0, columns), outside = clamp(width + left, inside, columns);
  for (int line = 0; line < ring_rows * columns; line += columns) {
    for (int j = 0; j < inside; j++) VSTORE((vec)(0.0f), line + j, ring);
    for (int j = outside; j < columns; j++) VSTORE((vec)(0.0f), line + j, ring);
  }
  // Counted from the first row of the padding, so that places in the ring are never below 0.
  int fetched = begin * stride_y;
  for (int row = begin; row < end; row++) {
    int top_row = row * stride_y, window = top_row % ring_rows;
    for (fetched = max(fetched, top_row); fetched < top_row + ring_rows; fetched++)
      fetch_row(x, fetched - top, height, width, channels, left, count, inside, outside,
                ring + fetched % ring_rows * columns * VW);
    if (dilation_x > 1 || stride_x > 2) {
      ROW(ADD_ANY_TAPS)
    } else if (kernel_width == 3 && stride_x == 1) {
      ROW(ADD_TAPS(3, 1))
    } else if (kernel_width == 3) {
      ROW(ADD_TAPS(3, 2))
    } else if (kernel_width == 5 && stride_x == 1) {
      ROW(ADD_TAPS(5, 1))
    } else if (kernel_width == 5) {
      ROW(ADD_TAPS(5, 2))
    } else {
      ROW(ADD_ANY_TAPS)
    }
  }
}
#else
// One work-item an output element, channels fastest: reads are coalesced.
// Model of depthwise_forward
//   typical: 0.25 operations a byte in convolve h=64 w=64 c=144 o=144 k=3 p=1 g=144 bias=1 act=relu6
//   needs: 30 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   results = lines * output_width * channels
//   products = lines / output_height * channels *
//     taps(output_height, kernel_height, stride_y, dilation_y, top, height) *
//     taps(output_width, kernel_width, stride_x, dilation_x, left, width)
//   loads = 2 * products + (has_bias + has_residual) * results; stores = results
//   operations = 2 * products + (has_residual + activated(activation)) * results
kernel void depthwise_forward(global const float *x, global const float *w, global const float *bias,
                                  global const float *residual, global float *y, GEOMETRY_ARGUMENTS, int lines,
                                  int has_bias, int has_residual, int activation) {
  int c = get_global_id(0), q = get_global_id(1) % output_width, line = get_global_id(1) / output_width;
  if (c >= channels || line >= lines) return;
  int v = line % output_height * stride_y - top, u = q * stride_x - left;
  global const float *picture = x + (ulong)(line / output_height) * height * width * channels + c;
  float sum = has_bias ? bias[c] : 0.0f;
  for (int r = 0; r < kernel_height; r++)
    for (int s = 0; s < kernel_width; s++) {
      int row = v + r * dilation_y, col = u + s * dilation_x;
      if (row >= 0 && row < height && col >= 0 && col < width)
        sum = fma(picture[((ulong)row * width + col) * channels], w[(r * kernel_width + s) * channels + c], sum);
    }
  ulong place = ((ulong)line * output_width + q) * channels + c;
  if (has_residual) sum += residual[place];
  y[place] = activated(activation, sum);
}
#endif

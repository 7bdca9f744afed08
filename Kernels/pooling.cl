// Pooling of NHWC pictures. x: [batch, height, width, channels], y: [batch, output_height, output_width, channels];
// `lines` is batch · output_height. NaN wins a maximum.
#define WINDOW \
  int height, int width, int channels, int output_height, int output_width, int kernel_height, int kernel_width, \
  int stride_y, int stride_x, int top, int left, int lines, int maximum, int padding_counts

float pooled(global const float *x, int width, int channels, int r0, int r1, int s0, int s1, int maximum,
             float area) {
  float result = maximum ? -INFINITY : 0.0f;
  for (int r = r0; r < r1; r++)
    for (int s = s0; s < s1; s++) {
      float v = x[((ulong)r * width + s) * channels];
      result = maximum ? (v > result || isnan(v) ? v : result) : result + v;
    }
  return maximum ? result : result / area;
}

#if SHAPE_CPU
// Brings the rows that the next line of outputs reads first into the cache, below the window of this one.
void prefetch_below(global const float *picture, int width, int channels, int r0, int r1, int s0, int s1, int begin,
                    int end) {
  for (int r = r0; r < r1; r++)
    for (int s = s0; s < s1; s++)
      for (int c = begin; c < end; c += LINE) PREFETCH(picture + ((ulong)r * width + s) * channels + c);
}

// One work-item a row of outputs by `vectors` vectors of channels (single channels in the last, partial one): pixels side by
// side are read in one run.
kernel void pooling_forward(ITEM_ARGUMENT global const float *x, global float *y, WINDOW, int vectors) {
  int line = ITEM(1), begin = ITEM(0) * vectors * VW, end = min(begin + vectors * VW, channels);
  int y0 = line % output_height * stride_y - top, r0 = max(y0, 0), r1 = min(y0 + kernel_height, height);
  global const float *picture = x + (ulong)(line / output_height) * height * width * channels;
  for (int q = 0; q < output_width; q++) {
    int x0 = q * stride_x - left, s0 = max(x0, 0), s1 = min(x0 + kernel_width, width);
    float area = padding_counts ? kernel_height * kernel_width : (r1 - r0) * (s1 - s0);
    global float *target = y + ((ulong)line * output_width + q) * channels;
    prefetch_below(picture, width, channels, r1, min(r1 + stride_y, height), s0, min(s0 + stride_x, width), begin, end);
    int c = begin;
    for (; c + VW <= end; c += VW) {
      vec result = maximum ? -INFINITY : 0.0f;
      for (int r = r0; r < r1; r++)
        for (int s = s0; s < s1; s++) {
          vec v = VLOAD(0, picture + ((ulong)r * width + s) * channels + c);
          result = maximum ? select(result, v, isgreater(v, result) | isnan(v)) : result + v;
        }
      VSTORE(maximum ? result : result / area, 0, target + c);
    }
    for (; c < end; c++) target[c] = pooled(picture + c, width, channels, r0, r1, s0, s1, maximum, area);
  }
}
#else
// One work-item an output element, channels fastest: reads are coalesced.
// A maximum asks whether a value is NaN where it is not larger: the model's logarithm.
// Model of pooling_forward
//   typical: 0.403 operations a byte in pool kind=max n=8 h=128 w=128 c=64 k=3 s=2 p=1
//   needs: 28 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   results = lines * output_width * channels
//   values = lines / output_height * channels * taps(output_height, kernel_height, stride_y, 1, top, height) *
//     taps(output_width, kernel_width, stride_x, 1, left, width)
//   loads = values; stores = results
//   operations = values + results + maximum * (values - results * (log(values / results) + 0.65))
kernel void pooling_forward(global const float *x, global float *y, WINDOW, int vectors) {
  int c = get_global_id(0), q = get_global_id(1) % output_width, line = get_global_id(1) / output_width;
  if (c >= channels || line >= lines) return;
  int y0 = line % output_height * stride_y - top, x0 = q * stride_x - left;
  int r0 = max(y0, 0), r1 = min(y0 + kernel_height, height), s0 = max(x0, 0), s1 = min(x0 + kernel_width, width);
  float area = padding_counts ? kernel_height * kernel_width : (r1 - r0) * (s1 - s0);
  global const float *picture = x + (ulong)(line / output_height) * height * width * channels + c;
  y[((ulong)line * output_width + q) * channels + c]
      = pooled(picture, width, channels, r0, r1, s0, s1, maximum, area);
}
#endif

// Gradients, dx: [batch, height, width, channels], each pixel from the windows that cover it; `lines` is batch · height.
// A window's maximum is its first largest element, or its last NaN, as the forward pass finds it.

// Windows along an axis that cover a position: low ..< high of 0 ..< n.
void covering(int position, int kernel_size, int stride, int n, int *low, int *high) {
  *low = position < kernel_size ? 0 : (position - kernel_size) / stride + 1;
  *high = min(position / stride + 1, n);
}

// 1 where the window r0 ..< r1, s0 ..< s1 takes its maximum at row v, column u, or else 0; x points to the picture's
// channels, of which `count` exist.
wide is_largest(global const float *x, int width, int channels, int count, int r0, int r1, int s0, int s1, int v, int u) {
  wide value = take(x + ((ulong)v * width + u) * channels, count), result = 1;
  for (int r = r0; r < r1; r++)
    for (int s = s0; s < s1; s++) {
      if (r == v && s == u) continue;
      wide other = take(x + ((ulong)r * width + s) * channels, count);
      if (r < v || (r == v && s < u))
        result = select(result, (wide)0, isgreaterequal(other, value) | (isnan(other) & isequal(value, value)));
      else
        result = select(result, (wide)0, isgreater(other, value) | isnan(other));
    }
  return result;
}

// Items: WIDTH channels, pixels.
// A maximum reads each value of each of the pixel's windows.
// Model of pooling_backward
//   typical: 0.5 operations a byte in poolBackward kind=max n=8 h=128 w=128 c=64 k=3 s=2 p=1
//   needs: 32 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   pictures = lines / height * channels
//   results = lines * width * channels
//   windows = pictures * taps(output_height, kernel_height, stride_y, 1, top, height) *
//     taps(output_width, kernel_width, stride_x, 1, left, width)
//   values = pictures * squared_taps(output_height, kernel_height, stride_y, 1, top, height) *
//     squared_taps(output_width, kernel_width, stride_x, 1, left, width)
//   loads = windows + maximum * values; stores = results
//   operations = 2 * windows + maximum * 2.5 * (values - windows)
kernel void pooling_backward(global const float *x, global const float *dy, global float *dx, WINDOW) {
  int c = get_global_id(0) * WIDTH, u = get_global_id(1) % width, line = get_global_id(1) / width, count = channels - c;
  if (c >= channels || line >= lines) return;
  int v = line % height, p0, p1, q0, q1;
  covering(v + top, kernel_height, stride_y, output_height, &p0, &p1);
  covering(u + left, kernel_width, stride_x, output_width, &q0, &q1);
  global const float *picture = x + (ulong)(line / height) * height * width * channels + c;
  global const float *gradients = dy + (ulong)(line / height) * output_height * output_width * channels + c;
  wide sum = 0;
  for (int p = p0; p < p1; p++)
    for (int q = q0; q < q1; q++) {
      int y0 = p * stride_y - top, x0 = q * stride_x - left;
      int r0 = max(y0, 0), r1 = min(y0 + kernel_height, height), s0 = max(x0, 0), s1 = min(x0 + kernel_width, width);
      wide gradient = take(gradients + ((ulong)p * output_width + q) * channels, count);
      if (maximum) {
        wide share = is_largest(picture, width, channels, count, r0, r1, s0, s1, v, u);
        // Not a product, which would spread NaN.
        sum += select((wide)0, gradient, share > 0);
      } else
        sum += gradient / (float)(padding_counts ? kernel_height * kernel_width : (r1 - r0) * (s1 - s0));
    }
  put(sum, dx + ((ulong)line * width + u) * channels + c, count);
}

#if SHAPE_CPU
// Of maxima: each window gives its gradient to its first largest element, or its last NaN. Items: vectors of channels, bands
// of `band` rows of a picture; a band's windows are those that cover one of its rows, in their order.
kernel void pooling_maximum_backward(global const float *x, global const float *dy, global float *dx, WINDOW, int band) {
  int c = get_global_id(0) * VW, bands = (height + band - 1) / band, count = channels - c;
  int begin = get_global_id(1) % bands * band, end = min(begin + band, height);
  ulong first = (ulong)(get_global_id(1) / bands) * height * width * channels + c;
  x += first;
  dx += first;
  dy += (ulong)(get_global_id(1) / bands) * output_height * output_width * channels + c;
  for (int pixel = begin * width; pixel < end * width; pixel++) put((vec)(0.0f), dx + (ulong)pixel * channels, count);
  int p0, p1, unused;
  covering(begin + top, kernel_height, stride_y, output_height, &p0, &unused);
  covering(end - 1 + top, kernel_height, stride_y, output_height, &unused, &p1);
  for (int p = p0; p < p1; p++)
    for (int q = 0; q < output_width; q++) {
      int y0 = p * stride_y - top, x0 = q * stride_x - left;
      int r0 = max(y0, 0), r1 = min(y0 + kernel_height, height), s0 = max(x0, 0), s1 = min(x0 + kernel_width, width);
      vec largest = -INFINITY;
      ivec found = r0 * width + s0;
      for (int r = r0; r < r1; r++)
        for (int s = s0; s < s1; s++) {
          vec value = take(x + (ulong)(r * width + s) * channels, count);
          ivec wins = isgreater(value, largest) | isnan(value);
          largest = select(largest, value, wins);
          found = select(found, (ivec)(r * width + s), wins);
        }
      vec gradient = take(dy + (ulong)(p * output_width + q) * channels, count);
      for (int r = max(r0, begin); r < min(r1, end); r++)
        for (int s = s0; s < s1; s++) {
          global float *target = dx + (ulong)(r * width + s) * channels;
          // Not a product, which would spread NaN.
          put(take(target, count) + select((vec)(0.0f), gradient, found == (ivec)(r * width + s)), target, count);
        }
    }
}
#endif

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
// One work-item a row of outputs by one vector of channels (by single channels in the last, partial one).
kernel void pooling_forward(global const float *x, global float *y, WINDOW) {
  int line = get_global_id(1), c = get_global_id(0) * VW;
  int y0 = line % output_height * stride_y - top, r0 = max(y0, 0), r1 = min(y0 + kernel_height, height);
  global const float *picture = x + (ulong)(line / output_height) * height * width * channels + c;
  for (int q = 0; q < output_width; q++) {
    int x0 = q * stride_x - left, s0 = max(x0, 0), s1 = min(x0 + kernel_width, width);
    float area = padding_counts ? kernel_height * kernel_width : (r1 - r0) * (s1 - s0);
    global float *target = y + ((ulong)line * output_width + q) * channels + c;
    if (c + VW > channels) {
      for (int lane = 0; c + lane < channels; lane++)
        target[lane] = pooled(picture + lane, width, channels, r0, r1, s0, s1, maximum, area);
      continue;
    }
    vec result = maximum ? -INFINITY : 0.0f;
    for (int r = r0; r < r1; r++)
      for (int s = s0; s < s1; s++) {
        vec v = VLOAD(0, picture + ((ulong)r * width + s) * channels);
        result = maximum ? select(result, v, isgreater(v, result) | isnan(v)) : result + v;
      }
    VSTORE(maximum ? result : result / area, 0, target);
  }
}
#else
// One work-item an output element, channels fastest: reads are coalesced.
kernel void pooling_forward(global const float *x, global float *y, WINDOW) {
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

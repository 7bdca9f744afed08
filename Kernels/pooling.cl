// Pooling of NHWC pictures: one work-item an output element, channels fastest.
// x: [batch, height, width, channels], y: [batch, output_height, output_width, channels]
kernel void pooling_forward(global const float *x, global float *y, int n, int height, int width, int channels,
                            int output_height, int output_width, int kernel_height, int kernel_width, int stride_y,
                            int stride_x, int top, int left, int maximum, int padding_counts) {
  int i = get_global_id(0);
  if (i >= n) return;
  int c = i % channels, q = i / channels % output_width, p = i / channels / output_width % output_height;
  int picture = i / channels / output_width / output_height;
  int y0 = p * stride_y - top, x0 = q * stride_x - left;
  int r0 = max(y0, 0), r1 = min(y0 + kernel_height, height), s0 = max(x0, 0), s1 = min(x0 + kernel_width, width);
  float result = maximum ? -INFINITY : 0.0f;
  for (int r = r0; r < r1; r++)
    for (int s = s0; s < s1; s++) {
      float v = x[(((ulong)picture * height + r) * width + s) * channels + c];
      result = maximum ? (v > result || isnan(v) ? v : result) : result + v;
    }
  int area = padding_counts ? kernel_height * kernel_width : (r1 - r0) * (s1 - s0);
  y[i] = maximum ? result : result / (float)area;
}

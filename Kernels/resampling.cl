// Nearest and bilinear resizing: one work-item an output element, channels fastest. Positions are computed as on the CPU
// path: (i + ½)·scale − ½ or i·scale, without contraction, or pixels at exact halves would flip.
#pragma OPENCL FP_CONTRACT OFF
enum { NEAREST, HALF_PIXEL, ALIGN_CORNERS };

float source(int i, float scale, int mode, int n, int *low, int *high) {
  float position = mode == HALF_PIXEL ? ((float)i + 0.5f) * scale - 0.5f : (float)i * scale;
  position = max(position, 0.0f);
  *low = min((int)position, n - 1);
  *high = min(*low + 1, n - 1);
  return position - (float)*low;
}

kernel void resampling_forward(global const float *x, global float *y, int n, int height, int width, int channels,
                               int output_height, int output_width, float scale_y, float scale_x, int mode) {
  int i = get_global_id(0);
  if (i >= n) return;
  int c = i % channels, q = i / channels % output_width, p = i / channels / output_width % output_height;
  int top, bottom, left, right;
  float v = source(p, scale_y, mode, height, &top, &bottom);
  float u = source(q, scale_x, mode, width, &left, &right);
  global const float *picture = x + (ulong)(i / channels / output_width / output_height) * height * width * channels + c;
  float a = picture[(top * width + left) * channels];
  if (mode == NEAREST) {
    y[i] = a;
    return;
  }
  float b = picture[(top * width + right) * channels];
  float d = picture[(bottom * width + left) * channels], e = picture[(bottom * width + right) * channels];
  y[i] = (1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * d + u * e);
}

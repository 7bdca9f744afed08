// Nearest and bilinear resizing. Items: WIDTH channels, pixels of the output, n elements. Positions are computed as on the CPU
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

// Model of resampling_forward
//   typical: 1.15 operations a byte in resample mode=bilinearHalfPixel n=1 h=16 w=16 c=112 oh=32 ow=32
//   needs: 30 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   results = n
//   loads = n * (1 + 3 * (0 < mode)); stores = n
//   operations = n * (12 + 11 * (0 < mode))
kernel void resampling_forward(global const float *x, global float *y, int n, int height, int width, int channels,
                               int output_height, int output_width, float scale_y, float scale_x, int mode) {
  int c = get_global_id(0) * WIDTH, pixel = get_global_id(1), count = channels - c;
  if (count <= 0 || pixel >= n / channels) return;
  int q = pixel % output_width, p = pixel / output_width % output_height, top, bottom, left, right;
  float v = source(p, scale_y, mode, height, &top, &bottom);
  float u = source(q, scale_x, mode, width, &left, &right);
  global const float *picture = x + (ulong)(pixel / output_width / output_height) * height * width * channels + c;
  y += (ulong)pixel * channels + c;
  wide a = take(picture + (ulong)(top * width + left) * channels, count);
  if (mode == NEAREST) {
    put(a, y, count);
    return;
  }
  wide b = take(picture + (ulong)(top * width + right) * channels, count);
  wide d = take(picture + (ulong)(bottom * width + left) * channels, count);
  wide e = take(picture + (ulong)(bottom * width + right) * channels, count);
  put((1 - v) * ((1 - u) * a + u * b) + v * ((1 - u) * d + u * e), y, count);
}

// Outputs that can read source position i along an axis: low ..< high, one more on each side than exact arithmetic needs.
void readers(int i, float scale, int mode, int n, int output_n, int *low, int *high) {
  float shift = mode == HALF_PIXEL ? 0.5f : 0.0f;
  // A scale of 0 sends every output to position 0, and the last position takes what lies beyond it.
  *low = scale > 0.0f ? max((int)(((float)(i - 1) + shift) / scale - shift) - 1, 0) : 0;
  *high = scale > 0.0f && i < n - 1 ? (int)min(((float)(i + 1) + shift) / scale - shift + 2.0f, (float)output_n) : output_n;
}

// The share of output o's value that position i along an axis has.
float share(int o, int i, float scale, int mode, int n) {
  int low, high;
  float rest = source(o, scale, mode, n, &low, &high);
  if (mode == NEAREST) return low == i ? 1.0f : 0.0f;
  return (low == i ? 1.0f - rest : 0.0f) + (high == i ? rest : 0.0f);
}

// Items: WIDTH channels of dx, which gather what the outputs took from them; pixels, `pixels` of them.
// The model is of bilinear enlarging, where outputs have two sources along an axis, and the outermost one. Every channel
// computes the shares of all outputs that may read its pixel, of columns once, and again of those that do.
// Model of resampling_backward
//   typical: 4.49 operations a byte in resampleBackward mode=bilinearHalfPixel n=1 h=16 w=16 c=112 oh=32 ow=32
//   needs: 32 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   valid = (scale_y < 1) * (scale_x < 1) * (0 < mode)
//   planes = pixels / height / width * channels
//   results = pixels * channels
//   rows = height * (2 / scale_y + 3) - 2 / scale_y - 2
//   columns = width * (2 / scale_x + 3) - 2 / scale_x - 2
//   read_rows = 2 * output_height - 2
//   read_columns = 2 * output_width - 2
//   ends = height * (columns - read_columns + 2 * width)
//   shares = planes * (rows * width + ends + read_rows * read_columns)
//   loads = planes * read_rows * read_columns; stores = results
//   operations = 9 * shares + 20 * results + 2 * loads
kernel void resampling_backward(global const float *dy, global float *dx, int pixels, int height, int width, int channels,
                                int output_height, int output_width, float scale_y, float scale_x, int mode) {
  int c = get_global_id(0) * WIDTH, pixel = get_global_id(1), count = channels - c;
  if (c >= channels || pixel >= pixels) return;
  int u = pixel % width, v = pixel / width % height, p0, p1, q0, q1;
  readers(v, scale_y, mode, height, output_height, &p0, &p1);
  readers(u, scale_x, mode, width, output_width, &q0, &q1);
  global const float *picture = dy + (ulong)(pixel / width / height) * output_height * output_width * channels + c;
  // Outputs with nothing of this pixel at the ends.
  while (q0 < q1 && share(q0, u, scale_x, mode, width) == 0.0f) q0++;
  while (q0 < q1 && share(q1 - 1, u, scale_x, mode, width) == 0.0f) q1--;
  wide sum = 0;
  for (int p = p0; p < p1; p++) {
    float row = share(p, v, scale_y, mode, height);
    if (row == 0.0f) continue;
    wide line = 0;
    for (int q = q0; q < q1; q++) {
      float column = mode == NEAREST ? 1.0f : share(q, u, scale_x, mode, width);
      if (column != 0.0f) line += column * take(picture + ((ulong)p * output_width + q) * channels, count);
    }
    sum += row * line;
  }
  put(sum, dx + (ulong)pixel * channels + c, count);
}

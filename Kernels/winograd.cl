// 3 x 3 convolutions with stride 1 by Winograd's minimal filtering, y = Aᵀ [ Σ_c (G w Gᵀ) ⊙ (Bᵀ x B) ] A, on overlapping
// tiles of EDGE x EDGE inputs and M x M outputs: 4 (M = 2) or 2.25 (M = 4) multiplications an output and channel instead
// of 9 (Lavin and Gray, CVPR 2016). The program is built once for each M: `winograd4_tiles` is winograd_tiles with M = 4.
//
// Weights are transformed and packed once: [⌈outputs / PANEL⌉][EDGE²][channels][PANEL] in the CPU shape, so that a task
// reads them in one run, and [EDGE²][⌈outputs / PANEL⌉][channels][PANEL] in the GPU shape, a batch of products.
//
// CPU shape: one work-item transforms a block of tiles into local memory, which stays in its core's cache, multiplies
// them with one panel after another, and transforms each product back: nothing but x, weights and y passes through
// memory.
// Gradients of weights in the CPU shape: winograd_gradient_inputs and winograd_gradient_outputs transform some tiles,
// winograd_gradient multiplies them, keeps a pair of channels' 16 or 36 sums in local memory, and transforms them back. The
// GPU shape takes those gradients directly (gradients.cl).
// GPU shape: winograd_input and winograd_output around a batch of EDGE² matrix products by convolution_tiles. One item a
// tile and channel, neighbours in channels, so accesses are coalesced, and bound by memory.
#ifndef M
#define M 4
#endif
#define EDGE (M + 2)
#ifndef ROWS
#define ROWS 6  // tiles that the CPU shape holds in registers
#endif

// Lines of Bᵀ, Aᵀ and G.
#if M == 2
#define INPUT_TRANSFORM(T, o, i) \
  o[0] = i[0] - i[2]; \
  o[1] = i[1] + i[2]; \
  o[2] = i[2] - i[1]; \
  o[3] = i[1] - i[3];
#define OUTPUT_TRANSFORM(T, o, i) \
  o[0] = i[0] + i[1] + i[2]; \
  o[1] = i[1] - i[2] - i[3];
constant float weight_lines[EDGE][3] = {{1, 0, 0}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0, 0, 1}};
#else
#define INPUT_TRANSFORM(T, o, i) \
  T even = fma((T)(-4.0f), i[2], i[4]), odd = fma((T)(-4.0f), i[1], i[3]); \
  T even2 = i[4] - i[2], odd2 = 2.0f * (i[3] - i[1]); \
  o[0] = fma((T)(4.0f), i[0], fma((T)(-5.0f), i[2], i[4])); \
  o[1] = even + odd; \
  o[2] = even - odd; \
  o[3] = even2 + odd2; \
  o[4] = even2 - odd2; \
  o[5] = fma((T)(4.0f), i[1], fma((T)(-5.0f), i[3], i[5]));
#define OUTPUT_TRANSFORM(T, o, i) \
  T even = i[1] + i[2], odd = i[1] - i[2], even2 = i[3] + i[4], odd2 = i[3] - i[4]; \
  o[0] = i[0] + even + even2; \
  o[1] = fma((T)(2.0f), odd2, odd); \
  o[2] = fma((T)(4.0f), even2, even); \
  o[3] = fma((T)(8.0f), odd2, odd) + i[5];
constant float weight_lines[EDGE][3] = {{1.0f / 4, 0, 0}, {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                        {-1.0f / 6, 1.0f / 6, -1.0f / 6}, {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                        {1.0f / 24, -1.0f / 12, 1.0f / 6}, {0, 0, 1}};
#endif

// w: [3, 3, channels, outputs]; one work-item an input channel of an output channel, or of WIDTH side by side; n: the items'
// output channels, with those that fill up the last panel.
// Model of winograd_weights
//   typical: 1.35 operations a byte in convolve h=32 w=32 c=128 o=128 k=3 p=1 algorithm=winograd4
//   needs: 30 registers, 0 bytes local, 256 items: 8 groups a unit by items
//   edge = M + 2
//   results = n * edge * edge
//   loads = 9 * channels * outputs; stores = results
//   operations = 4.5 * n * (3 * edge + edge * edge)
kernel void winograd_weights(global const float *w, global float *packed, int n, int channels, int outputs) {
  int i = get_global_id(0) * WIDTH;
  if (i >= n) return;
  int c = i / PANEL % channels, panel = i / PANEL / channels, o = panel * PANEL + i % PANEL;
  wide taps[9];
#pragma unroll
  for (int tap = 0; tap < 9; tap++) taps[tap] = take(w + ((ulong)tap * channels + c) * outputs + o, outputs - o);
#pragma unroll
  for (int y = 0; y < EDGE; y++) {
    wide line[3];
#pragma unroll
    for (int s = 0; s < 3; s++)
      line[s] = fma((wide)(weight_lines[y][0]), taps[s],
                    fma((wide)(weight_lines[y][1]), taps[3 + s], weight_lines[y][2] * taps[6 + s]));
#pragma unroll
    for (int x = 0; x < EDGE; x++) {
#if SHAPE_CPU
      ulong place = ((ulong)panel * EDGE * EDGE + y * EDGE + x) * channels;
#else
      ulong place = ((ulong)(y * EDGE + x) * (n / PANEL / channels) + panel) * channels;
#endif
      put(fma((wide)(weight_lines[x][0]), line[0],
              fma((wide)(weight_lines[x][1]), line[1], weight_lines[x][2] * line[2])),
          packed + (place + c) * PANEL + i % PANEL, WIDTH);
    }
  }
}

DEFINE_ACTIVATION(float, activated)

#if SHAPE_CPU
DEFINE_ACTIVATION(vec, activated_vec)

#define TILE_ARGUMENTS \
  int height, int width, int channels, int output_height, int output_width, int outputs, int top, int left, \
  int tiles_y, int tiles_x, int tiles

void input_transform(vec *out, const vec *in) { INPUT_TRANSFORM(vec, out, in) }
void output_transform(vec *out, const vec *in) { OUTPUT_TRANSFORM(vec, out, in) }

// x B of one tile whose first pixel is (row, col), VW channels from c on.
void transform_lines(global const float *picture, int row, int col, int height, int width, int channels, int c,
                     vec lines[EDGE][EDGE]) {
#pragma unroll
  for (int r = 0; r < EDGE; r++) {
    vec in[EDGE];
#pragma unroll
    for (int s = 0; s < EDGE; s++) {
      int inside = row + r >= 0 && row + r < height && col + s >= 0 && col + s < width;
      in[s] = inside ? VLOAD(0, picture + ((ulong)(row + r) * width + col + s) * channels + c) : (vec)(0.0f);
    }
    input_transform(lines[r], in);
  }
}

// Bᵀ · lines, column s.
#define TRANSFORM_COLUMN(out, lines, s) \
  vec in[EDGE], out[EDGE]; \
  _Pragma("unroll") for (int r = 0; r < EDGE; r++) in[r] = lines[r][s]; \
  input_transform(out, in);

// Bᵀ x B of one tile, into v: [EDGE²] each `stride` floats after the other.
void transform_tile(global const float *picture, int row, int col, int height, int width, int channels, local float *v,
                    int stride) {
  for (int c = 0; c < channels; c += VW) {
    vec lines[EDGE][EDGE];
    transform_lines(picture, row, col, height, width, channels, c, lines);
#pragma unroll
    for (int s = 0; s < EDGE; s++) {
      TRANSFORM_COLUMN(out, lines, s)
#pragma unroll
      for (int r = 0; r < EDGE; r++) VSTORE(out[r], 0, v + (r * EDGE + s) * stride + c);
    }
  }
}

// Weights of one place and panel times the transformed tiles at the same place: v [tiles][stride], m [tiles][PANEL];
// tiles is a multiple of ROWS.
void multiply_tiles(global const float *w, local const float *v, local float *m, int channels, int tiles, int stride) {
  for (int first = 0; first < tiles; first += ROWS, v += ROWS * stride, m += ROWS * PANEL) {
    vec sum0[ROWS], sum1[ROWS];
#pragma unroll
    for (int i = 0; i < ROWS; i++) sum0[i] = sum1[i] = 0;
    for (int c = 0; c < channels; c++) {
      vec w0 = VLOAD(0, w + c * PANEL), w1 = VLOAD(1, w + c * PANEL);
#pragma unroll
      for (int i = 0; i < ROWS; i++) {
        vec value = (vec)(v[i * stride + c]);
        sum0[i] = fma(value, w0, sum0[i]);
        sum1[i] = fma(value, w1, sum1[i]);
      }
    }
#pragma unroll
    for (int i = 0; i < ROWS; i++) {
      VSTORE(sum0[i], 0, m + i * PANEL);
      VSTORE(sum1[i], 1, m + i * PANEL);
    }
  }
}

// y = activation(sum + bias + residual) of VW outputs, or of `count` at the end of the channels.
void finish(vec sum, global const float *bias, global const float *residual, global float *y, int count, int has_bias,
            int has_residual, int activation) {
  if (count >= VW) {
    if (has_bias) sum += VLOAD(0, bias);
    if (has_residual) sum += VLOAD(0, residual);
    VSTORE(activated_vec(activation, sum), 0, y);
    return;
  }
  float lanes[VW];
  VSTORE(sum, 0, lanes);
  for (int lane = 0; lane < count; lane++) {
    float value = lanes[lane];
    if (has_bias) value += bias[lane];
    if (has_residual) value += residual[lane];
    y[lane] = activated(activation, value);
  }
}

// Items: blocks of `block` tiles, by groups of panels. v: [EDGE²][block][stride], m: [EDGE²][block][PANEL].
kernel void winograd_tiles(ITEM_ARGUMENT global const float *x, global const float *packed,
                           global const float *bias, global const float *residual, global float *y, TILE_ARGUMENTS,
                           int block, int stride, int panels, int panels_per_item, int has_bias, int has_residual,
                           int activation, local float *v, local float *m) {
  int first = ITEM(0) * block, count = min(block, tiles - first);
  // The last tile again fills the registers up.
  int filled = (count + ROWS - 1) / ROWS * ROWS;
  for (int i = 0; i < filled; i++) {
    int tile = min(first + i, tiles - 1), row = tile / tiles_x % tiles_y * M - top, col = tile % tiles_x * M - left;
    global const float *picture = x + (ulong)(tile / tiles_x / tiles_y) * height * width * channels;
    transform_tile(picture, row, col, height, width, channels, v + i * stride, block * stride);
  }
  int end = min(((int)ITEM(1) + 1) * panels_per_item, panels);
  for (int panel = ITEM(1) * panels_per_item; panel < end; panel++) {
    for (int place = 0; place < EDGE * EDGE; place++)
      multiply_tiles(packed + ((ulong)panel * EDGE * EDGE + place) * channels * PANEL, v + place * block * stride,
                     m + place * block * PANEL, channels, filled, stride);
    for (int i = 0; i < count; i++) {
      int tile = first + i, row = tile / tiles_x % tiles_y * M, col = tile % tiles_x * M;
      ulong picture = (ulong)(tile / tiles_x / tiles_y) * output_height;
      for (int lanes = 0; lanes < PANEL && panel * PANEL + lanes < outputs; lanes += VW) {
        int o = panel * PANEL + lanes;
        vec lines[M][EDGE];
#pragma unroll
        for (int s = 0; s < EDGE; s++) {
          vec in[EDGE], out[M];
#pragma unroll
          for (int r = 0; r < EDGE; r++) in[r] = VLOAD(0, m + ((r * EDGE + s) * block + i) * PANEL + lanes);
          output_transform(out, in);
#pragma unroll
          for (int r = 0; r < M; r++) lines[r][s] = out[r];
        }
#pragma unroll
        for (int r = 0; r < M; r++) {
          vec out[M];
          output_transform(out, lines[r]);
#pragma unroll
          for (int s = 0; s < M; s++) {
            if (row + r >= output_height || col + s >= output_width) continue;
            ulong place = ((picture + row + r) * output_width + col + s) * outputs + o;
            finish(out[s], bias + o, residual + place, y + place, outputs - o, has_bias, has_residual, activation);
          }
        }
      }
    }
  }
}

#ifndef SEQUENCE
// Gradients of weights, dw = Gᵀ [ Σ_tiles (Bᵀ x B) ⊙ (A dy Aᵀ) ] G, from `count` tiles at a time, whose transforms stay in
// the cache: v [channels / VW][EDGE²][count][VW], u [panels][EDGE²][count][PANEL].

// Items: tiles from `first` on.
kernel void winograd_gradient_inputs(global const float *x, global float *v, int height, int width, int channels,
                                     int top, int left, int tiles_y, int tiles_x, int first, int count) {
  int i = get_global_id(0), tile = first + i, row = tile / tiles_x % tiles_y * M - top, col = tile % tiles_x * M - left;
  global const float *picture = x + (ulong)(tile / tiles_x / tiles_y) * height * width * channels;
  for (int c = 0; c < channels; c += VW, v += EDGE * EDGE * count * VW) {
    vec lines[EDGE][EDGE];
    transform_lines(picture, row, col, height, width, channels, c, lines);
#pragma unroll
    for (int s = 0; s < EDGE; s++) {
      TRANSFORM_COLUMN(out, lines, s)
#pragma unroll
      for (int r = 0; r < EDGE; r++) VSTORE(out[r], (r * EDGE + s) * count + i, v);
    }
  }
}

// A · g
void spread_transform(vec *o, const vec *g) {
#if M == 2
  o[0] = g[0];
  o[1] = g[0] + g[1];
  o[2] = g[0] - g[1];
  o[3] = -g[1];
#else
  vec even = g[0] + g[2], odd = g[1] + g[3];
  vec even2 = fma((vec)(4.0f), g[2], g[0]), odd2 = fma((vec)(8.0f), g[3], 2.0f * g[1]);
  o[0] = g[0];
  o[1] = even + odd;
  o[2] = even - odd;
  o[3] = even2 + odd2;
  o[4] = even2 - odd2;
  o[5] = g[3];
#endif
}

// Items: tiles from `first` on, panels of outputs.
kernel void winograd_gradient_outputs(global const float *dy, global float *u, int output_height, int output_width,
                                      int outputs, int tiles_y, int tiles_x, int first, int count) {
  int i = get_global_id(0), panel = get_global_id(1), tile = first + i;
  int row = tile / tiles_x % tiles_y * M, col = tile % tiles_x * M;
  global const float *picture = dy + (ulong)(tile / tiles_x / tiles_y) * output_height * output_width * outputs;
  u += ((ulong)panel * EDGE * EDGE * count + i) * PANEL;
  for (int lanes = 0; lanes < PANEL; lanes += VW) {
    int o = panel * PANEL + lanes;
    vec lines[M][EDGE];
#pragma unroll
    for (int r = 0; r < M; r++) {
      vec in[M];
#pragma unroll
      for (int s = 0; s < M; s++) {
        int inside = row + r < output_height && col + s < output_width;
        in[s] = inside ? take(picture + ((ulong)(row + r) * output_width + col + s) * outputs + o, outputs - o)
                       : (vec)(0.0f);
      }
      spread_transform(lines[r], in);
    }
#pragma unroll
    for (int s = 0; s < EDGE; s++) {
      vec in[M], out[EDGE];
#pragma unroll
      for (int r = 0; r < M; r++) in[r] = lines[r][s];
      spread_transform(out, in);
#pragma unroll
      for (int r = 0; r < EDGE; r++) VSTORE(out[r], 0, u + (ulong)(r * EDGE + s) * count * PANEL + lanes);
    }
  }
}

// Gᵀ · m
void weight_transform(vec *o, const vec *m) {
#pragma unroll
  for (int t = 0; t < 3; t++) {
    o[t] = weight_lines[0][t] * m[0];
#pragma unroll
    for (int e = 1; e < EDGE; e++) o[t] = fma((vec)(weight_lines[e][t]), m[e], o[t]);
  }
}

// Input channels whose sums stay in registers: a part of a vector's lanes.
#define LINES (VW / 2)

// Items: vectors of input channels, panels of outputs. m: [EDGE²][LINES][PANEL]. Adds to dw when `accumulate`.
kernel void winograd_gradient(global const float *v, global const float *u, global float *dw, int channels, int outputs,
                              int count, int accumulate, local float *m) {
  int panel = get_global_id(1);
  v += (ulong)get_global_id(0) * EDGE * EDGE * count * VW;
  u += (ulong)panel * EDGE * EDGE * count * PANEL;
  for (int line = 0; line < VW; line += LINES) {
    for (int place = 0; place < EDGE * EDGE; place++) {
      global const float *a = v + (ulong)place * count * VW + line, *b = u + (ulong)place * count * PANEL;
      vec sum0[LINES], sum1[LINES];
#pragma unroll
      for (int i = 0; i < LINES; i++) sum0[i] = sum1[i] = 0;
      for (int tile = 0; tile < count; tile++) {
        vec w0 = VLOAD(0, b + tile * PANEL), w1 = VLOAD(1, b + tile * PANEL);
#pragma unroll
        for (int i = 0; i < LINES; i++) {
          vec value = (vec)(a[tile * VW + i]);
          sum0[i] = fma(value, w0, sum0[i]);
          sum1[i] = fma(value, w1, sum1[i]);
        }
      }
#pragma unroll
      for (int i = 0; i < LINES; i++) {
        VSTORE(sum0[i], 0, m + (place * LINES + i) * PANEL);
        VSTORE(sum1[i], 1, m + (place * LINES + i) * PANEL);
      }
    }
    for (int i = 0; i < LINES; i++)
      for (int lanes = 0; lanes < PANEL && panel * PANEL + lanes < outputs; lanes += VW) {
        int c = get_global_id(0) * VW + line + i, o = panel * PANEL + lanes;
        vec lines[3][EDGE];
#pragma unroll
        for (int s = 0; s < EDGE; s++) {
          vec in[EDGE], out[3];
#pragma unroll
          for (int r = 0; r < EDGE; r++) in[r] = VLOAD(0, m + ((r * EDGE + s) * LINES + i) * PANEL + lanes);
          weight_transform(out, in);
#pragma unroll
          for (int t = 0; t < 3; t++) lines[t][s] = out[t];
        }
#pragma unroll
        for (int t = 0; t < 3; t++) {
          vec out[3];
          weight_transform(out, lines[t]);
#pragma unroll
          for (int s = 0; s < 3; s++) {
            global float *target = dw + ((ulong)(t * 3 + s) * channels + c) * outputs + o;
            put(accumulate ? out[s] + take(target, outputs - o) : out[s], target, outputs - o);
          }
        }
      }
  }
}
#endif
#else
// v: [EDGE²][tiles][channels]; one item a tile and channel.
// Model of winograd_input
//   typical: 0.825 operations a byte in convolve h=32 w=32 c=128 o=128 k=3 p=1 algorithm=winograd4
//   needs: 64 registers, 0 bytes local, 64 items: 16 groups a unit by registers
//   edge = M + 2
//   results = tiles * channels * edge * edge
//   loads = tiles / tiles_y / tiles_x * channels * taps(tiles_y, edge, M, 1, top, height) *
//     taps(tiles_x, edge, M, 1, left, width)
//   stores = results
//   operations = 2 * edge * tiles * channels * (4 + 15 * (M == 4))
kernel void winograd_input(global const float *x, global float *v, int height, int width, int channels, int top,
                           int left, int tiles_y, int tiles_x, int tiles) {
  int c = get_global_id(0), tile = get_global_id(1);
  if (c >= channels || tile >= tiles) return;
  int row = tile / tiles_x % tiles_y * M - top, col = tile % tiles_x * M - left;
  global const float *picture = x + (ulong)(tile / tiles_x / tiles_y) * height * width * channels + c;
  float lines[EDGE][EDGE];
  for (int r = 0; r < EDGE; r++) {
    float in[EDGE];
    for (int s = 0; s < EDGE; s++) {
      int inside = row + r >= 0 && row + r < height && col + s >= 0 && col + s < width;
      in[s] = inside ? picture[((ulong)(row + r) * width + col + s) * channels] : 0.0f;
    }
    INPUT_TRANSFORM(float, lines[r], in)
  }
  for (int s = 0; s < EDGE; s++) {
    float in[EDGE], out[EDGE];
    for (int r = 0; r < EDGE; r++) in[r] = lines[r][s];
    INPUT_TRANSFORM(float, out, in)
    for (int r = 0; r < EDGE; r++) v[((ulong)(r * EDGE + s) * tiles + tile) * channels + c] = out[r];
  }
}

// m: [EDGE²][tiles][outputs]; one item a tile and output channel.
// Model of winograd_output
//   typical: 0.779 operations a byte in convolve h=32 w=32 c=128 o=128 k=3 p=1 algorithm=winograd4
//   needs: 50 registers, 0 bytes local, 64 items: 20 groups a unit by registers
//   edge = M + 2
//   columns = tiles * outputs
//   lines = tiles / tiles_y * output_height * outputs
//   results = tiles / tiles_y / tiles_x * output_height * output_width * outputs
//   epilogue = has_bias + has_residual
//   loads = edge * edge * columns + epilogue * results; stores = results
//   operations = (edge * columns + lines) * (4 + 9 * (M == 4)) + (epilogue + activated(activation)) * results
kernel void winograd_output(global const float *m, global const float *bias, global const float *residual,
                            global float *y, int output_height, int output_width, int outputs, int tiles_y,
                            int tiles_x, int tiles, int has_bias, int has_residual, int activation) {
  int o = get_global_id(0), tile = get_global_id(1);
  if (o >= outputs || tile >= tiles) return;
  int row = tile / tiles_x % tiles_y * M, col = tile % tiles_x * M;
  ulong picture = (ulong)(tile / tiles_x / tiles_y) * output_height;
  float lines[M][EDGE];
  for (int s = 0; s < EDGE; s++) {
    float in[EDGE], out[M];
    for (int r = 0; r < EDGE; r++) in[r] = m[((ulong)(r * EDGE + s) * tiles + tile) * outputs + o];
    OUTPUT_TRANSFORM(float, out, in)
    for (int r = 0; r < M; r++) lines[r][s] = out[r];
  }
  for (int r = 0; r < M && row + r < output_height; r++) {
    float out[M];
    OUTPUT_TRANSFORM(float, out, lines[r])
    for (int s = 0; s < M && col + s < output_width; s++) {
      ulong place = ((picture + row + r) * output_width + col + s) * outputs + o;
      float value = out[s];
      if (has_bias) value += bias[o];
      if (has_residual) value += residual[place];
      y[place] = activated(activation, value);
    }
  }
}
#endif

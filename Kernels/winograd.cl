// 3 x 3 convolutions with stride 1 by Winograd's minimal filtering, y = Aᵀ [ Σ_c (G w Gᵀ) ⊙ (Bᵀ x B) ] A, on overlapping
// tiles of EDGE x EDGE inputs and M x M outputs: 4 (M = 2) or 2.25 (M = 4) multiplications an output and channel instead
// of 9 (Lavin and Gray, CVPR 2016). The program is built once for each M: `winograd4_tiles` is winograd_tiles with M = 4.
//
// Weights are transformed and packed once: [⌈outputs / PANEL⌉][EDGE²][channels][PANEL] in the CPU shape, so that a task
// reads them in one run, and [EDGE²][⌈outputs / PANEL⌉][channels][PANEL] in the GPU shape, a batch of products.
//
// CPU shape: one work-item transforms a block of tiles into local memory, which stays in its core's cache, multiplies
// them with one panel after another, and transforms each product back: nothing but x, weights and y passes through
// memory. Where tiles are few, winograd_taps transforms the weights as well.
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
#define WEIGHT_TRANSFORM(T, o, i) \
  T half_sum = 0.5f * (i[0] + i[2]); \
  o[0] = i[0]; \
  o[1] = fma((T)(0.5f), i[1], half_sum); \
  o[2] = fma((T)(-0.5f), i[1], half_sum); \
  o[3] = i[2];
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
#define WEIGHT_TRANSFORM(T, o, i) \
  T sum = (-1.0f / 6) * (i[0] + i[2]), ends = fma((T)(1.0f / 6), i[2], (1.0f / 24) * i[0]); \
  o[0] = 0.25f * i[0]; \
  o[1] = fma((T)(-1.0f / 6), i[1], sum); \
  o[2] = fma((T)(1.0f / 6), i[1], sum); \
  o[3] = fma((T)(1.0f / 12), i[1], ends); \
  o[4] = fma((T)(-1.0f / 12), i[1], ends); \
  o[5] = i[2];
constant float weight_lines[EDGE][3] = {{1.0f / 4, 0, 0}, {-1.0f / 6, -1.0f / 6, -1.0f / 6},
                                        {-1.0f / 6, 1.0f / 6, -1.0f / 6}, {1.0f / 24, 1.0f / 12, 1.0f / 6},
                                        {1.0f / 24, -1.0f / 12, 1.0f / 6}, {0, 0, 1}};
#endif

// G w Gᵀ: out [EDGE²] of taps [9].
void transform_weights(const wide *taps, wide *out) {
  wide lines[3][EDGE];
#pragma unroll
  for (int t = 0; t < 3; t++) {
    wide in[3];
#pragma unroll
    for (int r = 0; r < 3; r++) in[r] = taps[r * 3 + t];
    WEIGHT_TRANSFORM(wide, lines[t], in)
  }
#pragma unroll
  for (int r = 0; r < EDGE; r++) {
    wide in[3], line[EDGE];
#pragma unroll
    for (int t = 0; t < 3; t++) in[t] = lines[t][r];
    WEIGHT_TRANSFORM(wide, line, in)
#pragma unroll
    for (int s = 0; s < EDGE; s++) out[r * EDGE + s] = line[s];
  }
}

// w: [3, 3, channels, outputs]; one work-item an input channel of an output channel, or of WIDTH side by side; n: the items'
// output channels, with those that fill up the last panel.
// Model of winograd_weights
//   typical: 0.7 operations a byte in convolve h=32 w=32 c=128 o=128 k=3 p=1 algorithm=winograd4
//   needs: 30 registers, 0 bytes local, 256 items: 8 groups a unit by items
//   edge = M + 2
//   results = n * edge * edge
//   loads = 9 * channels * outputs; stores = results
//   operations = n * (3 + edge) * (6 + 8 * (M == 4))
kernel void winograd_weights(global const float *w, global float *packed, int n, int channels, int outputs) {
  int i = get_global_id(0) * WIDTH;
  if (i >= n) return;
  int c = i / PANEL % channels, panel = i / PANEL / channels, o = panel * PANEL + i % PANEL;
  wide taps[9];
#pragma unroll
  for (int tap = 0; tap < 9; tap++) taps[tap] = take(w + ((ulong)tap * channels + c) * outputs + o, outputs - o);
  wide out[EDGE * EDGE];
  transform_weights(taps, out);
#pragma unroll
  for (int place = 0; place < EDGE * EDGE; place++) {
#if SHAPE_CPU
    ulong line = ((ulong)panel * EDGE * EDGE + place) * channels;
#else
    ulong line = ((ulong)place * (n / PANEL / channels) + panel) * channels;
#endif
    put(out[place], packed + (line + c) * PANEL + i % PANEL, WIDTH);
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

// Bᵀ x B of one tile's channels begin ..< end, into v: [EDGE²] each `stride` floats after the other.
void transform_tile(global const float *picture, int row, int col, int height, int width, int channels, int begin,
                    int end, local float *v, int stride) {
  for (int c = begin; c < end; c += VW) {
    vec lines[EDGE][EDGE];
    transform_lines(picture, row, col, height, width, channels, c, lines);
#pragma unroll
    for (int s = 0; s < EDGE; s++) {
      TRANSFORM_COLUMN(out, lines, s)
#pragma unroll
      for (int r = 0; r < EDGE; r++) VSTORE(out[r], 0, v + (r * EDGE + s) * stride + c - begin);
    }
  }
}

// G w Gᵀ of VW outputs of one channel; taps: [9][PANEL], u: [EDGE²] each `stride` floats after the other.
void transform_taps(global const float *taps, local float *u, int stride) {
  vec in[9], out[EDGE * EDGE];
#pragma unroll
  for (int tap = 0; tap < 9; tap++) in[tap] = VLOAD(0, taps + tap * PANEL);
  transform_weights(in, out);
#pragma unroll
  for (int place = 0; place < EDGE * EDGE; place++) VSTORE(out[place], 0, u + place * stride);
}

// Weights of one place and panel times the transformed tiles at the same place: v [tiles][stride], m [tiles][PANEL];
// tiles is a multiple of ROWS. Adds to m when `add`.
#define MULTIPLY_TILES(SPACE, PREFETCH_NEXT) \
  void __attribute__((overloadable)) multiply_tiles(SPACE const float *w, local const float *v, local float *m, \
                                                    int channels, int tiles, int stride, int add) { \
    for (int first = 0; first < tiles; first += ROWS, v += ROWS * stride, m += ROWS * PANEL) { \
      vec sum0[ROWS], sum1[ROWS]; \
      _Pragma("unroll") for (int i = 0; i < ROWS; i++) { \
        sum0[i] = add ? VLOAD(0, m + i * PANEL) : (vec)(0.0f); \
        sum1[i] = add ? VLOAD(1, m + i * PANEL) : (vec)(0.0f); \
      } \
      for (int c = 0; c < channels; c++) { \
        vec w0 = VLOAD(0, w + c * PANEL), w1 = VLOAD(1, w + c * PANEL); \
        if (first == 0) PREFETCH_NEXT(w + c * PANEL); \
        _Pragma("unroll") for (int i = 0; i < ROWS; i++) { \
          vec value = (vec)(v[i * stride + c]); \
          sum0[i] = fma(value, w0, sum0[i]); \
          sum1[i] = fma(value, w1, sum1[i]); \
        } \
      } \
      _Pragma("unroll") for (int i = 0; i < ROWS; i++) { \
        VSTORE(sum0[i], 0, m + i * PANEL); \
        VSTORE(sum1[i], 1, m + i * PANEL); \
      } \
    } \
  }
#define PREFETCH_NOTHING(x)
MULTIPLY_TILES(global, PREFETCH_DEPTH)
MULTIPLY_TILES(local, PREFETCH_NOTHING)

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

// Aᵀ m A of `count` tiles from `first` on, into the panel's outputs; m: [EDGE²][block][PANEL].
void finish_tiles(local const float *m, global const float *bias, global const float *residual, global float *y,
                  int output_height, int output_width, int outputs, int tiles_y, int tiles_x, int first, int count,
                  int block, int panel, int has_bias, int has_residual, int activation) {
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

// What is needed next arrives while places are multiplied, some with each: every EDGE²th of tiles `tile` ..< end.

// What finish_tiles will write and read.
void prefetch_outputs(global const float *residual, global const float *y, int output_height, int output_width,
                      int outputs, int tiles_y, int tiles_x, int tile, int end, int panel, int has_residual) {
  for (; tile < end; tile += EDGE * EDGE) {
    int row = tile / tiles_x % tiles_y * M, col = tile % tiles_x * M;
    ulong picture = (ulong)(tile / tiles_x / tiles_y) * output_height;
    for (int r = row; r < min(row + M, output_height); r++)
      for (int s = col; s < min(col + M, output_width); s++)
        for (int lane = 0; lane < PANEL; lane += LINE) {
          ulong place = ((picture + r) * output_width + s) * outputs + panel * PANEL + lane;
          PREFETCH_TO_WRITE(y + place);
          if (has_residual) PREFETCH(residual + place);
        }
  }
}

// The pixels that tiles to the left and above do not have.
void prefetch_inputs(global const float *x, int height, int width, int channels, int top, int left, int tiles_y,
                     int tiles_x, int tile, int end) {
  for (; tile < end; tile += EDGE * EDGE) {
    int row = tile / tiles_x % tiles_y * M - top + 2, col = tile % tiles_x * M - left + 2;
    global const float *picture = x + (ulong)(tile / tiles_x / tiles_y) * height * width * channels;
    for (int r = row; r < min(row + M, height); r++)
      for (int s = col; s < min(col + M, width); s++)
        for (int c = 0; c < channels; c += LINE) PREFETCH(picture + ((ulong)r * width + s) * channels + c);
  }
}

// Channels begin ..< end of tiles from `first` on, into v. The last of `count` again fills the registers up.
#define TRANSFORM_TILES(first, count, begin, end, v, tile_stride, place_stride) \
  for (int i = 0; i < ((count) + ROWS - 1) / ROWS * ROWS; i++) { \
    int tile = (first) + min(i, (count) - 1), row = tile / tiles_x % tiles_y * M - top, col = tile % tiles_x * M - left; \
    global const float *picture = x + (ulong)(tile / tiles_x / tiles_y) * height * width * channels; \
    transform_tile(picture, row, col, height, width, channels, begin, end, v + i * (tile_stride), place_stride); \
  }

// Items: blocks of `block` tiles, by groups of panels. v: [EDGE²][block][stride], m: [EDGE²][block][PANEL].
kernel void winograd_tiles(ITEM_ARGUMENT global const float *x, global const float *packed,
                           global const float *bias, global const float *residual, global float *y, TILE_ARGUMENTS,
                           int block, int stride, int panels, int panels_per_item, int has_bias, int has_residual,
                           int activation, local float *v, local float *m) {
  int first = ITEM(0) * block, count = min(block, tiles - first), filled = (count + ROWS - 1) / ROWS * ROWS;
  TRANSFORM_TILES(first, count, 0, channels, v, stride, block * stride)
  int end = min(((int)ITEM(1) + 1) * panels_per_item, panels);
  for (int panel = ITEM(1) * panels_per_item; panel < end; panel++) {
    for (int place = 0; place < EDGE * EDGE; place++) {
      prefetch_outputs(residual, y, output_height, output_width, outputs, tiles_y, tiles_x, first + place, first + count,
                       panel, has_residual);
      int end_prefetched = panel + 1 == end ? min(first + 2 * block, tiles) : 0;
      prefetch_inputs(x, height, width, channels, top, left, tiles_y, tiles_x, first + block + place, end_prefetched);
      multiply_tiles(packed + ((ulong)panel * EDGE * EDGE + place) * channels * PANEL, v + place * block * stride,
                     m + place * block * PANEL, channels, filled, stride, 0);
    }
    finish_tiles(m, bias, residual, y, output_height, output_width, outputs, tiles_y, tiles_x, first, count, block, panel,
                 has_bias, has_residual, activation);
  }
}

// The same for all tiles at once, `chunk` channels after the other, with weights that are transformed here: where tiles
// are few, that costs less than reading 16 or 36 floats from memory instead of 9. Items: groups of panels.
// taps: [panels][channels][9][PANEL]; v: [EDGE²][filled][chunk + LINE], u: [EDGE²][chunk][PANEL],
// m: [panels_per_item][EDGE²][filled][PANEL], where `filled` are the tiles that fill the registers up.
kernel void winograd_taps(ITEM_ARGUMENT global const float *x, global const float *taps, global const float *bias,
                          global const float *residual, global float *y, TILE_ARGUMENTS, int chunk, int panels,
                          int panels_per_item, int has_bias, int has_residual, int activation, local float *v,
                          local float *u, local float *m) {
  int filled = (tiles + ROWS - 1) / ROWS * ROWS, m_stride = filled * PANEL;
  // A line more than powers of two, or places would compete for the same lines of the cache.
  int tile_stride = chunk + LINE, v_stride = filled * tile_stride + LINE, u_stride = chunk * PANEL + LINE;
  int begin = ITEM(0) * panels_per_item, end = min(begin + panels_per_item, panels);
  for (int c = 0; c < channels; c += chunk) {
    int size = min(chunk, channels - c);
    TRANSFORM_TILES(0, tiles, c, c + size, v, tile_stride, v_stride)
    for (int panel = begin; panel < end; panel++) {
      global const float *w = taps + ((ulong)panel * channels + c) * 9 * PANEL;
      for (int k = 0; k < size; k++)
        for (int lanes = 0; lanes < PANEL; lanes += VW)
          transform_taps(w + k * 9 * PANEL + lanes, u + k * PANEL + lanes, u_stride);
      // The next taps arrive while these are multiplied.
      int prefetched_panel = panel + 1 < end ? panel + 1 : begin, prefetched_c = panel + 1 < end ? c : c + chunk;
      global const float *prefetched = taps + ((ulong)prefetched_panel * channels + prefetched_c) * 9 * PANEL;
      for (int place = 0; place < EDGE * EDGE; place++) {
        for (int i = place * LINE; i < chunk * 9 * PANEL; i += EDGE * EDGE * LINE) PREFETCH(prefetched + i);
        multiply_tiles(u + place * u_stride, v + place * v_stride,
                       m + ((panel - begin) * EDGE * EDGE + place) * m_stride, size, filled, tile_stride, c > 0);
      }
    }
  }
  for (int panel = begin; panel < end; panel++)
    finish_tiles(m + (panel - begin) * EDGE * EDGE * m_stride, bias, residual, y, output_height, output_width, outputs,
                 tiles_y, tiles_x, 0, tiles, filled, panel, has_bias, has_residual, activation);
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

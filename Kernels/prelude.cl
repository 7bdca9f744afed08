// Put before every program. The host defines SHAPE_CPU (1: one work-item a task with explicit vectors; 0: work-groups
// and local memory) and VW, the native vector width of a CPU device. Defaults let each file compile alone.
#ifndef SHAPE_CPU
#define SHAPE_CPU 0
#endif
#ifndef VW
#define VW 8  // 4, 8 or 16 floats
#endif
#ifndef GROUP
#define GROUP 64  // items of a reduction's work-group, a power of two; 64 in the GPU shape
#endif

// Kernels of the CPU shape that take their place this way can be steps of a sequence (sequence.cl), which says it.
#define ITEM_ARGUMENT
#define ITEM(dimension) get_global_id(dimension)

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
typedef JOIN(float, VW) vec;
typedef JOIN(int, VW) ivec;
typedef vec vec_anywhere __attribute__((aligned(4)));
#if SHAPE_CPU
// One load and one store each: PoCL's vload16 and vstore16 are four.
#define VECTORS_IN(SPACE) \
  vec __attribute__((overloadable)) load_vector(size_t place, SPACE const float *p) { \
    return ((SPACE const vec_anywhere *)p)[place]; \
  } \
  void __attribute__((overloadable)) store_vector(vec value, size_t place, SPACE float *p) { \
    ((SPACE vec_anywhere *)p)[place] = value; \
  }
VECTORS_IN(global)
VECTORS_IN(local)
VECTORS_IN(private)
#define VLOAD load_vector
#define VSTORE store_vector

// Brings a line into the cache before it is read or written. Beyond the end of an array that does nothing.
#if defined(__has_builtin) && !defined(__SPIR__)
#if __has_builtin(__builtin_prefetch)
#define PREFETCH(x) __builtin_prefetch((const void *)(size_t)(x), 0)
#define PREFETCH_TO_WRITE(x) __builtin_prefetch((const void *)(size_t)(x), 1)
#endif
#endif
#ifndef PREFETCH
#define PREFETCH(x)
#define PREFETCH_TO_WRITE(x)
#endif
#define LINE 16  // floats of a line

// The same for a panel's depth that a product comes to 64 depths later, 8 KiB with the widest vectors: a processor looks
// ahead by itself, but stops at each page of 4 KiB.
#define PREFETCH_DEPTH(panel) \
  for (int fetched = 0; fetched < PANEL; fetched += LINE) PREFETCH((panel) + 64 * PANEL + fetched)
#else
#define VLOAD JOIN(vload, VW)
#define VSTORE JOIN(vstore, VW)
#endif

// Columns of a packed panel: what one work-item (CPU) or one work-group (GPU) computes side by side.
#if SHAPE_CPU
#define PANEL (2 * VW)
#else
#define PANEL 64
#endif

#if !SHAPE_CPU
// A product of 64 by 64 that 64 items share, 8 x 8 each: 8 rows side by side, 4 columns, and 4 more half a tile further on,
// so that eight items read 128 bytes in one run and meet in no bank.
#define ITEM_ROW(item) ((item) / 8 * 8)
#define ITEM_COLUMN(item, j) ((item) % 8 * 4 + (j) % 4 + (j) / 4 * 32)

void clear_sums(float4 sums[8][2]) {
#pragma unroll
  for (int i = 0; i < 8; i++) sums[i][0] = sums[i][1] = 0;
}

// Adds one column of rows times one line of columns, 64 floats each.
void add_step(local const float4 *rows, local const float4 *columns, int item, float4 sums[8][2]) {
  float row[8];
  vstore4(rows[item / 8 * 2], 0, row);
  vstore4(rows[item / 8 * 2 + 1], 1, row);
  float4 left = columns[item % 8], right = columns[item % 8 + 8];
#pragma unroll
  for (int i = 0; i < 8; i++) {
    sums[i][0] = fma((float4)(row[i]), left, sums[i][0]);
    sums[i][1] = fma((float4)(row[i]), right, sums[i][1]);
  }
}

// A row's sums, by ITEM_COLUMN.
void row_of_sums(const float4 sums[2], float values[8]) {
  vstore4(sums[0], 0, values);
  vstore4(sums[1], 1, values);
}
#endif

// For kernels that are written once for both shapes: the floats that one work-item takes side by side.
#if SHAPE_CPU
#define WIDTH VW
typedef vec wide;
#else
#define WIDTH 1
typedef float wide;
#endif

// to[0 ..< count] = from for 0 <= count < VW, by halves of a vector: a loop over single floats takes four times as long.
#define IN_PIECES(count, to, from) \
  { \
    int place = 0; \
    if (VW > 8 && (count) & 8) { \
      vstore8(vload8(0, from), 0, to); \
      place = 8; \
    } \
    if (VW > 4 && (count) & 4) { \
      vstore4(vload4(0, (from) + place), 0, (to) + place); \
      place += 4; \
    } \
    if ((count) & 2) { \
      vstore2(vload2(0, (from) + place), 0, (to) + place); \
      place += 2; \
    } \
    if ((count) & 1) (to)[place] = (from)[place]; \
  }

// WIDTH floats, or `count` and `rest`.
wide take_or(global const float *x, int count, float rest) {
#if SHAPE_CPU
  if (count >= VW) return VLOAD(0, x);
  if (count <= 0) return (vec)(rest);
  float lanes[VW];
  VSTORE((vec)(rest), 0, lanes);
  IN_PIECES(count, lanes, x)
  return VLOAD(0, lanes);
#else
  return count > 0 ? *x : rest;
#endif
}

wide take(global const float *x, int count) { return take_or(x, count, 0.0f); }

void put(wide value, global float *y, int count) {
#if SHAPE_CPU
  if (count >= VW) {
    VSTORE(value, 0, y);
    return;
  }
  if (count <= 0) return;
  float lanes[VW];
  VSTORE(value, 0, lanes);
  IN_PIECES(count, y, lanes)
#else
  if (count > 0) *y = value;
#endif
}

#if SHAPE_CPU
// A vector's lanes brought together by halves.
#if VW == 16
#define FOUR(OP, x) OP(OP(x.lo, x.hi).lo, OP(x.lo, x.hi).hi)
#elif VW == 8
#define FOUR(OP, x) OP(x.lo, x.hi)
#else
#define FOUR(OP, x) x
#endif
#define PLUS(a, b) ((a) + (b))
#define MOST(a, b) ((a) > (b) ? (a) : (b))

float sum_lanes(vec x) {
  float4 four = FOUR(PLUS, x);
  float2 two = four.lo + four.hi;
  return two.x + two.y;
}

float largest_lane(vec x) {
  float4 four = FOUR(MOST, x);
  float2 two = MOST(four.lo, four.hi);
  return MOST(two.x, two.y);
}
#else
float sum_lanes(float x) { return x; }
#endif

// Of a convolution.
#define GEOMETRY_ARGUMENTS \
  int height, int width, int channels, int output_height, int output_width, int outputs, int kernel_height, \
  int kernel_width, int stride_y, int stride_x, int dilation_y, int dilation_x, int top, int left

// Model of activated(kind) = 2 * (kind == 0) + 2 * (kind == 1) + 2 * (kind == 2) + 4 * (kind == 3) + 44 * (kind == 4) + 5 * (kind == 5) +
//     4 * (kind == 6) + (kind == 7)
// Values of Swift's Activation, in its order. NaN stays NaN.
enum { NONE, RELU, RELU6, SILU, GELU, GELU_QUICK, SIGMOID, TANH };

// The straight activations are two limits, which NaN passes.
#define LOWEST(T, kind) (T)((kind) == NONE ? -INFINITY : 0.0f)
#define HIGHEST(T, kind) (T)((kind) == RELU6 ? 6.0f : INFINITY)

// Curves inlined beside a loop would have its sums leave the registers.
#if SHAPE_CPU
#define APART __attribute__((noinline))
#else
#define APART
#endif

// Φ(−a), the normal distribution's tail: e^(−a²/2) · erfcx(a / √2) / 2, the second factor as a rational function (a fit of
// 6e-9 for a to 15, where the tail is 0). Every term is positive, so nothing cancels. *density: e^(−a²/2), whose argument
// is that of a's upper half, exact, and a rest below 0.06.
#define DEFINE_TAIL(T, NAME) \
  T NAME(T a, T *density) { \
    a = select(a, (T)15.0f, isgreater(a, (T)15.0f)); \
    T upper = a * 4097.0f; \
    upper = upper - (upper - a); \
    T rest = -0.5f * (a - upper) * (a + upper); \
    *density = exp(-0.5f * upper * upper) * (1.0f + rest * (1.0f + rest * (0.5f + rest * 0.16666667f))); \
    T over = 0.5f + a * (0.43928426f + a * (0.183969773f + a * (0.0408813468f + a * 0.0041532631f))); \
    T under = 1.0f + a * (1.67645353f + a * (1.20555088f + a * (0.471410376f + a * (0.102480456f + a * 0.0104105751f)))); \
    return *density * (over / under); \
  }

// The straight ones are two limits, without a call or a branch for each vector.
#define DEFINE_ACTIVATION(T, NAME) \
  DEFINE_TAIL(T, JOIN(NAME, _tail)) \
  APART T JOIN(NAME, _curve)(int kind, T x) { \
    T density; \
    switch (kind) { \
    case SILU: return x / (1.0f + exp(-x)); \
    case GELU: return max(x, (T)0.0f) - (x > 15.0f ? (T)15.0f : fabs(x)) * JOIN(NAME, _tail)(fabs(x), &density); \
    case GELU_QUICK: return x / (1.0f + exp(-1.702f * x)); \
    case SIGMOID: return 1.0f / (1.0f + exp(-x)); \
    case TANH: return tanh(x); \
    default: return x; \
    } \
  } \
  T NAME(int kind, T x) { \
    if (kind > RELU6) return JOIN(NAME, _curve)(kind, x); \
    x = select(x, LOWEST(T, kind), isless(x, LOWEST(T, kind))); \
    return select(x, HIGHEST(T, kind), isgreater(x, HIGHEST(T, kind))); \
  }

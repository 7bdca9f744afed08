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

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
typedef JOIN(float, VW) vec;
typedef JOIN(int, VW) ivec;
#define VLOAD JOIN(vload, VW)
#define VSTORE JOIN(vstore, VW)

// Columns of a packed panel: what one work-item (CPU) or one work-group (GPU) computes side by side.
#if SHAPE_CPU
#define PANEL (2 * VW)
#else
#define PANEL 64
#endif

// For kernels that are written once for both shapes: the floats that one work-item takes side by side.
#if SHAPE_CPU
#define WIDTH VW
typedef vec wide;
#else
#define WIDTH 1
typedef float wide;
#endif

// WIDTH floats, or `count` and `rest`.
wide take_or(global const float *x, int count, float rest) {
#if SHAPE_CPU
  if (count >= VW) return VLOAD(0, x);
  float lanes[VW];
  for (int lane = 0; lane < VW; lane++) lanes[lane] = lane < count ? x[lane] : rest;
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
  float lanes[VW];
  VSTORE(value, 0, lanes);
  for (int lane = 0; lane < count; lane++) y[lane] = lanes[lane];
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

// Values of Swift's Activation, in its order. NaN stays NaN.
enum { NONE, RELU, RELU6, SILU, GELU, GELU_QUICK, SIGMOID, TANH };

#define DEFINE_ACTIVATION(T, NAME) \
  T NAME(int kind, T x) { \
    switch (kind) { \
    case RELU: return select(x, (T)(0.0f), isless(x, (T)(0.0f))); \
    case RELU6: \
      x = select(x, (T)(0.0f), isless(x, (T)(0.0f))); \
      return select(x, (T)(6.0f), isgreater(x, (T)(6.0f))); \
    case SILU: return x / (1.0f + exp(-x)); \
    case GELU: return 0.5f * x * (1.0f + erf(x * 0.70710678f)); \
    case GELU_QUICK: return x / (1.0f + exp(-1.702f * x)); \
    case SIGMOID: return 1.0f / (1.0f + exp(-x)); \
    case TANH: return tanh(x); \
    default: return x; \
    } \
  }

// Element-wise operations. CPU shape: an item takes ELEMENTS one after the other, a vector at a time; GPU shape: one.
// Values of `operation` and `kind` are those of Swift's enums, in their order; switches stand outside the loops.
#if !SHAPE_CPU
#define ELEMENTS 1
#elif !defined(ELEMENTS)
#define ELEMENTS 4096
#endif

// An item's share of n elements: `count` from `first` on, none beyond the end.
#define SHARE int first = get_global_id(0) * ELEMENTS, count = min(n - first, ELEMENTS);
// y = value for them all, where OF(x) is what x has at the place.
#define EACH(value) for (int i = 0; i < count; i += WIDTH) put(value, y + first + i, count - i)
#define OF(x) take((x) + first + i, count - i)

DEFINE_ACTIVATION(wide, activated)

// Model of elementwise_fill: results = n; stores = n
kernel void elementwise_fill(global float *y, int n, float value) {
  SHARE
  EACH((wide)value);
}

// Model of elementwise_map: results = n; loads = n; stores = n; operations = n
kernel void elementwise_map(global const float *x, global float *y, int n, int operation) {
  SHARE
  switch (operation) {
  case 0: EACH(sqrt(OF(x))); break;
  case 1: EACH(OF(x) * OF(x)); break;
  case 2: EACH(fabs(OF(x))); break;
  case 3: EACH(exp(OF(x))); break;
  case 4: EACH(log(OF(x))); break;
  case 5: EACH(1.0f / OF(x)); break;
  }
}

// A NaN in either operand wins.
wide larger(wide a, wide b) { return a > b || a != a ? a : b; }
wide smaller(wide a, wide b) { return a < b || a != a ? a : b; }

// EVERY(value) for the operation chosen, of operands A and B.
#define COMBINE(EVERY, A, B) \
  switch (operation) { \
  case 0: EVERY((A) + (B)); break; \
  case 1: EVERY((A) - (B)); break; \
  case 2: EVERY((A) * (B)); break; \
  case 3: EVERY((A) / (B)); break; \
  case 4: EVERY(larger(A, B)); break; \
  default: EVERY(smaller(A, B)); \
  }

// Model of elementwise_combine: results = n; loads = 2 * n; stores = n; operations = n * (1 + 0.5 * (3 < operation))
kernel void elementwise_combine(global const float *a, global const float *b, global float *y, int n, int operation) {
  SHARE
  COMBINE(EACH, OF(a), OF(b))
}

// x, y: [rows, columns], v: [columns]
// Model of elementwise_combine_rows: results = n; loads = 2 * n; stores = n; operations = n * (1 + 0.5 * (3 < operation))
kernel void elementwise_combine_rows(global const float *x, global const float *v, global float *y, int n, int columns,
                                     int operation) {
  SHARE
  if (count <= 0) return;
  int column = first % columns;
#if SHAPE_CPU
  // Short rows: v again and again, so that vectors go across the ends of rows.
  enum { SHORT = 64 };
  if (columns <= SHORT) {
    float repeated[SHORT + VW];
    for (int i = 0; i < columns + VW; i++) repeated[i] = v[i % columns];
    int step = VW % columns;
#define EACH_REPEATED(value) \
    for (int i = 0; i < count; i += VW, column += column + step < columns ? step : step - columns) \
      put(value, y + first + i, count - i)
    COMBINE(EACH_REPEATED, OF(x), VLOAD(0, repeated + column))
    return;
  }
  for (int whole = count, begin = first; whole > 0; column = 0) {
    first = begin;
    count = min(columns - column, whole);
    COMBINE(EACH, OF(x), take(v + column + i, count - i))
    begin += count;
    whole -= count;
  }
#else
  COMBINE(EACH, OF(x), v[column])
#endif
}

// Model of elementwise_affine: results = n; loads = n; stores = n; operations = 2 * n
kernel void elementwise_affine(global const float *x, global float *y, int n, float scale, float shift) {
  SHARE
  EACH(scale * OF(x) + shift);
}

// NaN passes both limits.
wide limited(wide x, wide lower, wide upper) { return x < lower ? lower : (x > upper ? upper : x); }

// Model of elementwise_clamp: results = n; loads = n; stores = n; operations = 2 * n
kernel void elementwise_clamp(global const float *x, global float *y, int n, float lower, float upper) {
  SHARE
  EACH(limited(OF(x), lower, upper));
}

// Model of elementwise_activate: results = n; loads = n; stores = n; operations = n * activated(kind)
kernel void elementwise_activate(global const float *x, global float *y, int n, int kind) {
  SHARE
  EACH(activated(kind, OF(x)));
}

// The derivative of a curved activation at x.
APART wide slope(int kind, wide x) {
  switch (kind) {
  case SILU: {
    wide s = 1.0f / (1.0f + exp(-x));
    return s * (1.0f + x * (1.0f - s));
  }
  case GELU: {
    // Φ(x) + x φ(x)
    wide density, tail = activated_tail(fabs(x), &density);
    return (x > 0.0f ? 1.0f - tail : tail) + x * 0.39894228f * density;
  }
  case GELU_QUICK: {
    wide s = 1.0f / (1.0f + exp(-1.702f * x));
    return s * (1.0f + 1.702f * x * (1.0f - s));
  }
  case SIGMOID: {
    wide s = 1.0f / (1.0f + exp(-x));
    return s * (1.0f - s);
  }
  default: {
    wide t = tanh(x);
    return (1.0f - t) * (1.0f + t);
  }
  }
}

// dy where `flat` is false, and dy · 0, which may be NaN, where it is true.
#define UNLESS(flat, dy) (dy) * ((flat) ? (wide)0.0f : (wide)1.0f)

// Model of slope(kind) = (kind == 1) + 2 * (kind == 2) + 8 * (kind == 3) + 44 * (kind == 4) + 9 * (kind == 5) +
//     6 * (kind == 6) + 4 * (kind == 7)
// ReLU's kinks are as PyTorch has them, and NaN in x lets the gradient pass.
// Model of elementwise_activate_backward: results = n; loads = 2 * n; stores = n; operations = n * (1 + slope(kind))
kernel void elementwise_activate_backward(global const float *x, global const float *dy, global float *dx, int n,
                                          int kind) {
  SHARE
  global float *y = dx;
  switch (kind) {
  case NONE: EACH(OF(dy)); break;
  case RELU: EACH(UNLESS(OF(x) <= 0.0f, OF(dy))); break;
  case RELU6: EACH(UNLESS(OF(x) <= 0.0f || OF(x) >= 6.0f, OF(dy))); break;
  default: EACH(OF(dy) * slope(kind, OF(x)));
  }
}

// Element-wise operations: one work-item an element. Straight-line, so that compilers vectorise across work-items.
// Values of `operation` and `kind` are those of Swift's enums, in their order.
DEFINE_ACTIVATION(float, activated)

// Model of elementwise_fill: results = n; stores = n
kernel void elementwise_fill(global float *y, int n, float value) {
  int i = get_global_id(0);
  if (i < n) y[i] = value;
}

// Model of elementwise_map: results = n; loads = n; stores = n; operations = n
kernel void elementwise_map(global const float *x, global float *y, int n, int operation) {
  int i = get_global_id(0);
  if (i >= n) return;
  float v = x[i];
  switch (operation) {
  case 0: y[i] = sqrt(v); break;
  case 1: y[i] = v * v; break;
  case 2: y[i] = fabs(v); break;
  case 3: y[i] = exp(v); break;
  case 4: y[i] = log(v); break;
  case 5: y[i] = 1.0f / v; break;
  }
}

float combined(int operation, float a, float b) {
  switch (operation) {
  case 0: return a + b;
  case 1: return a - b;
  case 2: return a * b;
  case 3: return a / b;
  case 4: return a > b || isnan(a) ? a : b;
  default: return a < b || isnan(a) ? a : b;
  }
}

// Model of elementwise_combine: results = n; loads = 2 * n; stores = n; operations = n * (1 + 0.5 * (3 < operation))
kernel void elementwise_combine(global const float *a, global const float *b, global float *y, int n, int operation) {
  int i = get_global_id(0);
  if (i < n) y[i] = combined(operation, a[i], b[i]);
}

// x, y: [rows, columns], v: [columns]
// Model of elementwise_combine_rows: results = n; loads = 2 * n; stores = n; operations = n * (1 + 0.5 * (3 < operation))
kernel void elementwise_combine_rows(global const float *x, global const float *v, global float *y, int n, int columns,
                                     int operation) {
  int i = get_global_id(0);
  if (i < n) y[i] = combined(operation, x[i], v[i % columns]);
}

// Model of elementwise_affine: results = n; loads = n; stores = n; operations = 2 * n
kernel void elementwise_affine(global const float *x, global float *y, int n, float scale, float shift) {
  int i = get_global_id(0);
  if (i < n) y[i] = scale * x[i] + shift;
}

// Model of elementwise_clamp: results = n; loads = n; stores = n; operations = 2 * n
kernel void elementwise_clamp(global const float *x, global float *y, int n, float lower, float upper) {
  int i = get_global_id(0);
  if (i >= n) return;
  float v = x[i];
  y[i] = v < lower ? lower : (v > upper ? upper : v);
}

// Model of elementwise_activate: results = n; loads = n; stores = n; operations = n * activated(kind)
kernel void elementwise_activate(global const float *x, global float *y, int n, int kind) {
  int i = get_global_id(0);
  if (i < n) y[i] = activated(kind, x[i]);
}

// The derivative of each activation at x; ReLU's kinks as PyTorch has them, and NaN in x lets the gradient pass.
float slope(int kind, float x) {
  switch (kind) {
  case RELU: return x <= 0.0f ? 0.0f : 1.0f;
  case RELU6: return x <= 0.0f || x >= 6.0f ? 0.0f : 1.0f;
  case SILU: {
    float s = 1.0f / (1.0f + exp(-x));
    return s * (1.0f + x * (1.0f - s));
  }
  case GELU: return 0.5f * (1.0f + erf(x * 0.70710678f)) + x * 0.39894228f * exp(-0.5f * x * x);
  case GELU_QUICK: {
    float s = 1.0f / (1.0f + exp(-1.702f * x));
    return s * (1.0f + 1.702f * x * (1.0f - s));
  }
  case SIGMOID: {
    float s = 1.0f / (1.0f + exp(-x));
    return s * (1.0f - s);
  }
  case TANH: {
    float t = tanh(x);
    return (1.0f - t) * (1.0f + t);
  }
  default: return 1.0f;
  }
}

// Model of slope(kind) = (kind == 1) + 2 * (kind == 2) + 8 * (kind == 3) + 10 * (kind == 4) + 9 * (kind == 5) +
//     6 * (kind == 6) + 4 * (kind == 7)
// Model of elementwise_activate_backward: results = n; loads = 2 * n; stores = n; operations = n * (1 + slope(kind))
kernel void elementwise_activate_backward(global const float *x, global const float *dy, global float *dx, int n,
                                          int kind) {
  int i = get_global_id(0);
  if (i < n) dx[i] = dy[i] * slope(kind, x[i]);
}

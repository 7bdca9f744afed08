// Optimisers: one pass over values, their gradients and what is remembered of earlier ones; all of n floats, changed in place.
// factor: [1], what every gradient is multiplied by, for clipping. Where it is not finite nothing is changed, so that values
// from before a failure stay (three operations of the models are that question). One work-item an element, straight-line, so that compilers vectorise across work-items.

// With g = factor · gradient + coupled · w: m ← m + first · (g − m), v ← v + second · (g² − v),
// w ← kept · w − rate · m / (√v · root + ε)
// Model of optimizer_adam: results = n; loads = 5 * n; stores = 3 * n; operations = 20 * n
kernel void optimizer_adam(global float *w, global const float *gradient, global float *m, global float *v,
                           global const float *factor, int n, float first, float second, float rate, float root,
                           float epsilon, float coupled, float kept) {
  int i = get_global_id(0);
  if (i >= n || !isfinite(factor[0])) return;
  float value = w[i], g = factor[0] * gradient[i] + coupled * value;
  float mean = m[i] + first * (g - m[i]);
  float square = v[i] + second * (g * g - v[i]);
  m[i] = mean;
  v[i] = square;
  w[i] = kept * value - rate * mean / (sqrt(square) * root + epsilon);
}

// With g = factor · gradient + decay · w: u ← momentum · u + share · g, w ← w − rate · (nesterov ? g + momentum · u : u)
// Model of optimizer_momentum: results = n; loads = 4 * n; stores = 2 * n; operations = 12 * n
kernel void optimizer_momentum(global float *w, global const float *gradient, global float *u,
                               global const float *factor, int n, float rate, float momentum, float share, float decay,
                               int nesterov) {
  int i = get_global_id(0);
  if (i >= n || !isfinite(factor[0])) return;
  float value = w[i], g = factor[0] * gradient[i] + decay * value;
  float velocity = momentum * u[i] + share * g;
  u[i] = velocity;
  w[i] = value - rate * (nesterov ? g + momentum * velocity : velocity);
}

// y ← y + weight · (x − y)
// Model of optimizer_blend: results = n; loads = 2 * n; stores = n; operations = 3 * n
kernel void optimizer_blend(global const float *x, global float *y, int n, float weight) {
  int i = get_global_id(0);
  if (i < n) y[i] = y[i] + weight * (x[i] - y[i]);
}

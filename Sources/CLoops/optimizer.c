#include "loops.h"
#include "clones.h"
#include <math.h>

CLONES void fl_adam(float *restrict w, const float *restrict gradient, float *restrict m, float *restrict v, long n,
                    const fl_adam_step *step) {
  const fl_adam_step s = *step;
  for (long i = 0; i < n; i++) {
    float g = s.factor * gradient[i] + s.coupled * w[i];
    float mean = m[i] + s.first * (g - m[i]), square = v[i] + s.second * (g * g - v[i]);
    m[i] = mean;
    v[i] = square;
    w[i] = s.kept * w[i] - s.rate * mean / (__builtin_sqrtf(square) * s.root + s.epsilon);
  }
}

CLONES void fl_momentum(float *restrict w, const float *restrict gradient, float *restrict u, long n,
                        const fl_momentum_step *step) {
  const fl_momentum_step s = *step;
  // What nesterov adds: g and one more step of momentum.
  const float now = s.nesterov ? 1.0f : 0.0f, again = s.nesterov ? s.momentum : 1.0f;
  for (long i = 0; i < n; i++) {
    float g = s.factor * gradient[i] + s.decay * w[i];
    float velocity = s.momentum * u[i] + s.share * g;
    u[i] = velocity;
    w[i] -= s.rate * (now * g + again * velocity);
  }
}

CLONES void fl_blend(const float *restrict x, float *restrict y, long n, float weight) {
  for (long i = 0; i < n; i++) y[i] += weight * (x[i] - y[i]);
}

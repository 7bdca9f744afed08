#include "loops.h"
#include "clones.h"
#include "exponential.h"
#include <math.h>
#include <string.h>

enum { LANES = 16 };

// Words of counters first ..< first + LANES by Philox4x32-10, key: seed's two words, stream, step.
static inline __attribute__((always_inline)) void philox(const uint32_t *key, uint32_t first,
                                                         uint32_t words[4][LANES]) {
  uint32_t key0 = key[0], key1 = key[1];
  for (uint32_t lane = 0; lane < LANES; lane++) {
    words[0][lane] = first + lane;
    words[1][lane] = 0;
    words[2][lane] = key[2];
    words[3][lane] = key[3];
  }
  for (int round = 0; round < 10; round++, key0 += 0x9E3779B9u, key1 += 0xBB67AE85u)
    for (int lane = 0; lane < LANES; lane++) {
      uint64_t a = (uint64_t)0xD2511F53u * words[0][lane], b = (uint64_t)0xCD9E8D57u * words[2][lane];
      words[0][lane] = (uint32_t)(b >> 32) ^ words[1][lane] ^ key0;
      words[1][lane] = (uint32_t)b;
      words[2][lane] = (uint32_t)(a >> 32) ^ words[3][lane] ^ key1;
      words[3][lane] = (uint32_t)a;
    }
}

// ln x of a normal number to 1 ulp (Cephes).
static inline float logarithm(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  // x = m · 2^e with m in √½ … √2.
  int32_t e = (int32_t)(bits - 0x3F3504F3u) >> 23;
  bits -= (uint32_t)e << 23;
  float m, n = (float)e;
  memcpy(&m, &bits, sizeof m);
  m -= 1.0f;
  float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f;
  p = p * m + 1.1676998740e-1f;
  p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f;
  p = p * m - 1.6668057665e-1f;
  p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f;
  p = p * m + 3.3333331174e-1f;
  float square = m * m;
  p = p * m * square - 2.12194440e-4f * n - 0.5f * square;
  return m + p + 0.693359375f * n;
}

// cos 2πv and sin 2πv for v in 0 … 1: the nearest quarter turn, and series in the rest, at most π/4.
static inline void turn(float v, float *cosine, float *sine) {
  float quarter = __builtin_rintf(4.0f * v), x = (v - 0.25f * quarter) * 6.28318530717958648f, square = x * x;
  float s = x
            * (1.0f + square * (-1.0f / 6 + square * (1.0f / 120 + square * (-1.0f / 5040 + square * (1.0f / 362880)))));
  float c = 1.0f + square * (-0.5f + square * (1.0f / 24 + square * (-1.0f / 720 + square * (1.0f / 40320))));
  int32_t q = (int32_t)quarter & 3;
  float swapped_c = q & 1 ? s : c, swapped_s = q & 1 ? c : s;
  *cosine = q == 1 || q == 2 ? -swapped_c : swapped_c;
  *sine = q >= 2 ? -swapped_s : swapped_s;
}

CLONES void fl_random(int distribution, const uint32_t *key, uint32_t first, float *y, long n) {
  for (long begin = 0; begin < n; begin += 4 * LANES, first += LANES) {
    uint32_t words[4][LANES];
    float values[4][LANES], block[4 * LANES];
    philox(key, first, words);
    for (int i = 0; i < 4; i++)
      for (int lane = 0; lane < LANES; lane++) values[i][lane] = ((float)(int32_t)(words[i][lane] >> 9) + 0.5f) * 0x1p-23f;
    if (distribution == FL_NORMAL)
      for (int i = 0; i < 4; i += 2)
        for (int lane = 0; lane < LANES; lane++) {
          float radius = sqrtf(-2.0f * logarithm(values[i][lane])), cosine, sine;
          turn(values[i + 1][lane], &cosine, &sine);
          values[i][lane] = radius * cosine;
          values[i + 1][lane] = radius * sine;
        }
    for (int i = 0; i < 4; i++)
      for (int lane = 0; lane < LANES; lane++) block[4 * lane + i] = values[i][lane];
    memcpy(y + begin, block, (size_t)smaller(n - begin, 4 * LANES) * sizeof *y);
  }
}

CLONES void fl_sample(const float *means, const float *log_variances, float *z, long n) {
  for (long i = 0; i < n; i++) {
    float x = log_variances[i];
    x = x < -30.0f ? -30.0f : (x > 20.0f ? 20.0f : x);
    z[i] = means[i] + exponential(0.5f * x) * z[i];
  }
}

CLONES void fl_sample_backward(const float *means, const float *log_variances, const float *z, const float *dz,
                               float *dx, long n) {
  for (long i = 0; i < n; i++) {
    float x = log_variances[i], slope = 0.5f * dz[i] * (z[i] - means[i]);
    dx[i] = x < -30.0f || x > 20.0f ? 0.0f : slope;
  }
}

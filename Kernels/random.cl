// Philox4x32-10 (Salmon et al. 2011). Element i is word i mod 4 of counter (i / 4, 0, stream, step); some 100 integer
// operations a counter, and for normals a logarithm, a root, a sine and a cosine a pair of elements.
// CPU shape: one work-item takes VW counters; GPU shape: one.
#if SHAPE_CPU
typedef JOIN(uint, VW) uwide;
#define TO_FLOAT JOIN(convert_float, VW)
#else
typedef uint uwide;
#define TO_FLOAT convert_float
#endif

enum { UNIFORM, NORMAL, SAMPLE };

wide uniform(uwide word) { return (TO_FLOAT(word >> 9) + 0.5f) * 0x1p-23f; }

// y: n elements; means and log_variances are read for samples only.
// The model has floating point only; beside it there are some 25 integer operations an output.
// Model of random_fill
//   typical: 1.5 operations a byte in fillRandom n=1048576 kind=normal seed=1
//   needs: 24 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   results = n
//   loads = 2 * n * (distribution == 2); stores = n
//   operations = items * (8 + 16 * (0 < distribution)) + 6 * n * (distribution == 2)
kernel void random_fill(global const float *means, global const float *log_variances, global float *y, int n,
                        int distribution, int seed_low, int seed_high, int stream, int step) {
  int first = get_global_id(0) * WIDTH;
  uwide words[4];
  uint counters[WIDTH];
  for (int lane = 0; lane < WIDTH; lane++) counters[lane] = first + lane;
#if SHAPE_CPU
  words[0] = JOIN(vload, VW)(0, counters);
#else
  words[0] = counters[0];
#endif
  words[1] = 0;
  words[2] = (uint)stream;
  words[3] = (uint)step;
  uint key0 = seed_low, key1 = seed_high;
#pragma unroll
  for (int round = 0; round < 10; round++) {
    uwide high0 = mul_hi((uwide)0xD2511F53u, words[0]), low0 = words[0] * 0xD2511F53u;
    uwide high1 = mul_hi((uwide)0xCD9E8D57u, words[2]), low1 = words[2] * 0xCD9E8D57u;
    words[0] = high1 ^ words[1] ^ key0;
    words[1] = low1;
    words[2] = high0 ^ words[3] ^ key1;
    words[3] = low0;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  wide values[4];
#pragma unroll
  for (int i = 0; i < 4; i++) values[i] = uniform(words[i]);
  if (distribution != UNIFORM)
#pragma unroll
    for (int i = 0; i < 4; i += 2) {
      wide radius = sqrt(-2.0f * log(values[i])), angle = 2.0f * values[i + 1];
      values[i] = radius * cospi(angle);
      values[i + 1] = radius * sinpi(angle);
    }
  float lanes[4][WIDTH];
  for (int i = 0; i < 4; i++) {
#if SHAPE_CPU
    VSTORE(values[i], 0, lanes[i]);
#else
    lanes[i][0] = values[i];
#endif
  }
  for (int lane = 0; lane < WIDTH; lane++)
    for (int i = 0; i < 4; i++) {
      // Unsigned: the last items may reach past 2³¹.
      uint place = (uint)(first + lane) * 4 + i;
      if (place >= (uint)n) return;
      float value = lanes[i][lane];
      if (distribution == SAMPLE) {
        float x = log_variances[place];
        // Not clamp(), which may lose NaN.
        x = x < -30.0f ? -30.0f : (x > 20.0f ? 20.0f : x);
        value = means[place] + exp(0.5f * x) * value;
      }
      y[place] = value;
    }
}

// Model of random_sample_backward: results = n; loads = 4 * n; stores = n; operations = 5 * n
kernel void random_sample_backward(global const float *means, global const float *log_variances, global const float *z,
                                   global const float *dz, global float *dx, int n) {
  int i = get_global_id(0);
  if (i >= n) return;
  float x = log_variances[i];
  dx[i] = x < -30.0f || x > 20.0f ? 0.0f : 0.5f * dz[i] * (z[i] - means[i]);
}

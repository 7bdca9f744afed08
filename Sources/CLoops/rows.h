// Bodies of rows.c, included there once for each instruction set, with VW, the floats of a vector, and NAME, which makes a
// name the instruction set's own. Vectors are explicit, since a compiler left to choose takes half of the widest ones and
// keeps sums in memory.

typedef float NAME(vec) __attribute__((ext_vector_type(VW), aligned(4)));
#define vec NAME(vec)
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")
#define EACH_CHAIN UNROLL for (int chain = 0; chain < CHAINS; chain++)

INLINE vec NAME(load)(const float *x) { return *(const vec *)x; }
INLINE void NAME(store)(vec value, float *y) { *(vec *)y = value; }

// x[0 ..< count] and `rest` beyond.
INLINE vec NAME(load_part)(const float *x, long count, float rest) {
  if (count >= VW) return NAME(load)(x);
  float values[VW];
  UNROLL
  for (long lane = 0; lane < VW; lane++) values[lane] = lane < count ? x[lane] : rest;
  return NAME(load)(values);
}

INLINE void NAME(store_part)(vec value, float *y, long count) {
  if (count >= VW) {
    NAME(store)(value, y);
    return;
  }
  float values[VW];
  NAME(store)(value, values);
  for (long lane = 0; lane < count; lane++) y[lane] = values[lane];
}

#define ADD(a, b) ((a) + (b))
#define MOST(a, b) ((a) > (b) ? (a) : (b))
#if VW == 16
#define FOUR(OP, x) OP(OP(x.lo, x.hi).lo, OP(x.lo, x.hi).hi)
#elif VW == 8
#define FOUR(OP, x) OP(x.lo, x.hi)
#else
#define FOUR(OP, x) x
#endif
// One value of all chains' vec, by halves.
#define TREE(OP, chains, result) \
  UNROLL \
  for (int step = CHAINS / 2; step; step /= 2) \
    UNROLL \
    for (int chain = 0; chain < step; chain++) chains[chain] = OP(chains[chain], chains[chain + step]); \
  __typeof__(FOUR(OP, chains[0])) four = FOUR(OP, chains[0]); \
  __typeof__(four.lo) two = OP(four.lo, four.hi); \
  result = OP(two.x, two.y)

INLINE float NAME(sum)(vec *chains) {
  float sum;
  TREE(ADD, chains, sum);
  return sum;
}

INLINE float NAME(most)(vec *chains) {
  float most;
  TREE(MOST, chains, most);
  return most;
}

// Vectors of elements from `begin` to `end`, several at a time, each with its own chain of sums; the last ones are left to
// chain 0. `count` elements are left from element i on.
#define STRIDES(begin, end, ...) \
  do { \
    long i = (begin), last = (end); \
    while (i + CHAINS * VW <= last) \
      UNROLL \
      for (int chain = 0; chain < CHAINS; chain++, i += VW) { \
        enum { count = VW }; \
        __VA_ARGS__; \
      } \
    for (; i < last; i += VW) { \
      enum { chain = 0 }; \
      long count = last - i; \
      __VA_ARGS__; \
    } \
  } while (0)

// eˣ for x ≤ 0 to 2 ulp, 0 below the normal numbers, NaN for NaN: as exponential() of exponential.h.
INLINE vec NAME(exponential)(vec x) {
#pragma clang fp contract(fast)
  const float round = 12582912.0f + 127;  // 1.5 · 2²³: sums with it are whole, and end in the bits of n + 127
  vec shifted = x * 1.44269504088896341f + round, n = shifted - round;
  vec r = x - n * 0.693359375f + n * 2.12194440e-4f;
  vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = (p * r + 1.0f) * r + 1.0f;
  typedef int32_t NAME(whole) __attribute__((ext_vector_type(VW)));
  NAME(whole) bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits <<= 23;
  vec power;
  memcpy(&power, &bits, sizeof power);
  return x < -87.0f ? 0.0f : p * power;
}

static void NAME(softmax_rows)(const float *x, float *y, long rows, long n, int logarithmic) {
  for (long row = 0; row < rows; row++, x += n, y += n) {
    vec most[CHAINS], sums[CHAINS] = {0};
    EACH_CHAIN most[chain] = -INFINITY;
    STRIDES(0, n, most[chain] = MOST(NAME(load_part)(x + i, count, -INFINITY), most[chain]));
    float largest = NAME(most)(most);
    if (logarithmic) {
      STRIDES(0, n, sums[chain] += NAME(exponential)(NAME(load_part)(x + i, count, -INFINITY) - largest));
      float offset = largest + logf(NAME(sum)(sums));
      STRIDES(0, n, NAME(store_part)(NAME(load_part)(x + i, count, 0) - offset, y + i, count));
    } else {
      STRIDES(0, n, {
        vec e = NAME(exponential)(NAME(load_part)(x + i, count, -INFINITY) - largest);
        NAME(store_part)(e, y + i, count);
        sums[chain] += e;
      });
      float factor = 1.0f / NAME(sum)(sums);
      STRIDES(0, n, NAME(store_part)(NAME(load_part)(y + i, count, 0) * factor, y + i, count));
    }
  }
}

// dx = y (dy − Σ y dy), or dy − e^y Σ dy of logarithms.
static void NAME(softmax_backward_rows)(const float *y, const float *dy, float *dx, long rows, long n, int logarithmic) {
#pragma clang fp contract(fast)
  for (long row = 0; row < rows; row++, y += n, dy += n, dx += n) {
    vec sums[CHAINS] = {0};
    if (logarithmic) {
      STRIDES(0, n, sums[chain] += NAME(load_part)(dy + i, count, 0));
      float sum = NAME(sum)(sums);
      STRIDES(0, n, {
        vec e = NAME(exponential)(NAME(load_part)(y + i, count, 0));
        NAME(store_part)(NAME(load_part)(dy + i, count, 0) - e * sum, dx + i, count);
      });
    } else {
      STRIDES(0, n, sums[chain] += NAME(load_part)(dy + i, count, 0) * NAME(load_part)(y + i, count, 0));
      float sum = NAME(sum)(sums);
      STRIDES(0, n, {
        vec value = NAME(load_part)(y + i, count, 0);
        NAME(store_part)(value * (NAME(load_part)(dy + i, count, 0) - sum), dx + i, count);
      });
    }
  }
}

// Σ (x − centre)^power over runs of 4096, power 1 or 2.
INLINE float NAME(sum_of)(const float *x, long n, float centre, int power) {
#pragma clang fp contract(fast)
  float total = 0;
  for (long begin = 0; begin < n; begin += RUN) {
    vec sums[CHAINS] = {0};
    STRIDES(begin, smaller(begin + RUN, n), {
      vec rest = NAME(load_part)(x + i, count, centre) - centre;
      sums[chain] += power == 2 ? rest * rest : rest;
    });
    total += NAME(sum)(sums);
  }
  return total;
}

static float NAME(sum_of_run)(const float *x, long n, int power) {
  return power == 1 ? NAME(sum_of)(x, n, 0, 1) : NAME(sum_of)(x, n, 0, 2);
}

// A long run by itself.
INLINE void NAME(normalize_long)(const float *x, long n, const float *scale, const float *shift, float epsilon, float *y,
                                 float *mean, float *variance) {
#pragma clang fp contract(fast)
  float centre = NAME(sum_of)(x, n, 0, 1) / (float)n, spread = NAME(sum_of)(x, n, centre, 2) / (float)n;
  float factor = 1.0f / sqrtf(spread + epsilon);
  *mean = centre;
  *variance = spread;
  STRIDES(0, n, {
    vec value = (NAME(load_part)(x + i, count, 0) - centre) * factor;
    if (scale) value *= NAME(load_part)(scale + i, count, 0);
    if (shift) value += NAME(load_part)(shift + i, count, 0);
    NAME(store_part)(value, y + i, count);
  });
}

#define EACH_RUN UNROLL for (int run = 0; run < runs; run++)
// The sums of each of the runs, a chain each.
#define SUM_RUNS(term, result) \
  do { \
    vec sums[SIDE] = {0}; \
    long i = 0; \
    for (; i + VW <= n; i += VW) EACH_RUN { \
        vec value = NAME(load)(x + run * n + i); \
        sums[run] += term; \
      } \
    if (i < n) EACH_RUN { \
        vec value = NAME(load_part)(x + run * n + i, n - i, centres[run]); \
        sums[run] += term; \
      } \
    EACH_RUN { \
      __typeof__(FOUR(ADD, sums[run])) four = FOUR(ADD, sums[run]); \
      __typeof__(four.lo) two = ADD(four.lo, four.hi); \
      result[run] = (two.x + two.y) / (float)n; \
    } \
  } while (0)

// Short runs side by side, so that they wait for their sums and roots at once.
INLINE void NAME(normalize_side)(int runs, const float *x, long n, const float *scale, const float *shift, float epsilon,
                                 float *y, float *means, float *variances) {
#pragma clang fp contract(fast)
  float centres[SIDE] = {0}, spreads[SIDE], factors[SIDE];
  float sums_of_runs[SIDE];
  SUM_RUNS(value, sums_of_runs);
  EACH_RUN centres[run] = sums_of_runs[run];
  SUM_RUNS((value - centres[run]) * (value - centres[run]), spreads);
  EACH_RUN {
    factors[run] = 1.0f / sqrtf(spreads[run] + epsilon);
    means[run] = centres[run];
    variances[run] = spreads[run];
  }
  // One after the other: stores side by side, often a power of two apart, would get in each other's way.
  EACH_RUN {
    float centre = centres[run], factor = factors[run];
    const float *from = x + run * n;
    float *to = y + run * n;
    STRIDES(0, n, {
      __builtin_prefetch(from + i + runs * n);  // what comes next, while stores go out
      vec value = (NAME(load_part)(from + i, count, 0) - centre) * factor;
      if (scale) value *= NAME(load_part)(scale + i, count, 0);
      if (shift) value += NAME(load_part)(shift + i, count, 0);
      NAME(store_part)(value, to + i, count);
    });
  }
}

static void NAME(normalize_runs)(const float *x, long runs, long n, long groups, long first, const float *scale,
                                 const float *shift, float epsilon, float *y, float *means, float *variances) {
  for (long run = 0; run < runs;) {
    const float *from = x + run * n, *weight = scale, *term = shift;
    if (groups > 1) {
      long channel = (first + run) % groups * n;
      weight = scale ? scale + channel : scale;
      term = shift ? shift + channel : shift;
    }
    if (n > SHORT) {
      NAME(normalize_long)(from, n, weight, term, epsilon, y + run * n, means + run, variances + run);
      run++;
    } else if (groups == 1 && run + SIDE <= runs) {
      NAME(normalize_side)(SIDE, from, n, weight, term, epsilon, y + run * n, means + run, variances + run);
      run += SIDE;
    } else {
      NAME(normalize_side)(1, from, n, weight, term, epsilon, y + run * n, means + run, variances + run);
      run++;
    }
  }
}

static void NAME(normalize_run_backward)(const float *x, const float *dy, long n, const float *scale, float mean,
                                         float factor, float *dx) {
#pragma clang fp contract(fast)
  vec sums[CHAINS] = {0}, products[CHAINS] = {0};
  STRIDES(0, n, {
    vec gradient = NAME(load_part)(dy + i, count, 0);
    if (scale) gradient *= NAME(load_part)(scale + i, count, 0);
    sums[chain] += gradient;
    products[chain] += gradient * ((NAME(load_part)(x + i, count, mean) - mean) * factor);
  });
  float average = NAME(sum)(sums) / (float)n, product = NAME(sum)(products) / (float)n;
  STRIDES(0, n, {
    vec gradient = NAME(load_part)(dy + i, count, 0);
    if (scale) gradient *= NAME(load_part)(scale + i, count, 0);
    vec normal = (NAME(load_part)(x + i, count, mean) - mean) * factor;
    NAME(store_part)(factor * (gradient - average - normal * product), dx + i, count);
  });
}

// Rows [rows][channels] are taken `vectors` of channels side by side, four or, at the end, one with `count` channels.
#define BLOCKS(BODY, ...) \
  for (long first = 0; first < channels;) { \
    if (first + BLOCK * VW <= channels) { \
      NAME(BODY)(BLOCK, BLOCK * VW, first, __VA_ARGS__); \
      first += BLOCK * VW; \
    } else { \
      NAME(BODY)(1, channels - first, first, __VA_ARGS__); \
      first += VW; \
    } \
  }
#define EACH_VECTOR UNROLL for (int v = 0; v < vectors; v++)
#define PART(x) NAME(load_part)((x) + v * VW, count - v * VW, 0)
#define SET(value, x) NAME(store_part)(value, (x) + v * VW, count - v * VW)

INLINE void NAME(moments_of_block)(int vectors, long count, long first, const float *x, long rows, long channels,
                                   float *means, float *squares) {
#pragma clang fp contract(fast)
  vec sums[BLOCK] = {0}, centres[BLOCK];
  for (long row = 0; row < rows; row++) EACH_VECTOR sums[v] += PART(x + row * channels + first);
  EACH_VECTOR {
    centres[v] = sums[v] / (float)rows;
    sums[v] = 0;
    SET(centres[v], means + first);
  }
  for (long row = 0; row < rows; row++) EACH_VECTOR {
      vec rest = PART(x + row * channels + first) - centres[v];
      sums[v] += rest * rest;
    }
  EACH_VECTOR SET(sums[v], squares + first);
}

static void NAME(slice_moments)(const float *x, long rows, long channels, float *means, float *squares) {
  BLOCKS(moments_of_block, x, rows, channels, means, squares)
}

// The values of the groups of channels first ..< first + count, by channel.
static void NAME(spread)(const float *groups, long first, long count, long length, float *values) {
  long group = first / length, left = length - first % length;
  for (long i = 0; i < count; group++, left = length)
    for (; left && i < count; left--) values[i++] = groups[group];
}

// Whole rows one after the other, as memory likes them, by a table of what belongs to each channel.
static void NAME(normalize_rows)(const float *x, long rows, long channels, long length, const float *means,
                                 const float *factors, const float *scale, const float *shift, float *y) {
#pragma clang fp contract(fast)
  _Alignas(64) float mean[TABLE], factor[TABLE], term[TABLE];
  for (long first = 0; first < channels; first += TABLE) {
    long n = smaller(channels - first, TABLE);
    NAME(spread)(means, first, n, length, mean);
    NAME(spread)(factors, first, n, length, factor);
    for (long i = 0; i < n; i++) {
      factor[i] *= scale ? scale[first + i] : 1.0f;
      term[i] = shift ? shift[first + i] : 0.0f;
    }
    for (long row = 0; row < rows; row++) {
      const float *from = x + row * channels + first;
      float *to = y + row * channels + first;
      STRIDES(0, n, {
        vec rest = NAME(load_part)(from + i, count, 0) - NAME(load_part)(mean + i, count, 0);
        NAME(store_part)(rest * NAME(load_part)(factor + i, count, 0) + NAME(load_part)(term + i, count, 0), to + i, count);
      });
    }
  }
}

INLINE void NAME(spread_block)(int vectors, long count, long first, long length, const float *groups, vec *values) {
  float parts[BLOCK * VW];
  if (first / length == (first + count - 1) / length) {
    EACH_VECTOR values[v] = groups[first / length];
    return;
  }
  NAME(spread)(groups, first, count, length, parts);
  EACH_VECTOR values[v] = PART(parts);
}

INLINE void NAME(gradient_sums_of_block)(int vectors, long count, long first, const float *x, const float *dy,
                                         long rows, long channels, long length, const float *means,
                                         const float *factors, long step, float *sums, float *products) {
#pragma clang fp contract(fast)
  vec mean[BLOCK], factor[BLOCK], sum[BLOCK] = {0}, product[BLOCK] = {0};
  for (long row = 0; row < rows; row++) {
    if (row == 0 || step > 0) {
      NAME(spread_block)(vectors, count, first, length, means + row * step, mean);
      NAME(spread_block)(vectors, count, first, length, factors + row * step, factor);
    }
    EACH_VECTOR {
      vec gradient = PART(dy + row * channels + first);
      sum[v] += gradient;
      product[v] += gradient * ((PART(x + row * channels + first) - mean[v]) * factor[v]);
    }
  }
  EACH_VECTOR {
    SET(sum[v], sums + first);
    SET(product[v], products + first);
  }
}

static void NAME(gradient_sums)(const float *x, const float *dy, long rows, long channels, long length,
                                const float *means, const float *factors, long step, float *sums, float *products) {
  BLOCKS(gradient_sums_of_block, x, dy, rows, channels, length, means, factors, step, sums, products)
}

static void NAME(normalize_rows_backward)(const float *x, const float *dy, long rows, long channels, long length,
                                          const float *means, const float *factors, const float *scale,
                                          const float *sums, const float *products, float *dx) {
#pragma clang fp contract(fast)
  _Alignas(64) float mean[TABLE], factor[TABLE], weight[TABLE], sum[TABLE], product[TABLE];
  for (long first = 0; first < channels; first += TABLE) {
    long n = smaller(channels - first, TABLE);
    NAME(spread)(means, first, n, length, mean);
    NAME(spread)(factors, first, n, length, factor);
    NAME(spread)(sums, first, n, length, sum);
    NAME(spread)(products, first, n, length, product);
    for (long i = 0; i < n; i++) weight[i] = scale ? scale[first + i] : 1.0f;
    for (long row = 0; row < rows; row++) {
      long place = row * channels + first;
      STRIDES(0, n, {
        vec scaling = NAME(load_part)(factor + i, count, 0);
        vec normal = (NAME(load_part)(x + place + i, count, 0) - NAME(load_part)(mean + i, count, 0)) * scaling;
        vec gradient = NAME(load_part)(dy + place + i, count, 0) * NAME(load_part)(weight + i, count, 0);
        vec rest = gradient - NAME(load_part)(sum + i, count, 0) - normal * NAME(load_part)(product + i, count, 0);
        NAME(store_part)(scaling * rest, dx + place + i, count);
      });
    }
  }
}

// FILTER_ROWS rows from `first` on, filtered across rows and transposed: x [height][width], y [width][height].
static void NAME(filter_across)(const float *x, long height, long width, const float *taps, long radius, long first,
                                float *y) {
#pragma clang fp contract(fast)
  for (long end = smaller(first + FILTER_ROWS, height); first < end; first += VW)
    for (long column = 0; column < width; column += BLOCK * VW) {
      vec rows[BLOCK][VW];
      for (long i = 0; i < VW; i++) {
        vec sums[BLOCK] = {0};
        for (long k = 0; k <= 2 * radius; k++) {
          const float *line = x + reflected(smaller(first + i, height - 1) + k - radius, height) * width + column;
          if (column + BLOCK * VW <= width) {
            UNROLL for (int v = 0; v < BLOCK; v++) sums[v] += taps[k] * NAME(load)(line + v * VW);
          } else {
            UNROLL for (int v = 0; v < BLOCK; v++)
              sums[v] += taps[k] * NAME(load_part)(line + v * VW, width - column - v * VW, 0);
          }
        }
        UNROLL for (int v = 0; v < BLOCK; v++) rows[v][i] = sums[v];
      }
      for (int v = 0; v < BLOCK; v++) {
        // Each step moves the rows' highest bit to the lanes and the lanes' highest bit to the rows.
        for (int step = 1; step < VW; step *= 2) {
          vec moved[VW];
          UNROLL for (int i = 0; i < VW / 2; i++) {
            moved[2 * i].even = rows[v][i].lo;
            moved[2 * i].odd = rows[v][i + VW / 2].lo;
            moved[2 * i + 1].even = rows[v][i].hi;
            moved[2 * i + 1].odd = rows[v][i + VW / 2].hi;
          }
          UNROLL for (int i = 0; i < VW; i++) rows[v][i] = moved[i];
        }
        for (long i = 0; i < VW && column + v * VW + i < width; i++)
          NAME(store_part)(rows[v][i], y + (column + v * VW + i) * height + first, height - first);
      }
    }
}
#undef vec
#undef CHAINS
#undef INLINE
#undef UNROLL
#undef EACH_CHAIN
#undef ADD
#undef MOST
#undef FOUR
#undef TREE
#undef STRIDES
#undef BLOCKS
#undef EACH_VECTOR
#undef PART
#undef SET
#undef EACH_RUN
#undef SUM_RUNS

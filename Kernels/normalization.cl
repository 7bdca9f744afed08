// Normalisation of groups, forward and backward; x, y: [batch, positions, channels], means and variances: [batch, groups].
//
// One position: a group is a run of memory, which a work-group reads, normalises and writes (normalization_run), CPU shape
// one item, GPU shape 64 with a tree in local memory. 8 operations for 8 bytes an element: bound by memory.
// Several: rows are cut into slices; a slice's sums by channel (normalization_slices, normalization_gradient_sums) are
// merged by group in a fixed order, then every element is written. CPU shape: an item takes a slice, WIDE channels at a
// time; GPU shape: an item takes a channel of a slice, so reads are coalesced.

#if SHAPE_CPU
#define ITEMS 1
#define CHAINS 4   // sums side by side
#define TABLE 656  // channels of a table: no power of two, or tables would meet in the same sets of the cache
#define TO_LINES __attribute__((aligned(64)))  // a vector that lies in two lines of the cache takes two loads
#define WIDE_CHANNELS for (int c = 0; c < channels; c += CHAINS * WIDTH)
#define SLICE get_global_id(0)
#else
#define ITEMS 64
#define CHAINS 1
#define WIDE_CHANNELS for (int c = get_global_id(0), once = c < channels; once; once = 0)
#define SLICE get_global_id(1)
#endif

// The sum over a work-group, for every item.
float sum_items(wide value, local float *tree) {
  float sum = sum_lanes(value);
  if (ITEMS == 1) return sum;
  int item = get_local_id(0);
  tree[item] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int step = ITEMS / 2; step; step /= 2) {
    if (item < step) tree[item] += tree[item + step];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  sum = tree[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return sum;
}

#define EACH_CHAIN _Pragma("unroll") for (int chain = 0; chain < CHAINS; chain++)
// Of a vector of channels, its part for a chain.
#define PLACE(x) ((x) + chain * WIDTH), count - chain * WIDTH

// Statistics of WIDTH channels from c on, of which `count` exist: mean and 1 / √(variance + ε).
void statistics(global const float *means, global const float *variances, int place, int c, int count,
                int group_channels, float epsilon, wide *mean, wide *factor) {
#if SHAPE_CPU
  int first = c / group_channels, last = (c + min(VW, count) - 1) / group_channels;
  if (first >= last) {
    *mean = means[place + last];
    *factor = 1.0f / sqrt(variances[place + last] + epsilon);
    return;
  }
  float centres[VW], scales[VW];
  for (int lane = 0; lane < VW; lane++) {
    int group = place + (c + min(lane, count - 1)) / group_channels;
    centres[lane] = means[group];
    scales[lane] = 1.0f / sqrt(variances[group] + epsilon);
  }
  *mean = VLOAD(0, centres);
  *factor = VLOAD(0, scales);
#else
  *mean = means[place + c / group_channels];
  *factor = 1.0f / sqrt(variances[place + c / group_channels] + epsilon);
#endif
}

// Groups that are runs of `length` channels, n of them, which the work-groups share.
#define RUNS \
  local float tree[ITEMS]; \
  int first = get_local_id(0) * WIDTH, share = (n + (int)get_num_groups(0) - 1) / (int)get_num_groups(0); \
  int begin = get_group_id(0) * share, end = min(begin + share, n);

// An item's share of Σ (x − centre)^power.
wide sum_run(global const float *x, int first, int length, float centre, int power) {
  wide sums[CHAINS], rest;
  EACH_CHAIN sums[chain] = 0;
  int i = first;
#if SHAPE_CPU
  for (; i + CHAINS * WIDTH <= length; i += CHAINS * WIDTH)
    EACH_CHAIN {
      rest = VLOAD(chain, x + i) - centre;
      sums[chain] += power == 2 ? rest * rest : rest;
    }
#endif
  for (; i < length; i += ITEMS * WIDTH) {
    rest = take_or(x + i, length - i, centre) - centre;
    sums[0] += power == 2 ? rest * rest : rest;
  }
#if SHAPE_CPU
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
#else
  return sums[0];
#endif
}

// Model of normalization_run
//   typical: 0.453 operations a byte in normalize n=4096 positions=1 c=512 g=1 affine=1
//   needs: 24 registers, 256 bytes local, 64 items: 32 groups a unit by items
//   results = groups0 * length
//   loads = (3 + has_scale + has_shift) * results; stores = results + 2 * groups0
//   local_loads = 380 * groups0; local_stores = 254 * groups0
//   operations = (8 + has_scale + has_shift) * results + 446 * groups0
kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void normalization_run(global const float *x, global const float *scale, global const float *shift, global float *y,
                       global float *means, global float *variances, int n, int length, int groups, float epsilon,
                       int has_scale, int has_shift) {
  RUNS
  for (int group = begin; group < end; group++) {
    int channel = group % groups * length;
    global const float *from = x + (ulong)group * length;
    global float *to = y + (ulong)group * length;
    float mean = sum_items(sum_run(from, first, length, 0.0f, 1), tree) / (float)length;
    float variance = sum_items(sum_run(from, first, length, mean, 2), tree) / (float)length;
    float factor = 1.0f / sqrt(variance + epsilon);
    int i = first;
#if SHAPE_CPU
    // Without the questions that ends need, the loop is two loads, a product and a store.
    for (; i + WIDTH <= length; i += WIDTH) {
      wide value = (VLOAD(0, from + i) - mean) * factor;
      if (has_scale) value *= VLOAD(0, scale + channel + i);
      if (has_shift) value += VLOAD(0, shift + channel + i);
      VSTORE(value, 0, to + i);
    }
#endif
    for (; i < length; i += ITEMS * WIDTH) {
      wide value = (take(from + i, length - i) - mean) * factor;
      if (has_scale) value *= take(scale + channel + i, length - i);
      if (has_shift) value += take(shift + channel + i, length - i);
      put(value, to + i, length - i);
    }
    if (get_local_id(0) == 0) {
      means[group] = mean;
      variances[group] = variance;
    }
  }
}

// Model of normalization_run_backward
//   typical: 0.5 operations a byte in normalizeBackward n=4096 positions=1 c=512 g=1 affine=1
//   needs: 28 registers, 256 bytes local, 64 items: 32 groups a unit by items
//   results = groups0 * length
//   loads = (4 + 2 * has_scale) * results + 128 * groups0; stores = results
//   local_loads = 380 * groups0; local_stores = 254 * groups0
//   operations = (12 + 2 * has_scale) * results + 446 * groups0
kernel __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
void normalization_run_backward(global const float *x, global const float *dy, global const float *means,
                                global const float *variances, global const float *scale, global float *dx, int n,
                                int length, int groups, float epsilon, int has_scale) {
  RUNS
  for (int group = begin; group < end; group++) {
    int channel = group % groups * length;
    ulong start = (ulong)group * length;
    global const float *from = x + start, *gradients = dy + start;
    float mean = means[group], factor = 1.0f / sqrt(variances[group] + epsilon);
    wide sums = 0, products = 0;
    for (int i = first; i < length; i += ITEMS * WIDTH) {
      wide gradient = take(gradients + i, length - i);
      if (has_scale) gradient *= take(scale + channel + i, length - i);
      sums += gradient;
      // Beyond the run the gradient is 0, and x counts for nothing.
      products += gradient * (take(from + i, length - i) - mean) * factor;
    }
    float average = sum_items(sums, tree) / (float)length, product = sum_items(products, tree) / (float)length;
    for (int i = first; i < length; i += ITEMS * WIDTH) {
      wide gradient = take(gradients + i, length - i);
      if (has_scale) gradient *= take(scale + channel + i, length - i);
      wide normal = (take(from + i, length - i) - mean) * factor;
      put(factor * (gradient - average - normal * product), dx + start + i, length - i);
    }
  }
}

// A slice's rows: slices_per_picture slices of `rows` rows a picture.
#define SLICED \
  int slice = SLICE, picture = slice / slices, begin = slice % slices * rows, end = min(begin + rows, positions); \
  if (picture >= batch) return; \
  ulong base = (ulong)picture * positions * channels;

// Means and sums of squared distances from them, by channel: [batch, slices, channels].
// Model of normalization_slices
//   typical: 0.5 operations a byte in normalize n=8 positions=4096 c=128 g=32 affine=1
//   needs: 24 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   elements = batch * positions * channels
//   results = batch * slices * channels
//   loads = 2 * elements; stores = 2 * results
//   operations = 4 * elements + results
kernel void normalization_slices(global const float *x, global float *slice_means, global float *slice_squares,
                                 int batch, int positions, int channels, int slices, int rows) {
  SLICED
  WIDE_CHANNELS {
    int count = channels - c;
    global const float *line = x + base + c;
    wide sums[CHAINS], means[CHAINS];
    EACH_CHAIN sums[chain] = 0;
    for (int row = begin; row < end; row++) EACH_CHAIN sums[chain] += take(PLACE(line + (ulong)row * channels));
    EACH_CHAIN {
      means[chain] = sums[chain] / (float)(end - begin);
      sums[chain] = 0;
      put(means[chain], PLACE(slice_means + (ulong)slice * channels + c));
    }
    for (int row = begin; row < end; row++)
      EACH_CHAIN {
        wide rest = take(PLACE(line + (ulong)row * channels)) - means[chain];
        sums[chain] += rest * rest;
      }
    EACH_CHAIN put(sums[chain], PLACE(slice_squares + (ulong)slice * channels + c));
  }
}

// One work-item a group: its mean and variance from those of the slices, n: batch · groups.
// Model of normalization_merge
//   typical: 0.582 operations a byte in normalize n=8 positions=4096 c=128 g=32 affine=1
//   needs: 24 registers, 0 bytes local, 256 items: 8 groups a unit by items
//   parts = n * slices * channels / groups
//   results = n
//   loads = 3 * parts; stores = 2 * n
//   operations = 6 * parts + 4 * n * slices + 2 * n
kernel void normalization_merge(global const float *slice_means, global const float *slice_squares, global float *means,
                                global float *variances, int n, int positions, int channels, int groups, int slices,
                                int rows) {
  int i = get_global_id(0);
  if (i >= n) return;
  int length = channels / groups;
  ulong start = (ulong)(i / groups) * slices * channels + i % groups * length;
  float total = (float)positions * (float)length, mean = 0, variance = 0;
  for (int slice = 0; slice < slices; slice++) {
    float part = 0, weight = min(rows, positions - slice * rows);
    for (int c = 0; c < length; c++) part += slice_means[start + (ulong)slice * channels + c];
    mean += part * weight;
  }
  mean /= total;
  for (int slice = 0; slice < slices; slice++) {
    float part = 0, weight = min(rows, positions - slice * rows);
    for (int c = 0; c < length; c++) {
      ulong place = start + (ulong)slice * channels + c;
      float rest = slice_means[place] - mean;
      part += slice_squares[place] + weight * rest * rest;
    }
    variance += part;
  }
  means[i] = mean;
  variances[i] = variance / total;
}

// y = (x − mean) / √(variance + ε) · scale + shift.
// Model of normalization_forward
//   typical: 0.373 operations a byte in normalize n=8 positions=4096 c=128 g=32 affine=1
//   needs: 24 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   columns = batch * slices * channels
//   results = batch * positions * channels
//   loads = results + (2 + has_scale + has_shift) * columns; stores = results
//   operations = 3 * results + (3 + has_scale) * columns
kernel void normalization_forward(global const float *x, global const float *means, global const float *variances,
                                  global const float *scale, global const float *shift, global float *y, int batch,
                                  int positions, int channels, int slices, int rows, int groups, float epsilon,
                                  int has_scale, int has_shift) {
  SLICED
#if SHAPE_CPU
  // Whole rows one after the other, as memory likes them.
  float mean[TABLE] TO_LINES, factor[TABLE] TO_LINES, term[TABLE] TO_LINES;
  for (int first = 0; first < channels; first += TABLE) {
    int width = min(channels - first, TABLE);
    for (int c = 0; c < width; c++) {
      int group = picture * groups + (first + c) / (channels / groups);
      mean[c] = means[group];
      factor[c] = (has_scale ? scale[first + c] : 1.0f) / sqrt(variances[group] + epsilon);
      term[c] = has_shift ? shift[first + c] : 0.0f;
    }
    for (int row = begin; row < end; row++) {
      ulong place = base + (ulong)row * channels + first;
      int c = 0;
      for (; c + VW <= width; c += VW)
        VSTORE((VLOAD(0, x + place + c) - VLOAD(0, mean + c)) * VLOAD(0, factor + c) + VLOAD(0, term + c), 0, y + place + c);
      for (; c < width; c++) y[place + c] = (x[place + c] - mean[c]) * factor[c] + term[c];
    }
  }
#else
  WIDE_CHANNELS {
    float mean, factor, term = 0;
    statistics(means, variances, picture * groups, c, 1, channels / groups, epsilon, &mean, &factor);
    if (has_scale) factor *= scale[c];
    if (has_shift) term = shift[c];
    for (int row = begin; row < end; row++) {
      ulong place = base + (ulong)row * channels + c;
      y[place] = (x[place] - mean) * factor + term;
    }
  }
#endif
}

// Σ dy and Σ dy x̂ by channel over slices of rows. Where a picture has one position, every row has statistics of its own,
// and slices run over the batch (batch is 1 then, and own_statistics 1).
// Model of normalization_gradient_sums
//   typical: 0.618 operations a byte in normalizeBackward n=8 positions=4096 c=128 g=32 affine=1
//   needs: 28 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   elements = batch * positions * channels
//   results = batch * slices * channels
//   statistics = own_statistics * elements + (1 - own_statistics) * results
//   loads = 2 * elements + 2 * statistics; stores = 2 * results
//   operations = 5 * elements + 3 * statistics
kernel void normalization_gradient_sums(global const float *x, global const float *dy, global const float *means,
                                        global const float *variances, global float *sums, global float *products,
                                        int batch, int positions, int channels, int slices, int rows, int groups,
                                        float epsilon, int own_statistics) {
  SLICED
  WIDE_CHANNELS {
    int count = channels - c;
    wide mean[CHAINS], factor[CHAINS], sum[CHAINS], product[CHAINS];
    EACH_CHAIN sum[chain] = product[chain] = 0;
    for (int row = begin; row < end; row++) {
      if (row == begin || own_statistics)
        EACH_CHAIN statistics(means, variances, (own_statistics ? row : picture) * groups, c + chain * WIDTH,
                              count - chain * WIDTH, channels / groups, epsilon, mean + chain, factor + chain);
      ulong place = base + (ulong)row * channels + c;
      EACH_CHAIN {
        wide gradient = take(PLACE(dy + place));
        sum[chain] += gradient;
        product[chain] += gradient * (take(PLACE(x + place)) - mean[chain]) * factor[chain];
      }
    }
    EACH_CHAIN {
      put(sum[chain], PLACE(sums + (ulong)slice * channels + c));
      put(product[chain], PLACE(products + (ulong)slice * channels + c));
    }
  }
}

// One work-item a group: the means over it of g = scale · dy and of g x̂, from the sums of the slices; n: batch · groups.
// Model of normalization_merge_gradients
//   typical: 0.395 operations a byte in normalizeBackward n=8 positions=4096 c=128 g=32 affine=1
//   needs: 24 registers, 0 bytes local, 256 items: 8 groups a unit by items
//   parts = n * slices * channels / groups
//   results = n
//   loads = (2 + has_scale) * parts; stores = 2 * n
//   operations = 4 * parts + 3 * n * slices + 2 * n
kernel void normalization_merge_gradients(global const float *sums, global const float *products,
                                          global const float *scale, global float *group_sums,
                                          global float *group_products, int n, int positions, int channels, int groups,
                                          int slices, int has_scale) {
  int i = get_global_id(0);
  if (i >= n) return;
  int length = channels / groups;
  ulong start = (ulong)(i / groups) * slices * channels + i % groups * length;
  float total = (float)positions * (float)length, sum = 0, product = 0;
  for (int slice = 0; slice < slices; slice++) {
    float part = 0, other = 0;
    for (int c = 0; c < length; c++) {
      float factor = has_scale ? scale[i % groups * length + c] : 1.0f;
      part += factor * sums[start + (ulong)slice * channels + c];
      other += factor * products[start + (ulong)slice * channels + c];
    }
    sum += part;
    product += other;
  }
  group_sums[i] = sum / total;
  group_products[i] = product / total;
}

// Model of normalization_backward
//   typical: 0.661 operations a byte in normalizeBackward n=8 positions=4096 c=128 g=32 affine=1
//   needs: 30 registers, 0 bytes local, 64 items: 32 groups a unit by items
//   columns = batch * slices * channels
//   results = batch * positions * channels
//   loads = 2 * results + (6 + has_scale) * columns; stores = results
//   operations = 8 * results + 10 * columns
kernel void normalization_backward(global const float *x, global const float *dy, global const float *means,
                                   global const float *variances, global const float *scale,
                                   global const float *group_sums, global const float *group_products, global float *dx,
                                   int batch, int positions, int channels, int slices, int rows, int groups,
                                   float epsilon, int has_scale) {
  SLICED
#if SHAPE_CPU
  float mean[TABLE], factor[TABLE], weight[TABLE], average[TABLE], product[TABLE];
  for (int first = 0; first < channels; first += TABLE) {
    int width = min(channels - first, TABLE);
    for (int c = 0; c < width; c++) {
      int group = picture * groups + (first + c) / (channels / groups);
      mean[c] = means[group];
      factor[c] = 1.0f / sqrt(variances[group] + epsilon);
      weight[c] = has_scale ? scale[first + c] : 1.0f;
      average[c] = group_sums[group];
      product[c] = group_products[group];
    }
    for (int row = begin; row < end; row++) {
      ulong place = base + (ulong)row * channels + first;
      int c = 0;
      for (; c + VW <= width; c += VW) {
        vec normal = (VLOAD(0, x + place + c) - VLOAD(0, mean + c)) * VLOAD(0, factor + c);
        vec gradient = VLOAD(0, dy + place + c) * VLOAD(0, weight + c) - VLOAD(0, average + c);
        VSTORE(VLOAD(0, factor + c) * (gradient - normal * VLOAD(0, product + c)), 0, dx + place + c);
      }
      for (; c < width; c++)
        dx[place + c] = factor[c] * (dy[place + c] * weight[c] - average[c]
                                     - (x[place + c] - mean[c]) * factor[c] * product[c]);
    }
  }
#else
  WIDE_CHANNELS {
    float mean, factor, average, product, unused;
    statistics(means, variances, picture * groups, c, 1, channels / groups, epsilon, &mean, &factor);
    statistics(group_sums, variances, picture * groups, c, 1, channels / groups, epsilon, &average, &unused);
    statistics(group_products, variances, picture * groups, c, 1, channels / groups, epsilon, &product, &unused);
    float weight = has_scale ? scale[c] : 1.0f;
    for (int row = begin; row < end; row++) {
      ulong place = base + (ulong)row * channels + c;
      float normal = (x[place] - mean) * factor;
      dx[place] = factor * (dy[place] * weight - average - normal * product);
    }
  }
#endif
}

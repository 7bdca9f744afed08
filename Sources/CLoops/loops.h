// Declares each loop as a function with the signature that the table gives it. Hidden, so that those of a library that
// stands in call each other, and not the program's.
#pragma once
#include "include/CLoops.h"

#define FL_LOOPS(X) \
  X(instruction_set) X(fill) X(map) X(combine) X(affine) X(clamp) X(activate) X(activate_backward) X(epilogue) X(softmax_rows) X(softmax_backward_rows) \
  X(depthwise_scratch) X(depthwise) X(patches_row) X(pool_row) X(pool_backward_row) X(pool_maximum_backward) X(panel_width) X(tile_rows) X(pack) X(unpack) X(convolve_tiles) \
  X(winograd_scratch) X(winograd_weights) X(winograd_tiles) X(winograd_taps) X(winograd_gradient_transforms) X(winograd_gradient_scratch) X(winograd_gradient) X(attention_scratch) X(attention_pack) X(attend) X(weight_gradient) X(depthwise_gradient) \
  X(reverse_taps) X(resample_row) X(resample_backward_row) X(filter_rows) \
  X(filter_across) X(adam) X(momentum) X(blend) X(random) X(sample) X(sample_backward) X(accumulate_rows) X(score_gradients) X(normalize_runs) X(normalize_run_backward) X(slice_moments) X(merge_moments) X(normalize_rows) \
  X(gradient_sums) X(merge_gradients) X(normalize_rows_backward) X(reduce) X(position) X(permute) X(squared_distance) X(squared_norms) X(select_candidates) \
  X(rank_candidates) X(coreset_update)

#define FL_DECLARE(name) __attribute__((visibility("hidden"))) __typeof__(*((fl_table *)0)->name) fl_##name;
FL_LOOPS(FL_DECLARE)
#undef FL_DECLARE

// Σ x^power of n floats, power 1 or 2.
__attribute__((visibility("hidden"))) float fl_sum_of_run(const float *x, long n, int power);

static inline long smaller(long a, long b) { return a < b ? a : b; }
static inline long larger(long a, long b) { return a > b ? a : b; }

// Taps begin ..< end of `kernel` fall inside 0 ..< size when the window starts at `start`.
static inline void inside(long start, long kernel, long dilation, long size, long *begin, long *end) {
  long first = start < 0 ? (-start + dilation - 1) / dilation : 0;
  long last = start >= size ? 0 : (size - 1 - start) / dilation + 1;
  *begin = smaller(first, kernel);
  *end = smaller(last, kernel);
  if (*end < *begin) *end = *begin;
}

// Outputs begin ..< end of 0 ..< n whose window's tap, at `offset` from the window's start, falls inside 0 ..< size.
static inline void positions(long offset, long stride, long size, long n, long *begin, long *end) {
  *begin = offset < 0 ? smaller((-offset + stride - 1) / stride, n) : 0;
  *end = offset >= size ? *begin : larger(smaller((size - 1 - offset) / stride + 1, n), *begin);
}

// Convolutions in registers: direct, depthwise, and by Winograd's minimal filtering, on weights that are packed into panels.
#include "loops.h"
#include "clones.h"
#include <math.h>
#include <string.h>

// The number of registers decides the shape, so that clones of one function would not do: each instruction set has its
// own functions.
#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#define VW 16
#define ROWS 8
#define NAME(name) name##_avx512
#include "tiles.h"
#undef VW
#undef ROWS
#undef NAME
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define VW 8
#define ROWS 6
#define NAME(name) name##_avx2
#include "tiles.h"
#undef VW
#undef ROWS
#undef NAME
#pragma clang attribute pop
#endif
#define VW 4
#define ROWS 6
#define NAME(name) name##_baseline
#include "tiles.h"

typedef struct {
  long vector, rows;
  __typeof__(&convolve_baseline) convolve;
  __typeof__(&depthwise_scratch_baseline) depthwise_scratch;
  __typeof__(&depthwise_baseline) depthwise;
  __typeof__(&winograd_2_baseline) winograd_2, winograd_4;
  __typeof__(&winograd_taps_2_baseline) winograd_taps_2, winograd_taps_4;
  __typeof__(&weights_2_baseline) weights_2, weights_4;
  __typeof__(&gradient_input_2_baseline) gradient_input_2, gradient_input_4, gradient_output_2, gradient_output_4;
  __typeof__(&gradient_2_baseline) gradient_2, gradient_4;
  __typeof__(&weight_gradient_baseline) weight_gradient;
  __typeof__(&depthwise_gradient_baseline) depthwise_gradient;
  __typeof__(&attend_baseline) attend;
} tile_functions;

#define FUNCTIONS(vector, rows, set) \
  {vector, rows, convolve_##set, depthwise_scratch_##set, depthwise_##set, winograd_2_##set, winograd_4_##set, \
   winograd_taps_2_##set, winograd_taps_4_##set, weights_2_##set, weights_4_##set, \
   gradient_input_2_##set, gradient_input_4_##set, gradient_output_2_##set, gradient_output_4_##set, gradient_2_##set, gradient_4_##set, \
   weight_gradient_##set, depthwise_gradient_##set, attend_##set}

static const tile_functions *functions(void) {
  static const tile_functions baseline = FUNCTIONS(4, 6, baseline);
#if defined(__x86_64__)
  static const tile_functions avx512 = FUNCTIONS(16, 8, avx512), avx2 = FUNCTIONS(8, 6, avx2);
  if (__builtin_cpu_supports("x86-64-v4")) return &avx512;
  if (__builtin_cpu_supports("x86-64-v3")) return &avx2;
#endif
  return &baseline;
}

long fl_panel_width(void) { return 2 * functions()->vector; }
long fl_tile_rows(void) { return functions()->rows; }

void fl_pack(const float *w, long depth, long columns, int transposed, long panel, float *packed) {
  long width = fl_panel_width(), first = panel * width, count = smaller(width, columns - first);
  packed += panel * depth * width;
  for (long k = 0; k < depth; k++, packed += width) {
    for (long lane = 0; lane < count; lane++)
      packed[lane] = transposed ? w[(first + lane) * depth + k] : w[k * columns + first + lane];
    for (long lane = count; lane < width; lane++) packed[lane] = 0;
  }
}

void fl_unpack(const float *packed, long depth, long columns, long panel, int accumulate, float *w) {
  long width = fl_panel_width(), first = panel * width, count = smaller(width, columns - first);
  packed += panel * depth * width;
  for (long k = 0; k < depth; k++, packed += width) {
    float *line = w + k * columns + first;
    for (long lane = 0; lane < count; lane++) line[lane] = accumulate ? line[lane] + packed[lane] : packed[lane];
  }
}

void fl_weight_gradient(const fl_convolution *p, const float *x, const float *dy, long first, long end, long column,
                        float *partial) {
  functions()->weight_gradient(p, x, dy, first, end, column, partial);
}

void fl_depthwise_gradient(const fl_convolution *p, const float *x, const float *dy, long first, long end,
                           float *partial) {
  functions()->depthwise_gradient(p, x, dy, first, end, partial);
}

void fl_convolve_tiles(const fl_convolution *p, const float *x, const float *panels, const fl_epilogue_terms *e,
                       long first, long end, long panel, long panel_end, float *y) {
  functions()->convolve(p, x, panels, e, first, end, panel, panel_end, y);
}

long fl_depthwise_scratch(const fl_convolution *p) { return functions()->depthwise_scratch(p); }

void fl_depthwise(const fl_convolution *p, const float *x, const float *w, const fl_epilogue_terms *e, long channels,
                  long first, long end, float *scratch, float *y) {
  functions()->depthwise(p, x, w, e, channels, first, end, scratch, y);
}

long fl_attention_scratch(long width) {
  long panel = fl_panel_width();
  return fl_tile_rows() * (KEYS_baseline + (width + panel - 1) / panel * panel);
}

void fl_attention_pack(const fl_attention *a, const float *x, int is_value, long panel, float *packed) {
  long width = fl_panel_width(), outer = is_value ? a->width : a->keys, depth = is_value ? a->keys : a->width;
  long first = panel * width, count = outer - first < width ? outer - first : width;
  packed += panel * depth * width;
  if (count < width) memset(packed, 0, depth * width * sizeof(float));
  if (is_value) {
    for (long i = 0; i < depth; i++) memcpy(packed + i * width, x + i * a->step + first, count * sizeof(float));
  } else {
    for (long lane = 0; lane < count; lane++)
      for (long i = 0; i < depth; i++) packed[i * width + lane] = x[(first + lane) * a->step + i];
  }
}

void fl_attend(const fl_attention *a, const float *q, const float *k, const float *v, long first, float *scratch,
               float *y, float *log_sums) {
  functions()->attend(a, q, k, v, first, scratch, y, log_sums);
}

long fl_winograd_scratch(const fl_convolution *p, const fl_winograd *g) {
  long places = (g->edge + 2) * (g->edge + 2);
  return places * g->block * (p->channels + 16 + fl_panel_width());
}

void fl_winograd_weights(const float *w, long edge, long channels, long outputs, long panel, float *packed) {
  (edge == 2 ? functions()->weights_2 : functions()->weights_4)(w, channels, outputs, panel, packed);
}

void fl_winograd_taps(const fl_convolution *p, const fl_winograd *g, const float *x, const float *taps,
                      const fl_epilogue_terms *e, long begin, long end, float *scratch, float *y) {
  (g->edge == 2 ? functions()->winograd_taps_2 : functions()->winograd_taps_4)(p, g, x, taps, e, begin, end, scratch, y);
}

void fl_winograd_tiles(const fl_convolution *p, const fl_winograd *g, const float *x, const float *packed,
                       const fl_epilogue_terms *e, long first, long count, long begin, long end, float *scratch,
                       float *y) {
  (g->edge == 2 ? functions()->winograd_2 : functions()->winograd_4)(p, g, x, packed, e, first, count, begin, end,
                                                                    scratch, y);
}

void fl_winograd_gradient_transforms(const fl_convolution *p, const fl_winograd *g, const float *x, const float *dy,
                                     long tile, long i, long count, float *v, float *u) {
  const tile_functions *f = functions();
  (g->edge == 2 ? f->gradient_input_2 : f->gradient_input_4)(p, g, x, tile, i, count, v);
  (g->edge == 2 ? f->gradient_output_2 : f->gradient_output_4)(p, g, dy, tile, i, count, u);
}

long fl_winograd_gradient_scratch(const fl_winograd *g) {
  return (g->edge + 2) * (g->edge + 2) * functions()->vector / 2 * fl_panel_width();
}

void fl_winograd_gradient(const fl_convolution *p, const fl_winograd *g, const float *v, const float *u, long block,
                          long panel, long count, int accumulate, float *scratch, float *dw) {
  (g->edge == 2 ? functions()->gradient_2 : functions()->gradient_4)(p, v, u, block, panel, count, accumulate, scratch,
                                                                    dw);
}

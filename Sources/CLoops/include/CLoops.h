// Inner loops of the CPU path. Every function works on one task of a larger problem; threads are the caller's.
// Matrices and pictures are row-major and contiguous; pictures are NHWC.
#pragma once
#include <stdint.h>

// Values of Swift's enums, in their order.
enum { FL_NONE, FL_RELU, FL_RELU6, FL_SILU, FL_GELU, FL_GELU_QUICK, FL_SIGMOID, FL_TANH };
enum { FL_ADD, FL_SUBTRACT, FL_MULTIPLY, FL_DIVIDE, FL_MAXIMUM, FL_MINIMUM };
enum { FL_SQUARE_ROOT, FL_SQUARE, FL_ABSOLUTE, FL_EXPONENTIAL, FL_LOGARITHM, FL_RECIPROCAL };
enum { FL_SUM, FL_MEAN, FL_SUM_OF_SQUARES, FL_REDUCE_MAXIMUM, FL_REDUCE_MINIMUM };

// The best instruction set that the clones of these loops use here.
const char *fl_instruction_set(void);

// elementwise.c
void fl_fill(float *y, long n, float value);
void fl_map(int operation, const float *x, float *y, long n);
void fl_combine(int operation, const float *a, const float *b, float *y, long n);
void fl_affine(const float *x, float scale, float shift, float *y, long n);
void fl_clamp(const float *x, float lower, float upper, float *y, long n);
void fl_activate(int activation, const float *x, float *y, long n);
// y[rows][columns] = activation(y + bias[columns] + residual); bias and residual may be null.
void fl_epilogue(int activation, float *y, const float *bias, const float *residual, long rows, long columns);
void fl_softmax_row(const float *x, float *y, long n, int logarithmic);

// convolution.c
typedef struct {
  long height, width, channels;                  // input
  long output_height, output_width, outputs;     // output
  long kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, top, left;
} fl_convolution;
// One row of depthwise outputs: x is one picture, w [kernel_height][kernel_width][channels], y [output_width][channels].
void fl_depthwise_row(const fl_convolution *p, const float *x, const float *w, const float *bias,
                      const float *residual, int activation, long row, float *y);
// Patches of one output row: columns [output_width][kernel_height][kernel_width][depth], from channels
// first ..< first + depth of picture x; zeros outside of the picture.
void fl_patches_row(const fl_convolution *p, const float *x, long first, long depth, long row, float *columns);
// One row of pooled outputs: y [output_width][channels]. maximum: NaN wins.
void fl_pool_row(const fl_convolution *p, const float *x, int maximum, int padding_counts, long row, float *y);

// resampling.c
// One output row of a bilinear or nearest resize: mode as in Swift's ResamplingProblem.Mode.
void fl_resample_row(const float *x, long height, long width, long channels, float scale_y, float scale_x, int mode,
                     long row, long output_width, float *y);
// One row of a map filtered along itself, edges reflected.
void fl_filter_along_row(const float *x, long width, const float *taps, long radius, float *y);
// Row `row` of a map filtered across rows.
void fl_filter_across_rows(const float *x, long height, long width, const float *taps, long radius, long row, float *y);

// reduction.c
// One outer slice: x [reduced][inner] to y [inner].  fl_position: NaN wins.
void fl_reduce(int operation, const float *x, long reduced, long inner, float *y);
void fl_position(int smallest, const float *x, long reduced, long inner, int32_t *y);
void fl_permute(const float *x, float *y, const long extents[4], const long strides[4]);

// neighbours.c
// Squared distance in the fixed order that CoresetState documents: same bits on every device.
float fl_squared_distance(const float *a, const float *b, long width);
// squares[i] = ‖x[i]‖²
void fl_squared_norms(const float *x, long rows, long width, float *squares);
// Keeps the `kept` smallest of norms[j] − 2·products[j] with their row numbers first + j; the lists stay sorted.
void fl_select_candidates(const float *products, const float *norms, long count, long first, long kept, float *scores,
                          int32_t *rows);
// Exact distances of the candidates, sorted by distance, then row; the first `count` are written.
void fl_rank_candidates(const float *query, const float *x, long width, long kept, const int32_t *rows, long count,
                        float *distances, int32_t *indices);
// Updates minimum and assigned of rows begin ..< end with pick number `pick` (row `centre`); to_earlier[j] is the
// squared distance of that centre to pick j. Returns the farthest row, its distance in *distance.
long fl_coreset_update(const float *x, long width, long begin, long end, long centre, long pick,
                       const float *to_earlier, float *minimum, int32_t *assigned, float *distance);

// Inner loops of the CPU path. Every function works on one task of a larger problem; threads are the caller's.
// Matrices and pictures are row-major and contiguous; pictures are NHWC.
#pragma once
#include <stddef.h>
#include <stdint.h>

// Tells the core that its thread waits in a loop.
static inline void fl_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

// The processor that the calling thread runs on, and the thread's number for the functions below; -1 where unknown.
int fl_processor(void);
int fl_thread(void);
// Whether a thread may run on a processor; -1 where unknown.
int fl_may_run_on(int thread, int processor);
// A thread may run on whatever the process may, but for one processor. Nothing where no other one is left.
void fl_keep_off(int thread, int processor);
// Calls body(context), whose variables lie some lines of the cache away from those of the caller: when other threads read
// these meanwhile, no line is fetched to and fro.
void fl_apart(void (*_Nonnull body)(void *_Nonnull), void *_Nonnull context);

// Values of Swift's enums, in their order.
enum { FL_NONE, FL_RELU, FL_RELU6, FL_SILU, FL_GELU, FL_GELU_QUICK, FL_SIGMOID, FL_TANH };
enum { FL_ADD, FL_SUBTRACT, FL_MULTIPLY, FL_DIVIDE, FL_MAXIMUM, FL_MINIMUM };
enum { FL_SQUARE_ROOT, FL_SQUARE, FL_ABSOLUTE, FL_EXPONENTIAL, FL_LOGARITHM, FL_RECIPROCAL };
enum { FL_UNIFORM, FL_NORMAL };
enum { FL_SUM, FL_MEAN, FL_SUM_OF_SQUARES, FL_REDUCE_MAXIMUM, FL_REDUCE_MINIMUM };

typedef struct {
  long height, width, channels;                  // input
  long output_height, output_width, outputs;     // output
  long kernel_height, kernel_width, stride_y, stride_x, dilation_y, dilation_x, top, left;
} fl_convolution;

// See Swift's AdamStep and MomentumStep; gradients are multiplied by `factor`.
typedef struct {
  float factor, first, second, rate, root, epsilon, coupled, kept;
} fl_adam_step;
typedef struct {
  float factor, rate, momentum, share, decay;
  int nesterov;
} fl_momentum_step;

// y = activation(scale · sum + bias + residual). bias: [outputs]; residual: as y, or y itself; each or null.
typedef struct {
  float scale;
  const float *_Nullable bias, *_Nullable residual;
  int activation;
} fl_epilogue_terms;

// Tiles of edge x edge outputs, 2 or 4: rows and columns of tiles a picture; `count` of the batch; at most `block`, and
// with winograd_taps as many channels, at once.
typedef struct {
  long edge, rows, columns, count, block, channels;
} fl_winograd;

// One head of attention; `step` floats from one query, key or value to the next.
typedef struct {
  long queries, keys, width, step;
  int is_causal;
  float scale;
} fl_attention;

#if __clang__
#pragma clang assume_nonnull begin
#else
#define _Nonnull
#define _Nullable
#endif

// The loops, each a function fl_<name> of the file named above it. They are called through this table only, so that a
// library built from changed sources can stand in for them.
typedef struct {
  // Bytes of this struct: a library with another one is refused.
  size_t size;

  // elementwise.c
  // The best instruction set that the clones of these loops use here.
  const char *_Nonnull (*_Nonnull instruction_set)(void);
  void (*fill)(float *y, long n, float value);
  void (*map)(int operation, const float *x, float *y, long n);
  void (*combine)(int operation, const float *a, const float *b, float *y, long n);
  void (*affine)(const float *x, float scale, float shift, float *y, long n);
  void (*clamp)(const float *x, float lower, float upper, float *y, long n);
  void (*activate)(int activation, const float *x, float *y, long n);
  // dx = dy · activation′(x)
  void (*activate_backward)(int activation, const float *x, const float *dy, float *dx, long n);
  // y[rows][columns] = activation(y + bias[columns] + residual); bias and residual may be null.
  void (*epilogue)(int activation, float *y, const float *_Nullable bias, const float *_Nullable residual, long rows,
                   long columns);

  // rows.c
  // Softmax, or its logarithm, of each of [rows][n].
  void (*softmax_rows)(const float *x, float *y, long rows, long n, int logarithmic);
  void (*softmax_backward_rows)(const float *y, const float *dy, float *dx, long rows, long n, int logarithmic);

  // convolution.c
  // Patches of one output row: columns [output_width][kernel_height][kernel_width][depth], from channels
  // first ..< first + depth of picture x; zeros outside of the picture.
  void (*patches_row)(const fl_convolution *p, const float *x, long first, long depth, long row, float *columns);
  // One row of pooled outputs: y [output_width][channels]. maximum: NaN wins.
  void (*pool_row)(const fl_convolution *p, const float *x, int maximum, int padding_counts, long row, float *y);
  // One row of the input's gradient, [width][channels], from the gradients dy of a picture's means.
  void (*pool_backward_row)(const fl_convolution *p, const float *dy, int padding_counts, long row, float *dx);
  // Rows first ..< end of it where the pooling takes maxima; dx points to the picture's first row.
  void (*pool_maximum_backward)(const fl_convolution *p, const float *x, const float *dy, long first, long end,
                                float *dx);

  // tiles.c
  // Columns of a panel of packed weights, and the pixels or tiles that fill the registers with a panel's sums.
  long (*panel_width)(void);
  long (*tile_rows)(void);
  // One panel: w [depth][columns], or [columns][depth] when transposed, into packed [panels][depth][panel width], zeros
  // beyond the last column.
  void (*pack)(const float *w, long depth, long columns, int transposed, long panel, float *packed);
  // The way back, without the zeros.
  void (*unpack)(const float *packed, long depth, long columns, long panel, int accumulate, float *w);
  // Output pixels first ..< end, counted over the batch x, by panels panel ..< panel_end of the packed weights.
  void (*convolve_tiles)(const fl_convolution *p, const float *x, const float *panels, const fl_epilogue_terms *e,
                         long first, long end, long panel, long panel_end, float *y);
  // Depthwise outputs of one picture, rows first ..< end: x, w, e and y point to the first of at most half a panel's width of
  // channels, of which `channels` exist. w [kernel_height][kernel_width][channels]; y, e->residual: the picture's.
  long (*depthwise_scratch)(const fl_convolution *p);
  void (*depthwise)(const fl_convolution *p, const float *x, const float *w, const fl_epilogue_terms *e, long channels,
                    long first, long end, float *scratch, float *y);
  // Floats of scratch memory that winograd_tiles needs.
  long (*winograd_scratch)(const fl_convolution *p, const fl_winograd *g);
  // One panel: w [3][3][channels][outputs] into packed [panels][(edge + 2)²][channels][panel width].
  void (*winograd_weights)(const float *w, long edge, long channels, long outputs, long panel, float *packed);
  // Tiles first ..< first + count of the batch x, at most g->block, by panels begin ..< end. channels are a multiple of 16.
  void (*winograd_tiles)(const fl_convolution *p, const fl_winograd *g, const float *x, const float *packed,
                         const fl_epilogue_terms *e, long first, long count, long begin, long end, float *scratch,
                         float *y);
  // All tiles by panels begin ..< end; taps: [panels][channels][9][panel width]. Scratch memory as in winograd.h.
  void (*winograd_taps)(const fl_convolution *p, const fl_winograd *g, const float *x, const float *taps,
                        const fl_epilogue_terms *e, long begin, long end, float *scratch, float *y);
  // Gradients of weights, some tiles at a time: tile `tile` of x and of dy transformed as number i of `count`; then vector
  // `block` of input channels by one panel of outputs, added to dw when `accumulate`. Layouts are in winograd-gradient.h.
  void (*winograd_gradient_transforms)(const fl_convolution *p, const fl_winograd *g, const float *x, const float *dy,
                                       long tile, long i, long count, float *v, float *u);
  long (*winograd_gradient_scratch)(const fl_winograd *g);
  void (*winograd_gradient)(const fl_convolution *p, const fl_winograd *g, const float *v, const float *u, long block,
                            long panel, long count, int accumulate, float *scratch, float *dw);

  // Floats of scratch memory that attend needs.
  long (*attention_scratch)(long width);
  // One panel of a head's keys, [panels][width][panel width], or values, [panels][keys][panel width]; zeros beyond the last.
  void (*attention_pack)(const fl_attention *a, const float *x, int is_value, long panel, float *packed);
  // A tile's rows of queries from `first` on, by packed keys and values; y as q, log_sums [queries].
  void (*attend)(const fl_attention *a, const float *q, const float *k, const float *v, long first, float *scratch,
                 float *y, float *log_sums);
  // Sums over output lines first ..< end, counted over the batch x, that are the gradient of one panel of weights whose
  // first column is `column`: dy is that panel of gradients, [lines · output_width][panel width], partial
  // [kernel_height][kernel_width][channels][panel width].
  void (*weight_gradient)(const fl_convolution *p, const float *x, const float *dy, long first, long end, long column,
                          float *partial);
  // Depthwise: dy [lines · output_width][channels], partial [kernel_height][kernel_width][channels].
  void (*depthwise_gradient)(const fl_convolution *p, const float *x, const float *dy, long first, long end,
                             float *partial);

  // convolution.c
  // One row r of turned [rows][columns][outputs / groups][channels], which is row `row` of w
  // [kernel_width][channels / groups][outputs]: columns in reverse order, channels exchanged.
  void (*reverse_taps)(const float *w, long channels, long outputs, long groups, long first_column, long column_step,
                       long columns, float *turned);

  // resampling.c
  // One output row of a bilinear or nearest resize: mode as in Swift's ResamplingProblem.Mode.
  void (*resample_row)(const float *x, long height, long width, long channels, float scale_y, float scale_x, int mode,
                       long row, long output_width, float *y);
  // One row of the input's gradient, [width][channels], from the gradients dy of a picture's outputs.
  void (*resample_backward_row)(const float *dy, long height, long width, long channels, long output_height,
                                long output_width, float scale_y, float scale_x, int mode, long row, float *dx);

  // optimizer.c
  void (*adam)(float *w, const float *gradient, float *m, float *v, long n, const fl_adam_step *step);
  void (*momentum)(float *w, const float *gradient, float *u, long n, const fl_momentum_step *step);
  // y = y + weight · (x − y)
  void (*blend)(const float *x, float *y, long n, float weight);

  // random.c
  // Elements 4 · first and on of the numbers that belong to a key: seed's low and high word, stream, step.
  void (*random)(int distribution, const uint32_t *key, uint32_t first, float *y, long n);
  // z = mean + e^(log variance / 2) · z
  void (*sample)(const float *means, const float *log_variances, float *z, long n);
  void (*sample_backward)(const float *means, const float *log_variances, const float *z, const float *dz, float *dx,
                          long n);

  // reduction.c
  // y[r] = Σ x[i] over the i with indices[i] = r, for rows begin ..< end of y; x [n][width].
  void (*accumulate_rows)(const float *x, const int32_t *indices, long n, long width, long begin, long end, float *y);
  // One query's scores and the gradients of its probabilities, in place to probabilities and gradients of scores:
  // p = e^(scale · s − log_sum), ds = scale · p · (dp − product); 0 from `seen` to n.
  void (*score_gradients)(float *scores, float *gradients, long n, long seen, float scale, float log_sum, float product);

  // rows.c
  // A run of n values with statistics of its own. scale and shift may be null.
  // Runs x[runs][n], each a group, from group `first` on: channel c of a picture in group c / n, `groups` of them.
  void (*normalize_runs)(const float *x, long runs, long n, long groups, long first, const float *_Nullable scale,
                         const float *_Nullable shift, float epsilon, float *y, float *means, float *variances);
  void (*normalize_run_backward)(const float *x, const float *dy, long n, const float *_Nullable scale, float mean,
                                 float factor, float *dx);
  // Rows [rows][channels]: means and sums of squared distances from them, by channel.
  void (*slice_moments)(const float *x, long rows, long channels, float *means, float *squares);
  // y = (x − means[group]) · factors[group] · scale + shift, channel c in group c / length. scale and shift may be null.
  void (*normalize_rows)(const float *x, long rows, long channels, long length, const float *means,
                         const float *factors, const float *_Nullable scale, const float *_Nullable shift, float *y);
  // Σ dy and Σ dy x̂ by channel; statistics as above, `step` floats on from row to row.
  void (*gradient_sums)(const float *x, const float *dy, long rows, long channels, long length, const float *means,
                        const float *factors, long step, float *sums, float *products);
  // dx = factor (g − sum − x̂ · product), all by group.
  void (*normalize_rows_backward)(const float *x, const float *dy, long rows, long channels, long length,
                                  const float *means, const float *factors, const float *_Nullable scale,
                                  const float *sums, const float *products, float *dx);

  // Rows that a task filters, a multiple of every vector's floats.
  long (*filter_rows)(void);
  // Those rows of a map from `first` on, filtered across rows, edges reflected, and transposed: x [height][width],
  // y [width][height].
  void (*filter_across)(const float *x, long height, long width, const float *taps, long radius, long first, float *y);

  // normalization.c
  // Means and variances of `groups` groups of `length` channels each, whose slices' lie `channels` apart; the last of
  // `slices` may have fewer than `rows` rows. scratch: two floats a channel.
  void (*merge_moments)(const float *means, const float *squares, long slices, long rows, long positions,
                        long channels, long length, long groups, float *scratch, float *mean, float *variance);
  // Means of g = scale · dy and of g x̂ over a group of n elements, from the sums of slices that lie `channels` apart.
  void (*merge_gradients)(const float *sums, const float *products, const float *_Nullable scale, long slices,
                          long channels, long length, long n, float *sum, float *product);

  // reduction.c
  // One outer slice: x [reduced][inner] to y [inner]. position: NaN wins.
  void (*reduce)(int operation, const float *x, long reduced, long inner, float *y);
  void (*position)(int smallest, const float *x, long reduced, long inner, int32_t *y);
  // y [rows][columns] from x, read with two strides.
  void (*permute)(const float *x, float *y, long rows, long columns, long row_stride, long column_stride);

  // neighbours.c
  // Squared distance in the fixed order that CoresetState documents: same bits on every device.
  float (*squared_distance)(const float *a, const float *b, long width);
  // squares[i] = ‖x[i]‖²
  void (*squared_norms)(const float *x, long rows, long width, float *squares);
  // Keeps the `kept` smallest of norms[j] − 2·products[j] with their row numbers first + j; the lists stay sorted.
  void (*select_candidates)(const float *products, const float *norms, long count, long first, long kept, float *scores,
                            int32_t *rows);
  // Exact distances of the candidates, sorted by distance, then row; the first `count` are written.
  void (*rank_candidates)(const float *query, const float *x, long width, long kept, const int32_t *rows, long count,
                          float *distances, int32_t *indices);
  // Updates minimum and assigned of rows begin ..< end with pick number `pick` (row `centre`); to_earlier[j] is the
  // squared distance of that centre to pick j. Returns the farthest row, its distance in *distance.
  long (*coreset_update)(const float *x, long width, long begin, long end, long centre, long pick,
                         const float *to_earlier, float *minimum, int32_t *assigned, float *distance);
} fl_table;

// The loops in use: those of this program, or of the library that stands in for them.
const fl_table *fl_loops(void);

// Takes the loops of a shared library that was built from this folder, for the rest of the process. Returns null, or why
// it cannot be done.
const char *_Nullable fl_swap(const char *path);

// roof.c: what this machine can do, for measurements. Not in the table: nothing stands in for a roof.
// Chains of multiply-adds x := factor x + term that do not wait for each other, from y[0]; the result goes there. Returns
// the floating-point operations, two a multiply-add.
long fl_roof_multiply_add(float *y, long rounds, float factor, float term);
// The sum of x, with as many chains as loads can be under way.
float fl_roof_sum(const float *x, long n);

#if __clang__
#pragma clang assume_nonnull end
#endif

// Kernels that follow each other as the steps of one launch: where a device's threads sleep between launches, waking them
// costs as much as a small kernel (on PoCL some 10 to 20 us each).
//
// Work-groups of one item, as many as the device has cores, go through the steps side by side. Each begins a step with its
// own part of the items, which lie where it wrote the step before, and then helps the others. A step ends when every item
// has ended; those that are missing have been taken by groups that run, so nobody waits for a group that does not, in
// whatever order and number a device runs them. Items must need no group of their own: ITEM_ARGUMENT marks such kernels.
#if SHAPE_CPU
#define SEQUENCE
#undef ITEM_ARGUMENT
#undef ITEM
#define ITEM_ARGUMENT const int *item,
#define ITEM(dimension) item[dimension]
// The kernels become functions, each with the registers that it has alone.
#define kernel __attribute__((noinline))

DEFINE_ACTIVATION(float, activated)
DEFINE_ACTIVATION(vec, activated_vec)
#undef DEFINE_ACTIVATION
#define DEFINE_ACTIVATION(T, NAME)

#include "convolution.cl"
#include "depthwise.cl"
#include "pooling.cl"

// Names of winograd.cl, which is here for both sizes of tiles.
#define weight_lines JOIN(weight_lines, M)
#define input_transform JOIN(input_transform, M)
#define output_transform JOIN(output_transform, M)
#define transform_lines JOIN(transform_lines, M)
#define transform_tile JOIN(transform_tile, M)
#define transform_weights JOIN(transform_weights, M)
#define transform_taps JOIN(transform_taps, M)
#define multiply_tiles JOIN(multiply_tiles, M)
#define prefetch_outputs JOIN(prefetch_outputs, M)
#define prefetch_inputs JOIN(prefetch_inputs, M)
#define finish JOIN(finish, M)
#define finish_tiles JOIN(finish_tiles, M)
#define winograd_weights JOIN(winograd_weights, M)
#define winograd_tiles JOIN(winograd_tiles, M)
#define winograd_taps JOIN(winograd_taps, M)
#define M 4
#include "winograd.cl"
#undef M
#undef INPUT_TRANSFORM
#undef OUTPUT_TRANSFORM
#undef WEIGHT_TRANSFORM
#define M 2
#include "winograd.cl"
#undef winograd_tiles
#undef winograd_taps
#undef kernel

// A step in the list of all: which kernel, its items in three dimensions, its arguments (of an array its number among
// `buffers`, of local memory its first float, and of a float its bits).
#define STEP_WORDS 40
#define A(i) buffers[words[i]]
#define N(i) words[i]
#define N2(i) N(i), N((i) + 1)
#define N4(i) N2(i), N2((i) + 2)
#define N7(i) N4(i), N2((i) + 4), N((i) + 6)
#define F(i) as_float(words[i])
#define L(i) (memory + words[i])

void run_item(int kind, const int *item, global const int *words, global float *const *buffers, local float *memory) {
  switch (kind) {
  case 0:
    convolution_tiles(item, A(0), A(1), A(2), A(3), A(4), N7(5), N7(12), N2(19), F(21), N7(22));
    return;
  case 1: depthwise_rows(item, A(0), A(1), A(2), A(3), A(4), N7(5), N7(12), N2(19), N4(21), L(25)); return;
  case 2: winograd_tiles4(item, A(0), A(1), A(2), A(3), A(4), N7(5), N4(12), N7(16), L(23), L(24)); return;
  case 3: winograd_tiles2(item, A(0), A(1), A(2), A(3), A(4), N7(5), N4(12), N7(16), L(23), L(24)); return;
  case 4: winograd_taps4(item, A(0), A(1), A(2), A(3), A(4), N7(5), N4(12), N4(16), N2(20), L(22), L(23), L(24)); return;
  case 5: winograd_taps2(item, A(0), A(1), A(2), A(3), A(4), N7(5), N4(12), N4(16), N2(20), L(22), L(23), L(24)); return;
  case 6: pooling_forward(item, A(0), A(1), N7(2), N7(9), N(16)); return;
  }
}

// Integers from one count to the next, so that no two share a line of the cache.
#define SPACING 16

#define TEN(X, tens) \
  X(tens##0), X(tens##1), X(tens##2), X(tens##3), X(tens##4), X(tens##5), X(tens##6), X(tens##7), X(tens##8), X(tens##9)
#define BUFFERS(X) \
  TEN(X, 1), TEN(X, 2), TEN(X, 3), TEN(X, 4), TEN(X, 5), TEN(X, 6), TEN(X, 7), TEN(X, 8), TEN(X, 9), TEN(X, 10), TEN(X, 11)
#define AS_ARGUMENT(number) global float *buffer##number
#define AS_VALUE(number) buffer##number

// Items: groups. counts: for each step how many items have ended, and how many each group's part has handed out, all 0;
// `others` belong to the launch before this one, which has ended, and are cleared for the one after it.
kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void sequence_run(global const int *steps, int step_count, global int *counts, global int *others, int other_steps,
                  local float *memory, BUFFERS(AS_ARGUMENT)) {
  global float *const buffers[] = {BUFFERS(AS_VALUE)};
  int group = get_group_id(0), groups = get_num_groups(0), stride = (groups + 1) * SPACING;
  if (group == 0)
    for (int i = 0; i < other_steps * (groups + 1); i++) others[i * SPACING] = 0;
  for (int step = 0; step < step_count; step++) {
    global const int *words = steps + step * STEP_WORDS;
    int width = words[1], height = words[2], items = width * height * words[3], ended = 0;
    volatile global int *all_ended = counts + step * stride;
    for (int i = 0; i < groups; i++) {
      int part = (group + i) % groups;
      int begin = (long)items * part / groups, count = (long)items * (part + 1) / groups - begin;
      volatile global int *handed_out = all_ended + (1 + part) * SPACING;
      while (*handed_out < count) {
        int place = atomic_add(handed_out, 1);
        if (place >= count) break;
        int number = begin + place, item[3] = {number % width, number / width % height, number / width / height};
        run_item(words[0], item, words + 4, buffers, memory);
        ended++;
      }
    }
    mem_fence(CLK_GLOBAL_MEM_FENCE);
    atomic_add(all_ended, ended);
    while (*all_ended < items) {}
    mem_fence(CLK_GLOBAL_MEM_FENCE);
  }
}
#endif

/// A kernel, or a loop of the CPU path, whose mutants are tried, and the operations that run it.
struct HotKernel {
  /// The function, and with it the helpers named here.
  let functions: [String]
  let file: String
  let operations: [String]
  var name: String { functions[0] }

  /// Where an inference spends its time, by `flawless` on the sample data: convolutions, search, coreset; and every
  /// kernel with a reduction, whose mistakes are the hardest to see.
  static let kernels = [
    HotKernel(functions: ["convolution_tiles"], file: "convolution", operations: ["convolve", "multiply"]),
    HotKernel(functions: ["convolution_pack"], file: "convolution", operations: ["multiply", "convolve"]),
    HotKernel(
      functions: ["depthwise_rows", "fetch_row", "depthwise_forward"], file: "depthwise", operations: ["convolve"]),
    HotKernel(functions: ["convolution_grouped"], file: "convolution", operations: ["convolve"]),
    HotKernel(
      functions: [
        "winograd_tiles", "winograd_taps", "transform_tile", "transform_lines", "transform_weights", "transform_taps",
        "finish", "finish_tiles", "winograd_input", "winograd_output", "winograd_weights",
      ], file: "winograd", operations: ["convolve"]),
    HotKernel(
      functions: ["gradients_weights", "gradients_depthwise", "gradients_grouped", "inside"], file: "gradients",
      operations: ["convolveBackwardWeights"]),
    HotKernel(
      functions: [
        "winograd_gradient", "winograd_gradient_inputs", "winograd_gradient_outputs", "spread_transform",
        "weight_transform",
      ], file: "winograd", operations: ["convolveBackwardWeights"]),
    HotKernel(
      functions: ["gradients_reverse_taps", "gradients_transpose_taps", "gradients_place_on_grid"], file: "gradients",
      operations: ["convolveBackwardData"]),
    HotKernel(
      functions: [
        "normalization_run", "normalization_slices", "normalization_merge", "normalization_forward", "statistics",
        "sum_items", "take", "put",
      ], file: "normalization", operations: ["normalize", "applyNormalization"]),
    HotKernel(
      functions: [
        "normalization_run_backward", "normalization_gradient_sums", "normalization_merge_gradients",
        "normalization_backward",
      ], file: "normalization", operations: ["normalizeBackward"]),
    HotKernel(
      functions: ["random_fill", "random_sample_backward"], file: "random",
      operations: ["fillRandom", "sample", "sampleBackward"]),
    HotKernel(
      functions: ["optimizer_adam", "optimizer_momentum", "optimizer_blend"], file: "optimizer",
      operations: ["adam", "descend", "blend"]),
    HotKernel(functions: ["attention_score_gradients"], file: "attention", operations: ["attendBackward"]),
    HotKernel(functions: ["softmax_backward"], file: "softmax", operations: ["softmaxBackward"]),
    HotKernel(
      functions: ["pooling_backward", "pooling_maximum_backward", "covering", "is_largest"], file: "pooling",
      operations: ["poolBackward"]),
    HotKernel(
      functions: ["resampling_backward", "readers", "share"], file: "resampling", operations: ["resampleBackward"]),
    HotKernel(functions: ["attention_forward", "attention_pack"], file: "attention", operations: ["attend"]),
    HotKernel(
      functions: ["neighbours_candidates", "add_products", "keep", "clear_list"], file: "neighbours",
      operations: ["nearest"]),
    HotKernel(
      functions: ["neighbours_rank", "exact_distance", "neighbours_pack", "neighbours_norms"], file: "neighbours",
      operations: ["nearest"]),
    HotKernel(
      functions: [
        "coreset_update", "coreset_to_earlier", "coreset_pick", "updated", "squared_distance", "keep_farther",
      ], file: "coreset", operations: ["coreset"]),
    HotKernel(functions: ["softmax_rows", "softmax_row", "larger"], file: "softmax", operations: ["softmax"]),
    HotKernel(functions: ["reduction_columns", "merged", "start_of"], file: "reduction", operations: ["reduce"]),
    HotKernel(functions: ["reduction_rows", "reduced_run"], file: "reduction", operations: ["reduce"]),
    HotKernel(functions: ["reduction_position"], file: "reduction", operations: ["position"]),
    HotKernel(functions: ["pooling_forward", "pooled"], file: "pooling", operations: ["pool"]),
    HotKernel(functions: ["resampling_forward", "source"], file: "resampling", operations: ["resample"]),
    HotKernel(functions: ["filtering_pass", "reflected"], file: "filtering", operations: ["filter"]),
    HotKernel(functions: ["filtering_across"], file: "filtering", operations: ["filter"]),
    HotKernel(
      functions: ["indexing_permute", "indexing_copy", "indexing_gather_rows", "indexing_accumulate_rows"],
      file: "indexing", operations: ["permute", "copy", "gatherRows", "accumulateRows"]),
  ]

  /// The C loops of the CPU path.
  static let loops = [
    HotKernel(functions: ["fl_patches_row"], file: "convolution", operations: ["convolve"]),
    HotKernel(functions: ["fl_pool_row"], file: "convolution", operations: ["pool"]),
    HotKernel(
      functions: ["fl_epilogue", "fl_activate", "exponential", "logistic"], file: "elementwise",
      operations: ["convolve", "activate", "map"]),
    HotKernel(
      functions: ["fl_select_candidates", "insert", "fl_rank_candidates", "fl_squared_norms"], file: "neighbours",
      operations: ["nearest"]),
    HotKernel(
      functions: ["fl_coreset_update", "fl_squared_distance", "squared_distance"], file: "neighbours",
      operations: ["coreset", "nearest"]),
    HotKernel(functions: ["fl_reduce", "better"], file: "reduction", operations: ["reduce"]),
    HotKernel(functions: ["fl_position", "fl_permute"], file: "reduction", operations: ["position", "permute"]),
    HotKernel(functions: ["fl_resample_row", "source"], file: "resampling", operations: ["resample"]),
  ]
}

public import Compute

extension OpenCLDevice {
  public func normalize(
    _ p: NormalizationProblem, _ x: Storage, _ parameters: NormalizationParameters, into y: Storage, means: Storage,
    variances: Storage
  ) throws {
    try p.check("normalize", x, y, means, variances, parameters.scale, parameters.shift, on: self)
    if p.positions == 1 {
      // Kernels take a valid buffer for what they will not read.
      try launch(
        "normalization_run", size: runs(p), group: [itemsPerRun], x, parameters.scale ?? x, parameters.shift ?? x, y,
        means,
        variances, p.statisticsCount, p.groupChannels, p.groups, p.epsilon, parameters.scale != nil,
        parameters.shift != nil)
      return
    }
    let slices = p.slices
    let sums = try sliceSums(p, slices.count)
    let squares = try sliceSums(p, slices.count)
    try launchSlices("normalization_slices", p, slices, [x, sums, squares])
    try launch(
      "normalization_merge", elements: p.statisticsCount, sums, squares, means, variances, p.statisticsCount,
      p.positions, p.channels, p.groups, slices.count, slices.rows)
    try apply(p, x, means, variances, parameters, y)
  }

  public func applyNormalization(
    _ p: NormalizationProblem, _ x: Storage, means: Storage, variances: Storage, _ parameters: NormalizationParameters,
    into y: Storage
  ) throws {
    try p.check("applyNormalization", x, y, means, variances, parameters.scale, parameters.shift, on: self)
    try apply(p, x, means, variances, parameters, y)
  }

  private func apply(
    _ p: NormalizationProblem, _ x: Storage, _ means: Storage, _ variances: Storage,
    _ parameters: NormalizationParameters, _ y: Storage
  ) throws {
    try launchSlices(
      "normalization_forward", p, p.slices, [x, means, variances, parameters.scale ?? x, parameters.shift ?? x, y],
      p.groups, p.epsilon, parameters.scale != nil, parameters.shift != nil)
  }

  public func normalizeBackward(
    _ p: NormalizationProblem, _ x: Storage, outputGradient: Storage, means: Storage, variances: Storage,
    scale: Storage?, into gradient: Storage, scaleGradient: Storage, shiftGradient: Storage
  ) throws {
    try p.check("normalizeBackward", x, outputGradient, means, variances, scale, nil, on: self)
    try p.check("normalizeBackward", x, gradient, means, variances, scaleGradient, shiftGradient, on: self)
    let isRun = p.positions == 1
    let slices = isRun ? p.rowSlices : p.slices
    // Rows with statistics of their own are positions of one picture to the sums by channel.
    let rows = isRun ? p.asOnePicture : p
    let sums = try sliceSums(rows, slices.count)
    let products = try sliceSums(rows, slices.count)
    try launchSlices(
      "normalization_gradient_sums", rows, slices, [x, outputGradient, means, variances, sums, products], p.groups,
      p.epsilon, isRun)
    let all = try ReductionProblem(outer: 1, reduced: rows.batch * slices.count, inner: p.channels)
    try reduce(.sum, all, sums, into: shiftGradient)
    try reduce(.sum, all, products, into: scaleGradient)
    if isRun {
      return try launch(
        "normalization_run_backward", size: runs(p), group: [itemsPerRun], x, outputGradient, means, variances,
        scale ?? x,
        gradient, p.statisticsCount, p.groupChannels, p.groups, p.epsilon, scale != nil)
    }
    let groupSums = try Storage(count: p.statisticsCount, on: self)
    let groupProducts = try Storage(count: p.statisticsCount, on: self)
    try launch(
      "normalization_merge_gradients", elements: p.statisticsCount, sums, products, scale ?? x, groupSums,
      groupProducts, p.statisticsCount, p.positions, p.channels, p.groups, slices.count, scale != nil)
    try launchSlices(
      "normalization_backward", p, slices,
      [x, outputGradient, means, variances, scale ?? x, groupSums, groupProducts, gradient], p.groups, p.epsilon,
      scale != nil)
  }

  /// Items of a work-group that take a run of memory together.
  private var itemsPerRun: Int { tiling.shape == .cpu ? 1 : tiling.group }

  /// CPU shape: an item takes runs of some `elements` together; GPU shape: a work-group takes one.
  private func runs(_ p: NormalizationProblem) -> [Int] {
    guard tiling.shape == .cpu else { return [p.statisticsCount * itemsPerRun] }
    let together = max(2 * tiling.elements / p.groupChannels, 1)
    return [(p.statisticsCount + together - 1) / together]
  }

  private func sliceSums(_ p: NormalizationProblem, _ slices: Int) throws -> Storage {
    try Storage(count: Shape.checkedCount([p.batch, slices, p.channels], operation: "normalize"), on: self)
  }

  /// CPU shape: an item a slice; GPU shape: an item a channel of a slice.
  private func launchSlices(
    _ kernel: String, _ p: NormalizationProblem, _ slices: (rows: Int, count: Int), _ arrays: [any KernelParameter],
    _ more: any KernelParameter...
  ) throws {
    let all = p.batch * slices.count
    try launch(
      kernel, size: tiling.shape == .cpu ? [all] : [p.channels, all], group: tiling.shape == .cpu ? [1] : [16, 4],
      arrays + [p.batch, p.positions, p.channels, slices.count, slices.rows] + more)
  }
}

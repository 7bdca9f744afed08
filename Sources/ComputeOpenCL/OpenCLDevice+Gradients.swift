public import Compute

extension OpenCLDevice {
  public func convolveBackwardWeights(
    _ p: ConvolutionProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try p.checkWeightGradient(x, outputGradient, gradient, on: self)
    let splits = p.weightGradientSplits
    let sums =
      splits.count == 1 ? gradient : try Storage(count: splits.count * p.weightCount, on: self)
    if p.groups == 1 {
      try multiplyPatches(p, splits, x, outputGradient, sums)
    } else if p.isDepthwise, tiling.shape == .cpu {
      let vectors = (p.inputChannels + tiling.vectorWidth - 1) / tiling.vectorWidth
      try launchGradient(
        "gradients_depthwise", p, splits, size: [vectors, p.kernel.height * p.kernel.width, splits.count],
        group: [1, 1, 1], x, outputGradient, sums)
    } else {
      try launchGradient(
        "gradients_grouped", p, splits, size: [p.weightCount, splits.count], group: [tiling.group, 1], x,
        outputGradient, sums, p.groups, p.weightCount)
    }
    guard splits.count > 1 else { return }
    try reduce(
      .sum, ReductionProblem(outer: 1, reduced: splits.count, inner: p.weightCount), sums, into: gradient)
  }

  /// All channels together: a product of patches and gradients, in registers.
  private func multiplyPatches(
    _ p: ConvolutionProblem, _ splits: (lines: Int, count: Int), _ x: Storage, _ outputGradient: Storage,
    _ sums: Storage
  ) throws {
    let pixels = p.batch * p.outputHeight * p.outputWidth
    let panels = try packed(outputGradient, batch: 1, depth: pixels, columns: p.outputChannels, transposed: false)
    let panelCount = (p.outputChannels + tiling.panel - 1) / tiling.panel
    let taps = p.kernel.height * p.kernel.width
    let rows = tiling.registerRows
    let (tasks, group) =
      tiling.shape == .cpu
      ? (taps * ((p.inputChannels + rows - 1) / rows), 1)
      : ((taps * p.inputChannels + 63) / 64 * tiling.group, tiling.group)
    try launchGradient(
      "gradients_weights", p, splits, size: [tasks, panelCount, splits.count], group: [group, 1, 1], x, panels, sums)
  }

  private func launchGradient(
    _ kernel: String, _ p: ConvolutionProblem, _ splits: (lines: Int, count: Int), size: [Int], group: [Int],
    _ x: Storage, _ outputGradient: Storage, _ sums: Storage, _ more: Int...
  ) throws {
    let geometry = [
      p.height, p.width, p.inputChannels, p.outputHeight, p.outputWidth, p.outputChannels, p.kernel.height,
      p.kernel.width, p.stride.height, p.stride.width, p.dilation.height, p.dilation.width, p.padding.top,
      p.padding.left, p.batch * p.outputHeight, splits.lines,
    ]
    try launch(kernel, size: size, group: group, [x, outputGradient, sums] + geometry + more)
  }

  public func reverseTaps(_ p: TapReversal, _ w: Storage, into turned: Storage) throws {
    try p.check(w, turned, on: self)
    try launch(
      "gradients_reverse_taps", elements: turned.count, w, turned, turned.count, p.kernel.width, p.inputChannels,
      p.outputChannels, p.inputChannels / p.groups, p.outputChannels / p.groups, p.rows.first, p.rows.step,
      p.rows.count, p.columns.first, p.columns.step, p.columns.count)
  }

  public func placeOnGrid(_ p: GridProblem, _ x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    try launch(
      "gradients_place_on_grid", elements: x.count, x, y, x.count, p.rows, p.columns, p.channels, p.height, p.width,
      p.stride.height, p.stride.width, p.top, p.left)
  }
}

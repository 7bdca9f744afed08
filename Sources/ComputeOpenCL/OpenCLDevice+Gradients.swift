public import Compute

extension OpenCLDevice {
  public func convolveBackwardWeights(
    _ p: ConvolutionProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage, accumulate: Bool
  ) throws {
    try p.checkWeightGradient(x, outputGradient, gradient, on: self)
    if accumulate { gradient.forgetLayouts() }
    if tiling.shape == .cpu, p.chosenWeightGradientAlgorithm != .direct,
      try winogradWeightGradient(p, x, outputGradient, gradient, accumulate)
    {
      return
    }
    let splits = p.weightGradientSplits
    // What they are added to is the last of the sums.
    let addends = splits.count + (accumulate ? 1 : 0)
    let sums = addends == 1 ? gradient : try Storage(count: addends * p.weightCount, on: self)
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
    guard addends > 1 else { return }
    if accumulate {
      let last = try BlockCopy(rows: 1, columns: p.weightCount, targetOffset: splits.count * p.weightCount)
      try copy(last, from: gradient, into: sums)
    }
    try reduce(.sum, ReductionProblem(outer: 1, reduced: addends, inner: p.weightCount), sums, into: gradient)
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
    // Few channels leave registers empty: those of the taps side by side fill them.
    let runTaps = p.inputChannels < 2 * rows && p.dilation.width == 1 ? p.kernel.width : 1
    let (tasks, group) =
      tiling.shape == .cpu
      ? (taps / runTaps * ((runTaps * p.inputChannels + rows - 1) / rows), 1)
      : ((taps * p.inputChannels + 63) / 64 * tiling.group, tiling.group)
    try launchGradient(
      "gradients_weights", p, splits, size: [tasks, panelCount, splits.count], group: [group, 1, 1], x, panels, sums,
      runTaps)
  }

  /// By Winograd's minimal filtering, some tiles at a time; false where the device has too little local memory for it.
  private func winogradWeightGradient(
    _ p: ConvolutionProblem, _ x: Storage, _ outputGradient: Storage, _ gradient: Storage, _ accumulate: Bool
  ) throws -> Bool {
    let chunks = WinogradGradientChunks(p, panel: tiling.panel)
    let (grid, name) = (chunks.grid, "winograd\(chunks.grid.edge)_gradient")
    let sums = grid.places * tiling.vectorWidth / 2 * tiling.panel
    guard sums * MemoryLayout<Float>.stride <= traits.localMemory else { return false }
    let inputs = try Storage(count: chunks.inputCount, on: self)
    let outputs = try Storage(count: chunks.outputCount, on: self)
    for first in stride(from: 0, to: grid.count, by: chunks.tiles) {
      let count = min(chunks.tiles, grid.count - first)
      try launch(
        "\(name)_inputs", size: [count], group: [1], x, inputs, p.height, p.width, p.inputChannels, p.padding.top,
        p.padding.left, grid.rows, grid.columns, first, count)
      try launch(
        "\(name)_outputs", size: [count, chunks.panels], group: [1, 1], outputGradient, outputs, p.outputHeight,
        p.outputWidth, p.outputChannels, grid.rows, grid.columns, first, count)
      try launch(
        name, size: [p.inputChannels / tiling.vectorWidth, chunks.panels], group: [1, 1], inputs, outputs, gradient,
        p.inputChannels, p.outputChannels, count, accumulate || first > 0, LocalFloats(count: sums))
    }
    return true
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
    if tiling.shape == .cpu, p.groups == 1 {
      let vectors = [p.outputChannels, p.inputChannels].map { ($0 + tiling.vectorWidth - 1) / tiling.vectorWidth }
      return try launch(
        "gradients_transpose_taps", size: vectors + [p.rows.count * p.columns.count], group: [1, 1, 1], w, turned,
        p.kernel.width, p.inputChannels, p.outputChannels, p.rows.first, p.rows.step, p.rows.count, p.columns.first,
        p.columns.step, p.columns.count)
    }
    try launch(
      "gradients_reverse_taps", elements: turned.count, w, turned, turned.count, p.kernel.width, p.inputChannels,
      p.outputChannels, p.inputChannels / p.groups, p.outputChannels / p.groups, p.rows.first, p.rows.step,
      p.rows.count, p.columns.first, p.columns.step, p.columns.count)
  }

  public func placeOnGrid(_ p: GridProblem, _ x: Storage, into y: Storage, accumulate: Bool) throws {
    try p.check(x, y, on: self)
    let pixels = p.batch * p.rows * p.columns
    let (size, group) = wideItems(p.channels, pixels)
    try launch(
      "gradients_place_on_grid", size: size, group: group, x, y, x.count, pixels, p.rows, p.columns, p.channels,
      p.height, p.width, p.stride.height, p.stride.width, p.top, p.left, accumulate)
  }
}

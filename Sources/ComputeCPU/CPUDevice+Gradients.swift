import CLoops
public import Compute

extension CPUDevice {
  public func convolveBackwardWeights(
    _ p: ConvolutionProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage, accumulate: Bool
  ) throws {
    try p.checkWeightGradient(x, outputGradient, gradient, on: self)
    if p.chosenWeightGradientAlgorithm != .direct {
      try winogradWeightGradient(p, x, outputGradient, gradient, accumulate)
    } else if p.groups == 1 {
      try multiplyPatches(p, x, outputGradient, gradient, accumulate)
    } else if p.isDepthwise {
      try sumSplits(p, count: p.weightCount, into: gradient, accumulate: accumulate) { geometry, first, end, _, sums in
        loops.pointee.depthwise_gradient(geometry, x.pointer, outputGradient.pointer, first, end, sums)
      }
    } else {
      multiplyGroups(p, x, outputGradient, gradient, accumulate)
    }
    if accumulate { gradient.forgetLayouts() }
  }

  /// By Winograd's minimal filtering, some tiles at a time: they are transformed, and then a task is a vector of input
  /// channels by a panel of outputs.
  private func winogradWeightGradient(
    _ p: ConvolutionProblem, _ x: Storage, _ outputGradient: Storage, _ gradient: Storage, _ accumulate: Bool
  ) throws {
    let chunks = WinogradGradientChunks(p, panel: loops.pointee.panel_width())
    let inputs = try Storage(count: chunks.inputCount, on: self)
    let outputs = try Storage(count: chunks.outputCount, on: self)
    let blocks = p.inputChannels / (loops.pointee.panel_width() / 2)
    let tiles = chunks.grid
    let grid = fl_winograd(
      edge: tiles.edge, rows: tiles.rows, columns: tiles.columns, count: tiles.count, block: chunks.tiles, channels: 0)
    withUnsafePointer(to: fl_convolution(p)) { geometry in
      withUnsafePointer(to: grid) { grid in
        for first in stride(from: 0, to: tiles.count, by: chunks.tiles) {
          let count = min(chunks.tiles, tiles.count - first)
          parallel(count) { tile in
            loops.pointee.winograd_gradient_transforms(
              geometry, grid, x.pointer, outputGradient.pointer, first + tile, tile, count, inputs.pointer,
              outputs.pointer)
          }
          parallel(blocks * chunks.panels, scratchCount: loops.pointee.winograd_gradient_scratch(grid)) { task, sums in
            loops.pointee.winograd_gradient(
              geometry, grid, inputs.pointer, outputs.pointer, task % blocks, task / blocks, count,
              accumulate || first > 0 ? 1 : 0, sums, gradient.pointer)
          }
        }
      }
    }
  }

  /// All channels together: a task is a split by a panel of outputs, whose sums stay in registers.
  private func multiplyPatches(
    _ p: ConvolutionProblem, _ x: Storage, _ outputGradient: Storage, _ gradient: Storage, _ accumulate: Bool
  ) throws {
    let (panels, width) = (Self.panels(p.outputChannels), loops.pointee.panel_width())
    let pixels = p.batch * p.outputHeight * p.outputWidth
    let depth = p.weightCount / p.outputChannels
    let packed = try Storage(
      count: Shape.checkedCount([panels, pixels, width], operation: "convolveBackwardWeights"), on: self)
    parallel(panels) { loops.pointee.pack(outputGradient.pointer, pixels, p.outputChannels, 0, $0, packed.pointer) }
    let sums = try Storage(
      count: Shape.checkedCount([panels, depth, width], operation: "convolveBackwardWeights"), on: self)
    try sumSplits(p, count: depth * width, parts: panels, into: sums, accumulate: false) {
      geometry, first, end, panel, sums in
      loops.pointee.weight_gradient(
        geometry, x.pointer, packed.pointer + panel * pixels * width, first, end, panel * width, sums)
    }
    parallel(panels) {
      loops.pointee.unpack(sums.pointer, depth, p.outputChannels, $0, accumulate ? 1 : 0, gradient.pointer)
    }
  }

  /// Sums of each split, and then of all of them in their order; what they are added to comes last.
  ///
  /// - count: sums of a part; `parts` of them side by side make up the result.
  /// - body: geometry, lines first ..< end, the part, and where its sums go.
  private func sumSplits(
    _ p: ConvolutionProblem, count: Int, parts: Int = 1, into result: Storage, accumulate: Bool,
    _ body: (UnsafePointer<fl_convolution>, Int, Int, Int, UnsafeMutablePointer<Float>) -> Void
  ) throws {
    let splits = p.weightGradientSplits
    let lines = p.batch * p.outputHeight
    let addends = splits.count + (accumulate ? 1 : 0)
    let partial = addends == 1 ? result : try Storage(count: addends * parts * count, on: self)
    withUnsafePointer(to: fl_convolution(p)) { geometry in
      parallel(splits.count * parts) { task in
        let first = task / parts * splits.lines
        body(geometry, first, min(first + splits.lines, lines), task % parts, partial.pointer + task * count)
      }
    }
    guard addends > 1 else { return }
    if accumulate {
      (partial.pointer + splits.count * parts * count).update(from: result.pointer, count: parts * count)
    }
    try reduce(.sum, ReductionProblem(outer: 1, reduced: addends, inner: parts * count), partial, into: result)
  }

  /// Groups: patches of some output rows are laid out as a matrix and multiplied, one group a task.
  private func multiplyGroups(
    _ p: ConvolutionProblem, _ x: Storage, _ outputGradient: Storage, _ gradient: Storage, _ accumulate: Bool
  ) {
    let (depth, outputs) = (p.inputChannels / p.groups, p.outputChannels / p.groups)
    let patch = p.kernel.height * p.kernel.width * depth
    withUnsafePointer(to: fl_convolution(p)) { geometry in
      parallel(p.groups, scratchCount: p.outputWidth * patch) { group, patches in
        for line in 0..<(p.batch * p.outputHeight) {
          loops.pointee.patches_row(
            geometry, x.pointer + line / p.outputHeight * p.height * p.width * p.inputChannels, group * depth, depth,
            line % p.outputHeight, patches)
          product(
            rows: patch, columns: outputs, depth: p.outputWidth, patches, patch, transposeA: true,
            outputGradient.pointer + line * p.outputWidth * p.outputChannels + group * outputs, p.outputChannels,
            into: gradient.pointer + group * outputs, p.outputChannels, accumulate: accumulate || line > 0)
        }
      }
    }
  }

  public func reverseTaps(_ p: TapReversal, _ w: Storage, into turned: Storage) throws {
    try p.check(w, turned, on: self)
    let line = turned.count / p.rows.count
    parallel(p.rows.count) { r in
      let row = p.rows.first + p.rows.step * (p.rows.count - 1 - r)
      loops.pointee.reverse_taps(
        w.pointer + row * p.weightCount / p.kernel.height, p.inputChannels, p.outputChannels, p.groups,
        p.columns.first, p.columns.step, p.columns.count, turned.pointer + r * line)
    }
  }

  public func placeOnGrid(_ p: GridProblem, _ x: Storage, into y: Storage, accumulate: Bool) throws {
    try p.check(x, y, on: self)
    let (left, step) = (p.left * p.channels, p.stride.width * p.channels)
    let columns = min(p.columns, (p.width - p.left + p.stride.width - 1) / p.stride.width)
    parallel(p.batch * p.rows, chunk: Self.elementsPerTask / (p.columns * p.channels)) { lines in
      for line in lines {
        let row = p.top + line % p.rows * p.stride.height
        guard row < p.height else { continue }
        let source = x.pointer + line * p.columns * p.channels
        let target = y.pointer + (line / p.rows * p.height + row) * p.width * p.channels + left
        for column in 0..<max(columns, 0) {
          let (pixel, values) = (target + column * step, source + column * p.channels)
          if accumulate {
            loops.pointee.combine(BinaryOperation.add.rawValue, pixel, values, pixel, p.channels)
          } else {
            pixel.update(from: values, count: p.channels)
          }
        }
      }
    }
  }
}

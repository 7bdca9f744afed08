import CLoops
public import Compute

extension CPUDevice {
  public func convolve(
    _ p: ConvolutionProblem, _ x: Storage, _ w: Storage, epilogue: Epilogue, into y: Storage
  ) throws {
    try p.check(x, w, epilogue, y, on: self)
    if p.isDepthwise {
      convolveDepthwise(p, x, w, epilogue, y)
    } else if p.groups > 1 {
      convolvePatches(p, x, w, epilogue, y)
    } else if p.chosenAlgorithm == .direct {
      try convolveTiles(p, x, w, epilogue, y)
    } else {
      try convolveWinograd(p, x, w, epilogue, y)
    }
  }

  public func pool(_ p: PoolingProblem, _ x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    let (maximum, paddingCounts) = p.flags
    withUnsafePointer(to: fl_convolution(p)) { geometry in
      parallel(p.batch * p.outputHeight) { task in
        loops.pointee.pool_row(
          geometry, x.pointer + task / p.outputHeight * p.height * p.width * p.channels, maximum, paddingCounts,
          task % p.outputHeight, y.pointer + task * p.outputWidth * p.channels)
      }
    }
  }

  public func poolBackward(
    _ p: PoolingProblem, _ x: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try p.checkGradient(x, outputGradient, gradient, on: self)
    let (maximum, paddingCounts) = p.flags
    let (inputs, outputs) = (p.height * p.width * p.channels, p.outputHeight * p.outputWidth * p.channels)
    withUnsafePointer(to: fl_convolution(p)) { geometry in
      if maximum != 0 {
        let bands = p.gradientBands
        parallel(p.batch * bands.count) { task in
          let (picture, first) = (task / bands.count, task % bands.count * bands.rows)
          loops.pointee.pool_maximum_backward(
            geometry, x.pointer + picture * inputs, outputGradient.pointer + picture * outputs, first,
            min(first + bands.rows, p.height), gradient.pointer + picture * inputs)
        }
      } else {
        parallel(p.batch * p.height) { task in
          loops.pointee.pool_backward_row(
            geometry, outputGradient.pointer + task / p.height * outputs, paddingCounts, task % p.height,
            gradient.pointer + task * p.width * p.channels)
        }
      }
    }
  }

  private func convolveDepthwise(
    _ p: ConvolutionProblem, _ x: Storage, _ w: Storage, _ epilogue: Epilogue, _ y: Storage
  ) {
    let width = loops.pointee.panel_width() / 2
    let blocks = p.depthwiseBlocks(vectorWidth: width, cores: threads)
    // Pointers, for threads that count references to one array get in each other's way.
    let (input, weights, output) = (UnsafePointer(x.pointer), UnsafePointer(w.pointer), y.pointer)
    let bias = epilogue.bias.map { UnsafePointer($0.pointer) }
    let residual = epilogue.residual.map { UnsafePointer($0.pointer) }
    let activation = epilogue.activation.rawValue
    let (inputs, outputs) = (p.inputCount / p.batch, p.outputCount / p.batch)
    withUnsafePointer(to: fl_convolution(p)) { geometry in
      parallel(blocks.tasks, scratchCount: loops.pointee.depthwise_scratch(geometry)) { task, scratch in
        let block = blocks[task]
        let start = block.picture * outputs + block.channel
        let terms = fl_epilogue_terms(
          scale: 1, bias: bias.map { $0 + block.channel }, residual: residual.map { $0 + start },
          activation: activation)
        withUnsafePointer(to: terms) {
          loops.pointee.depthwise(
            geometry, input + block.picture * inputs + block.channel, weights + block.channel, $0,
            min(width, geometry.pointee.channels - block.channel), block.rows.lowerBound, block.rows.upperBound,
            scratch,
            output + start)
        }
      }
    }
  }

  /// Grouped: patches of some output rows are laid out as a matrix, group by group, and multiplied with the weights.
  private func convolvePatches(
    _ p: ConvolutionProblem, _ x: Storage, _ w: Storage, _ epilogue: Epilogue, _ y: Storage
  ) {
    var geometry = fl_convolution(p)
    let depth = p.inputChannels / p.groups
    let outputs = p.outputChannels / p.groups
    let patch = p.kernel.height * p.kernel.width * depth
    // The product is written before the residual is read.
    let accumulate = epilogue.residual?.pointer == y.pointer
    var rest = epilogue
    if accumulate { rest.residual = nil }
    // At most 2 MiB of patches a task, at least one row.
    let rowsPerTask = max(min((1 << 19) / (patch * p.outputWidth), p.outputHeight / 4), 1)
    let tasks = (p.outputHeight + rowsPerTask - 1) / rowsPerTask
    withUnsafePointer(to: &geometry) { geometry in
      parallel(p.batch * tasks) { task in
        let (picture, part) = (task / tasks, task % tasks)
        let rows = (part * rowsPerTask)..<min((part + 1) * rowsPerTask, p.outputHeight)
        let pixels = rows.count * p.outputWidth
        let first = (picture * p.outputHeight + rows.lowerBound) * p.outputWidth
        withScratch(pixels * patch) { patches in
          for group in 0..<p.groups {
            for (index, row) in rows.enumerated() {
              loops.pointee.patches_row(
                geometry, x.pointer + picture * p.height * p.width * p.inputChannels, group * depth, depth, row,
                patches + index * p.outputWidth * patch)
            }
            product(
              rows: pixels, columns: outputs, depth: patch, patches, patch, w.pointer + group * outputs,
              p.outputChannels, into: y.pointer + first * p.outputChannels + group * outputs, p.outputChannels,
              accumulate: accumulate)
          }
        }
        finish(rest, y, pixels: first..<(first + pixels), channels: p.outputChannels)
      }
    }
  }

  private func finish(_ epilogue: Epilogue, _ y: Storage, pixels: Range<Int>, channels: Int) {
    let start = pixels.lowerBound * channels
    loops.pointee.epilogue(
      epilogue.activation.rawValue, y.pointer + start, epilogue.bias?.pointer,
      epilogue.residual.map { $0.pointer + start }, pixels.count, channels)
  }
}

extension PoolingProblem {
  /// What the loops take: whether it is a maximum, and whether padding counts.
  fileprivate var flags: (maximum: Int32, paddingCounts: Int32) {
    switch kind {
    case .maximum: (1, 0)
    case .average(let paddingCounts): (0, paddingCounts ? 1 : 0)
    }
  }
}

extension fl_convolution {
  init(_ p: ConvolutionProblem) {
    self.init(
      height: p.height, width: p.width, channels: p.inputChannels, output_height: p.outputHeight,
      output_width: p.outputWidth, outputs: p.outputChannels, kernel_height: p.kernel.height,
      kernel_width: p.kernel.width, stride_y: p.stride.height, stride_x: p.stride.width,
      dilation_y: p.dilation.height, dilation_x: p.dilation.width, top: p.padding.top, left: p.padding.left)
  }

  init(_ p: PoolingProblem) {
    self.init(
      height: p.height, width: p.width, channels: p.channels, output_height: p.outputHeight,
      output_width: p.outputWidth, outputs: p.channels, kernel_height: p.kernel.height, kernel_width: p.kernel.width,
      stride_y: p.stride.height, stride_x: p.stride.width, dilation_y: 1, dilation_x: 1, top: p.padding.top,
      left: p.padding.left)
  }
}

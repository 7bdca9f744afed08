public import Compute

extension Tensor {
  /// `activation(self ⋆ weight + bias + residual)` in one pass.
  ///
  /// - self: [batch, height, width, inputChannels]
  /// - weight: [kernelHeight, kernelWidth, inputChannels / groups, outputChannels]
  /// - bias: [outputChannels]; residual: the result's shape
  public func convolved(
    with weight: Tensor, bias: Tensor? = nil, residual: Tensor? = nil, activation: Activation = .none,
    stride: Extent2D = 1, padding: Padding = 0, dilation: Extent2D = 1, groups: Int = 1
  ) throws -> Tensor {
    let problem = try ConvolutionProblem(
      input: shape, weight: weight.shape, stride: stride, padding: padding, dilation: dilation, groups: groups)
    let (device, x, w) = (device, storage, weight.storage)
    let operands = [self, weight] + [bias, residual].compactMap(\.self)
    // An activation's gradient starts from what went into it, so on a tape it is an operation of its own.
    let isRecorded = operands.contains { $0.node != nil }
    let epilogue = Epilogue(
      bias: bias?.storage, residual: residual?.storage, activation: isRecorded ? .none : activation)
    let result = try Tensor.made(problem.output, on: device) {
      try device.convolve(problem, storage, weight.storage, epilogue: epilogue, into: $0)
    }
    guard isRecorded else { return result }
    // Weights that are trained change before they are used again, so what they were packed to would only take memory.
    let isTrained = weight.node != nil
    if isTrained { w.forgetLayouts() }
    let (hasBias, hasResidual) = (bias != nil, residual != nil)
    let summed = result.recorded(operands) { outputGradient, targets in
      try targets[0]?.accumulate {
        try device.convolveBackwardData(problem, outputGradient: outputGradient, w, into: $0, accumulate: $1)
      }
      if isTrained { w.forgetLayouts() }
      try targets[1]?.accumulate {
        try device.convolveBackwardWeights(problem, x, outputGradient: outputGradient, into: $0, accumulate: $1)
      }
      var rest = targets.dropFirst(2)
      if hasBias, let target = rest.removeFirst() {
        let pixels = outputGradient.count / problem.outputChannels
        let rows = try ReductionProblem(outer: 1, reduced: pixels, inner: problem.outputChannels)
        try target.write { try device.reduce(.sum, rows, outputGradient, into: $0) }
      }
      if hasResidual { try rest.removeFirst()?.share(outputGradient) }
    }
    return activation == .none ? summed : try summed.activated(activation)
  }

  /// The transpose of a convolution: what carries a convolution's output back to its input's size, as PyTorch's
  /// `conv_transpose2d`.
  ///
  /// - self: [batch, height, width, inputChannels]
  /// - weight: [kernelHeight, kernelWidth, outputChannels / groups, inputChannels], that of the convolution which leads from
  ///   the result to this tensor
  /// - bias: [outputChannels]
  /// - extraHeight, extraWidth: rows and columns at the end that the convolution's stride leaves over, below the stride
  public func transposeConvolved(
    with weight: Tensor, bias: Tensor? = nil, stride: Extent2D = 1, padding: Padding = 0, extraHeight: Int = 0,
    extraWidth: Int = 0, groups: Int = 1
  ) throws -> Tensor {
    guard shape.rank == 4, weight.shape.rank == 4 else {
      throw ShapeError.outOfRange(
        operation: "transposeConvolved", what: "the rank", value: min(shape.rank, weight.shape.rank), allowed: 4...4)
    }
    let height = (shape[1] - 1) * stride.height + weight.shape[0] - padding.top - padding.bottom + extraHeight
    let width = (shape[2] - 1) * stride.width + weight.shape[1] - padding.left - padding.right + extraWidth
    let output: Shape = [shape[0], height, width, weight.shape[2] * groups]
    let problem = try ConvolutionProblem(
      input: output, weight: weight.shape, stride: stride, padding: padding, groups: groups)
    guard problem.output == shape else {
      throw ShapeError.mismatch(
        operation: "transposeConvolved", argument: "self", expected: problem.output.extents, found: shape.extents)
    }
    let (device, x, w) = (device, storage, weight.storage)
    let result = try Tensor.made(output, on: device) {
      try device.convolveBackwardData(problem, outputGradient: x, w, into: $0)
    }.recorded([self, weight]) { outputGradient, targets in
      try targets[0]?.accumulate {
        try device.convolve(problem, outputGradient, w, epilogue: Epilogue(residual: $1 ? $0 : nil), into: $0)
      }
      try targets[1]?.accumulate {
        try device.convolveBackwardWeights(problem, outputGradient, outputGradient: x, into: $0, accumulate: $1)
      }
    }
    return try bias.map { try result.combined(.add, with: $0) } ?? result
  }

  /// Sliding windows over each channel; `stride` is the kernel's size unless given.
  public func pooled(
    _ kind: PoolingProblem.Kind, kernel: Extent2D, stride: Extent2D? = nil, padding: Padding = 0
  ) throws -> Tensor {
    let problem = try PoolingProblem(kind, input: shape, kernel: kernel, stride: stride, padding: padding)
    return try pooled(problem)
  }

  /// One window over each whole picture: [batch, 1, 1, channels].
  public func globallyPooled(_ kind: PoolingProblem.Kind) throws -> Tensor {
    try pooled(PoolingProblem.global(kind, input: shape))
  }

  private func pooled(_ problem: PoolingProblem) throws -> Tensor {
    let x = storage
    return try Tensor.made(problem.output, on: device) { try device.pool(problem, storage, into: $0) }
      .recorded([self]) { outputGradient, targets in
        try targets[0]?.write { try x.device.poolBackward(problem, x, outputGradient: outputGradient, into: $0) }
      }
  }

  /// The picture at another size, without antialiasing.
  public func resampled(_ mode: ResamplingProblem.Mode, height: Int, width: Int) throws -> Tensor {
    let problem = try ResamplingProblem(mode, input: shape, outputHeight: height, outputWidth: width)
    let device = device
    return try Tensor.made(problem.output, on: device) { try device.resample(problem, storage, into: $0) }
      .recorded([self]) { outputGradient, targets in
        try targets[0]?.write { try device.resampleBackward(problem, outputGradient: outputGradient, into: $0) }
      }
  }

  /// Gaussian smoothing of single-channel maps; edges are reflected, taps reach to `radius`. Of constants only:
  /// maps are not trained.
  ///
  /// - self: [batch, height, width, 1]
  /// - radius: by default ⌊4σ + ½⌋, SciPy's truncation
  public func gaussianSmoothed(sigma: Double, radius: Int? = nil) throws -> Tensor {
    guard shape.rank == 4, shape[3] == 1 else {
      throw ShapeError.mismatch(
        operation: "filter", argument: "map", expected: Array(shape.extents.prefix(3)) + [1], found: shape.extents)
    }
    precondition(node == nil, "a map that is smoothed is a constant")
    let taps = gaussianTaps(sigma: sigma, radius: radius ?? Int(4 * sigma + 0.5))
    let problem = try FilteringProblem(batch: shape[0], height: shape[1], width: shape[2], radius: (taps.count - 1) / 2)
    let kernel = try Storage(taps, on: device)
    return try Tensor.made(shape, on: device) { try device.filter(problem, storage, taps: kernel, into: $0) }
  }
}

public import Compute

extension Tensor {
  /// Group normalisation (Wu and He 2018, arXiv 1803.08494): mean 0 and variance 1 over each picture's groups of channels and
  /// all places, then `scale · x̂ + shift` by channel. One group over one place is layer normalisation.
  ///
  /// - self: [batch, …, channels]; scale, shift: [channels]
  public func groupNormalized(
    groups: Int, scale: Tensor? = nil, shift: Tensor? = nil, activation: Activation = .none, epsilon: Float = 1e-6
  ) throws -> Tensor {
    let channels = shape.extents.last ?? 1
    let problem = try NormalizationProblem(
      batch: shape.extents.first ?? 1, positions: shape.extents.dropFirst().dropLast().reduce(1, *),
      channels: channels, groups: groups, epsilon: epsilon)
    let result = try normalized(problem, scale: scale, shift: shift).result
    return activation == .none ? result : try result.activated(activation)
  }

  /// Layer normalisation (Ba et al. 2016, arXiv 1607.06450) over the last axis.
  ///
  /// - scale, shift: [columns]
  public func layerNormalized(scale: Tensor? = nil, shift: Tensor? = nil, epsilon: Float = 1e-5) throws -> Tensor {
    let columns = shape.extents.last ?? 1
    let problem = try NormalizationProblem.layer(
      rows: shape.count / max(columns, 1), channels: columns, epsilon: epsilon)
    return try normalized(problem, scale: scale, shift: shift).result
  }

  /// Batch normalisation (Ioffe and Szegedy 2015, arXiv 1502.03167) by this batch's own statistics.
  ///
  /// - self: [batch, …, channels]; scale, shift: [channels]
  /// - means, variances: [channels], of n elements and not n − 1; no gradient passes through them
  public func batchNormalized(
    scale: Tensor? = nil, shift: Tensor? = nil, residual: Tensor? = nil, activation: Activation = .none,
    epsilon: Float = 1e-5
  ) throws -> (result: Tensor, means: Tensor, variances: Tensor) {
    let channels = shape.extents.last ?? 1
    let problem = try NormalizationProblem.batch(
      rows: shape.count / max(channels, 1), channels: channels, epsilon: epsilon)
    var (result, means, variances) = try normalized(problem, scale: scale, shift: shift)
    if let residual { result = try result.combined(.add, with: residual) }
    if activation != .none { result = try result.activated(activation) }
    return (result, try Tensor(means, shape: [channels]), try Tensor(variances, shape: [channels]))
  }

  /// Batch normalisation by given statistics: `(x − mean) / √(variance + ε) · scale + shift`, by channel.
  ///
  /// - means, variances, scale, shift: [channels]
  public func normalized(
    means: Tensor, variances: Tensor, scale: Tensor? = nil, shift: Tensor? = nil, epsilon: Float = 1e-5
  ) throws -> Tensor {
    let channels = shape.extents.last ?? 1
    let problem = try NormalizationProblem.batch(
      rows: shape.count / max(channels, 1), channels: channels, epsilon: epsilon)
    guard [self, scale, shift].contains(where: { $0?.node != nil }) else {
      return try Tensor.made(shape, on: device) {
        try device.applyNormalization(
          problem, storage, means: means.storage, variances: variances.storage,
          NormalizationParameters(scale: scale?.storage, shift: shift?.storage), into: $0)
      }
    }
    // With fixed statistics it is a product and a sum by channel, whose gradients are at hand.
    let deviations = try variances.detached.affine(scale: 1, shift: epsilon).mapped(.squareRoot)
    let centred = try combined(.subtract, with: means.detached).combined(.divide, with: deviations)
    let scaled = try scale.map { try centred.combined(.multiply, with: $0) } ?? centred
    return try shift.map { try scaled.combined(.add, with: $0) } ?? scaled
  }

  private func normalized(
    _ problem: NormalizationProblem, scale: Tensor?, shift: Tensor?
  ) throws -> (result: Tensor, means: Storage, variances: Storage) {
    let (device, x) = (device, storage)
    let means = try Storage(count: problem.statisticsCount, on: device)
    let variances = try Storage(count: problem.statisticsCount, on: device)
    let made = try Tensor.made(shape, on: device) {
      try device.normalize(
        problem, x, NormalizationParameters(scale: scale?.storage, shift: shift?.storage), into: $0, means: means,
        variances: variances)
    }
    let operands = [self] + [scale, shift].compactMap(\.self)
    let (scale, hasShift) = (scale?.storage, shift != nil)
    let result = made.recorded(operands) { outputGradient, targets in
      let gradient = try Storage(count: problem.count, on: device)
      let scaleGradient = try Storage(count: problem.channels, on: device)
      let shiftGradient = try Storage(count: problem.channels, on: device)
      try device.normalizeBackward(
        problem, x, outputGradient: outputGradient, means: means, variances: variances, scale: scale,
        into: gradient, scaleGradient: scaleGradient, shiftGradient: shiftGradient)
      var rest = targets.dropFirst()
      try targets[0]?.share(gradient)
      if scale != nil { try rest.removeFirst()?.share(scaleGradient) }
      if hasShift { try rest.removeFirst()?.share(shiftGradient) }
    }
    return (result, means, variances)
  }
}

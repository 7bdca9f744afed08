public import Compute

extension Tensor {
  /// Reparameterised sampling (Kingma and Welling 2014, arXiv 1312.6114): `self + e^(logVariances / 2) · ε`, ε normal. The
  /// gradient passes to means and logarithms of variances.
  ///
  /// - logVariances: this shape; clamped to −30 … 20
  public func sampled(logVariances: Tensor, _ key: RandomKey) throws -> Tensor {
    let (device, means, spreads) = (device, storage, logVariances.storage)
    let result = try Tensor.made(shape, on: device) {
      try device.sample(means: means, logVariances: spreads, key, into: $0)
    }
    let z = result.storage
    return result.recorded([self, logVariances]) { outputGradient, targets in
      try targets[0]?.share(outputGradient)
      try targets[1]?.write {
        try device.sampleBackward(
          means: means, logVariances: spreads, z: z, outputGradient: outputGradient, into: $0)
      }
    }
  }

  /// These values forwards, and on the way back as if they were `source` (Bengio et al. 2013, arXiv 1308.3432): the
  /// straight-through estimator that quantisation needs.
  ///
  /// - Throws: ``ShapeError/mismatch(operation:argument:expected:found:)`` when the shapes differ.
  public func straightThrough(to source: Tensor) throws -> Tensor {
    guard source.shape == shape else {
      throw ShapeError.mismatch(
        operation: "straightThrough", argument: "source", expected: shape.extents, found: source.shape.extents)
    }
    return detached.recorded([source]) { outputGradient, targets in try targets[0]?.share(outputGradient) }
  }
}

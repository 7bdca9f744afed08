import Compute

extension Tensor {
  /// The cosine of each row with the other's; norms below 10⁻⁸ count as that, as in PyTorch.
  ///
  /// - self, other: [rows, width]; result: [rows]
  public func rowCosines(with other: Tensor) throws -> Tensor {
    try combined(.multiply, with: other).reduced(.sum, axis: 1).combined(.divide, with: rowNorms(least: 1e-16))
      .combined(.divide, with: other.rowNorms(least: 1e-16))
  }

  /// Each row divided by its length: `x / (√Σx² + ε)`. A row of zeros stays, and has a gradient without a pole.
  ///
  /// - self: [rows, width]
  public func unitRows(epsilon: Float = 1e-10) throws -> Tensor {
    let lengths = try rowNorms(least: 1e-36).affine(scale: 1, shift: epsilon)
    return try combined(.divide, with: lengths.repeated(shape[1]))
  }

  /// The squared distance of two maps' channels, each place's divided by their length, weighted and averaged over places: a layer's
  /// part of LPIPS (Zhang et al. 2018, arXiv 1801.03924, equation 1).
  ///
  /// `mean over places of Σ_c w_c (x̂_c − ŷ_c)²`
  ///
  /// - self, other: [batch, height, width, channels]; weights: [channels]
  /// - result: [batch]
  public func featureDistances(to other: Tensor, weights: Tensor, epsilon: Float = 1e-10) throws -> Tensor {
    guard shape.rank == 4, other.shape == shape, weights.shape.extents == [shape[3]] else {
      throw ShapeError.mismatch(
        operation: "featureDistances", argument: "other and weights",
        expected: shape.extents + [shape.extents.last ?? 0],
        found: other.shape.extents + weights.shape.extents)
    }
    let rows: Shape = [shape[0] * shape[1] * shape[2], shape[3]]
    let units = try [self, other].map { try $0.reshaped(to: rows).unitRows(epsilon: epsilon) }
    return try units[0].combined(.subtract, with: units[1]).mapped(.square)
      .multiplied(by: weights.reshaped(to: [shape[3], 1]))
      .reshaped(to: [shape[0], shape[1] * shape[2]]).reduced(.mean, axis: 1)
  }

  /// - least: of the sums of squares; smaller ones count as that and pass no gradient, for the root's is infinite at 0
  private func rowNorms(least: Float) throws -> Tensor {
    try reduced(.sumOfSquares, axis: 1).clamped(lower: least, upper: .greatestFiniteMagnitude).mapped(.squareRoot)
  }

  /// [rows] to [rows, columns].
  private func repeated(_ columns: Int) throws -> Tensor {
    try reshaped(to: [shape.count, 1]).multiplied(by: .filled(1, shape: [1, columns], on: device))
  }
}

public import Compute

extension Tensor {
  /// `self ∘ other`, element by element.
  ///
  /// - other: this shape, or [columns] with columns the last extent: then it is applied to each row.
  public func combined(_ operation: BinaryOperation, with other: Tensor) throws -> Tensor {
    try Tensor.made(shape, on: device) { y in
      if other.shape == shape {
        try device.combine(operation, storage, other.storage, into: y)
      } else if other.shape.rank == 1, other.shape[0] == shape.extents.last {
        try device.combineRows(operation, storage, vector: other.storage, into: y)
      } else {
        throw ShapeError.mismatch(
          operation: "\(operation)", argument: "other", expected: shape.extents, found: other.shape.extents)
      }
    }
  }

  /// `f(x)`, element by element.
  public func mapped(_ operation: UnaryOperation) throws -> Tensor {
    try Tensor.made(shape, on: device) { try device.map(operation, storage, into: $0) }
  }

  /// `scale · x + shift`.
  public func affine(scale: Float, shift: Float) throws -> Tensor {
    try Tensor.made(shape, on: device) { try device.affine(storage, scale: scale, shift: shift, into: $0) }
  }

  public func clamped(lower: Float, upper: Float) throws -> Tensor {
    try Tensor.made(shape, on: device) { try device.clamp(storage, lower: lower, upper: upper, into: $0) }
  }

  public func activated(_ activation: Activation) throws -> Tensor {
    try Tensor.made(shape, on: device) { try device.activate(activation, storage, into: $0) }
  }

  /// Soft maximum over the last axis.
  public func softmaxed(logarithmic: Bool = false) throws -> Tensor {
    let columns = shape.extents.last ?? 1
    let problem = try SoftmaxProblem(rows: shape.count / max(columns, 1), columns: columns, logarithmic: logarithmic)
    return try Tensor.made(shape, on: device) { try device.softmax(problem, storage, into: $0) }
  }
}

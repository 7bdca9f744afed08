public import Compute

extension Tensor {
  /// `self ∘ other`, element by element. Where maximum and minimum find equals, each gets half of the gradient.
  ///
  /// - other: this shape, or [columns] with columns the last extent: then it is applied to each row.
  public func combined(_ operation: BinaryOperation, with other: Tensor) throws -> Tensor {
    let isRow = other.shape != shape
    guard !isRow || other.shape.extents == shape.extents.suffix(1) else {
      throw ShapeError.mismatch(
        operation: "\(operation)", argument: "other", expected: shape.extents, found: other.shape.extents)
    }
    let result = try Tensor.made(shape, on: device) {
      try device.combine(operation, storage, other.storage, rows: isRow, into: $0)
    }
    let gradients = BinaryGradients(
      operation: operation, x: storage, v: other.storage, y: result.storage, isRow: isRow, device: device)
    return result.recorded([self, other]) { outputGradient, targets in
      try gradients.carry(outputGradient, to: targets)
    }
  }

  /// `f(x)`, element by element. The derivative of the absolute value is 0 at 0.
  public func mapped(_ operation: UnaryOperation) throws -> Tensor {
    let result = try Tensor.made(shape, on: device) { try device.map(operation, storage, into: $0) }
    let (x, y) = (storage, result.storage)
    return result.recorded([self]) { outputGradient, targets in
      try targets[0]?.write { try x.device.mapBackward(operation, x, y, outputGradient: outputGradient, into: $0) }
    }
  }

  /// `scale · x + shift`.
  public func affine(scale: Float, shift: Float) throws -> Tensor {
    let device = device
    return try Tensor.made(shape, on: device) { try device.affine(storage, scale: scale, shift: shift, into: $0) }
      .recorded([self]) { outputGradient, targets in
        try targets[0]?.write { try device.affine(outputGradient, scale: scale, shift: 0, into: $0) }
      }
  }

  /// The gradient passes where x lies within the limits or on them.
  public func clamped(lower: Float, upper: Float) throws -> Tensor {
    let x = storage
    return try Tensor.made(shape, on: device) { try device.clamp(storage, lower: lower, upper: upper, into: $0) }
      .recorded([self]) { outputGradient, targets in
        try targets[0]?.write {
          try x.device.clampBackward(x, outputGradient: outputGradient, lower: lower, upper: upper, into: $0)
        }
      }
  }

  public func activated(_ activation: Activation) throws -> Tensor {
    let result = try Tensor.made(shape, on: device) { try device.activate(activation, storage, into: $0) }
    // Where ReLU lets the gradient pass can be seen in its result, too, which what comes next keeps anyway.
    let x = activation == .relu ? result.storage : storage
    return result.recorded([self]) { outputGradient, targets in
      try targets[0]?.write {
        try x.device.activateBackward(activation, x, outputGradient: outputGradient, into: $0)
      }
    }
  }

  /// Soft maximum over the last axis.
  public func softmaxed(logarithmic: Bool = false) throws -> Tensor {
    let columns = shape.extents.last ?? 1
    let problem = try SoftmaxProblem(rows: shape.count / max(columns, 1), columns: columns, logarithmic: logarithmic)
    let result = try Tensor.made(shape, on: device) { try device.softmax(problem, storage, into: $0) }
    let y = result.storage
    return result.recorded([self]) { outputGradient, targets in
      try targets[0]?.write { try y.device.softmaxBackward(problem, y, outputGradient: outputGradient, into: $0) }
    }
  }
}

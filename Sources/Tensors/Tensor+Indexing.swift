public import Compute

extension Tensor {
  /// The tensors one after another along `axis`; all other extents must agree.
  ///
  /// - Throws: ``ShapeError`` when they do not, or when `tensors` is empty.
  public static func concatenated(_ tensors: [Tensor], axis: Int) throws -> Tensor {
    guard let first = tensors.first else {
      throw ShapeError.outOfRange(
        operation: "concatenate", what: "the number of tensors", value: 0, allowed: 1...Int.max)
    }
    guard (0..<first.shape.rank).contains(axis) else {
      throw ShapeError.outOfRange(
        operation: "concatenate", what: "axis", value: axis, allowed: 0...max(first.shape.rank - 1, 0))
    }
    var extents = first.shape.extents
    for tensor in tensors.dropFirst() {
      var other = tensor.shape.extents
      guard other.count == extents.count else {
        throw ShapeError.mismatch(operation: "concatenate", argument: "tensor", expected: extents, found: other)
      }
      extents[axis] += other[axis]
      other[axis] = extents[axis]
      guard other == extents else {
        throw ShapeError.mismatch(
          operation: "concatenate", argument: "tensor", expected: first.shape.extents, found: tensor.shape.extents)
      }
    }
    let (rows, inner) = (extents[..<axis].reduce(1, *), extents[(axis + 1)...].reduce(1, *))
    let (device, stride) = (first.device, extents[axis] * inner)
    let widths = tensors.map { $0.shape[axis] * inner }
    let offsets = widths.indices.map { widths[..<$0].reduce(0, +) }
    return try made(Shape(extents), on: device) { y in
      for (tensor, (columns, offset)) in zip(tensors, zip(widths, offsets)) {
        let block = try BlockCopy(rows: rows, columns: columns, targetOffset: offset, targetStride: stride)
        try device.copy(block, from: tensor.storage, into: y)
      }
    }.recorded(tensors) { outputGradient, targets in
      for (target, (columns, offset)) in zip(targets, zip(widths, offsets)) {
        let block = try BlockCopy(rows: rows, columns: columns, sourceOffset: offset, sourceStride: stride)
        try target?.write { try device.copy(block, from: outputGradient, into: $0) }
      }
    }
  }

  /// The part of the tensor whose positions along `axis` lie in `range`.
  public func sliced(_ range: Range<Int>, axis: Int = 0) throws -> Tensor {
    guard (0..<shape.rank).contains(axis) else {
      throw ShapeError.outOfRange(operation: "slice", what: "axis", value: axis, allowed: 0...max(shape.rank - 1, 0))
    }
    try Shape.checkedCount(shape.extents, operation: "slice")
    let (start, end, extent) = (range.lowerBound, range.upperBound, shape[axis])
    guard (0..<extent).contains(start) else {
      throw ShapeError.outOfRange(
        operation: "slice", what: "the start of the range", value: start, allowed: 0...(extent - 1))
    }
    guard end > start, end <= extent else {
      throw ShapeError.outOfRange(
        operation: "slice", what: "the end of the range", value: end, allowed: (start + 1)...extent)
    }
    var extents = shape.extents
    extents[axis] = range.count
    let inner = extents[(axis + 1)...].reduce(1, *)
    let block = try BlockCopy(
      rows: extents[..<axis].reduce(1, *), columns: range.count * inner, sourceOffset: range.lowerBound * inner,
      sourceStride: shape[axis] * inner)
    let back = try BlockCopy(
      rows: block.rows, columns: block.columns, targetOffset: block.sourceOffset, targetStride: block.sourceStride)
    let device = device
    return try Tensor.made(Shape(extents), on: device) { try device.copy(block, from: storage, into: $0) }
      .recorded([self]) { outputGradient, targets in
        try targets[0]?.write {
          try device.fill($0, with: 0)
          try device.copy(back, from: outputGradient, into: $0)
        }
      }
  }

  /// Axes in another order.
  public func permuted(_ order: [Int]) throws -> Tensor {
    let problem = try PermutationProblem(input: shape, order: order)
    let back = try PermutationProblem(
      input: problem.output, order: order.indices.map { axis in order.firstIndex(of: axis) ?? 0 })
    let device = device
    return try Tensor.made(problem.output, on: device) { try device.permute(problem, storage, into: $0) }
      .recorded([self]) { outputGradient, targets in
        try targets[0]?.write { try device.permute(back, outputGradient, into: $0) }
      }
  }

  /// Rows of a matrix, in the order of `indices`.
  ///
  /// - self: [rows, width]
  /// - result: [indices.count, width]
  public func gatheredRows(_ indices: IndexStorage) throws -> Tensor {
    guard shape.rank == 2 else {
      throw ShapeError.outOfRange(operation: "gather", what: "the rank", value: shape.rank, allowed: 2...2)
    }
    let (device, width) = (device, shape[1])
    return try Tensor.made([indices.count, width], on: device) {
      try device.gatherRows(storage, width: width, indices: indices, into: $0)
    }.recorded([self]) { outputGradient, targets in
      try targets[0]?.write { try device.accumulateRows(outputGradient, width: width, indices: indices, into: $0) }
    }
  }

  /// The reduction along `axis`, which disappears from the shape. Equal maxima or minima share their gradient.
  public func reduced(_ operation: ReductionOperation, axis: Int) throws -> Tensor {
    guard (0..<shape.rank).contains(axis) else {
      throw ShapeError.outOfRange(operation: "reduce", what: "axis", value: axis, allowed: 0...max(shape.rank - 1, 0))
    }
    let (before, after) = (shape.extents[..<axis], shape.extents[(axis + 1)...])
    let problem = try ReductionProblem(outer: before.reduce(1, *), reduced: shape[axis], inner: after.reduce(1, *))
    return try reduced(operation, problem, to: Shape(Array(before) + Array(after)))
  }

  /// The reduction of all elements to one.
  public func reduced(_ operation: ReductionOperation) throws -> Tensor {
    try reduced(operation, ReductionProblem(outer: 1, reduced: shape.count, inner: 1), to: [1])
  }

  private func reduced(
    _ operation: ReductionOperation, _ problem: ReductionProblem, to shape: Shape
  ) throws -> Tensor {
    let (device, x) = (device, storage)
    let result = try Tensor.made(shape, on: device) { try device.reduce(operation, problem, storage, into: $0) }
    return switch operation {
    case .maximum, .minimum:
      result.recorded([self]) { outputGradient, targets in
        try targets[0]?.write {
          try device.extremeBackward(problem, x, result.storage, outputGradient: outputGradient, into: $0)
        }
      }
    case .sum, .mean:
      result.recorded([self]) { outputGradient, targets in
        let scale = operation == .mean ? 1 / Float(problem.reduced) : 1
        try targets[0]?.write { try device.spread(problem, outputGradient, scale: scale, into: $0) }
      }
    case .sumOfSquares:
      result.recorded([self]) { outputGradient, targets in
        try targets[0]?.write {
          try device.spread(problem, outputGradient, scale: 2, into: $0)
          try device.combine(.multiply, $0, x, into: $0)
        }
      }
    }
  }
}

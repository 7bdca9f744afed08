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
    return try made(Shape(extents), on: first.device) { y in
      var offset = 0
      for tensor in tensors {
        let columns = tensor.shape[axis] * inner
        let block = try BlockCopy(
          rows: rows, columns: columns, targetOffset: offset, targetStride: extents[axis] * inner)
        try first.device.copy(block, from: tensor.storage, into: y)
        offset += columns
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
    return try Tensor.made(Shape(extents), on: device) { try device.copy(block, from: storage, into: $0) }
  }

  /// Axes in another order.
  public func permuted(_ order: [Int]) throws -> Tensor {
    let problem = try PermutationProblem(input: shape, order: order)
    return try Tensor.made(problem.output, on: device) { try device.permute(problem, storage, into: $0) }
  }

  /// Rows of a matrix, in the order of `indices`.
  ///
  /// - self: [rows, width]
  /// - result: [indices.count, width]
  public func gatheredRows(_ indices: IndexStorage) throws -> Tensor {
    guard shape.rank == 2 else {
      throw ShapeError.outOfRange(operation: "gather", what: "the rank", value: shape.rank, allowed: 2...2)
    }
    return try Tensor.made([indices.count, shape[1]], on: device) {
      try device.gatherRows(storage, width: shape[1], indices: indices, into: $0)
    }
  }

  /// The reduction along `axis`, which disappears from the shape.
  public func reduced(_ operation: ReductionOperation, axis: Int) throws -> Tensor {
    guard (0..<shape.rank).contains(axis) else {
      throw ShapeError.outOfRange(operation: "reduce", what: "axis", value: axis, allowed: 0...max(shape.rank - 1, 0))
    }
    let (before, after) = (shape.extents[..<axis], shape.extents[(axis + 1)...])
    let problem = try ReductionProblem(outer: before.reduce(1, *), reduced: shape[axis], inner: after.reduce(1, *))
    return try Tensor.made(Shape(Array(before) + Array(after)), on: device) {
      try device.reduce(operation, problem, storage, into: $0)
    }
  }
}

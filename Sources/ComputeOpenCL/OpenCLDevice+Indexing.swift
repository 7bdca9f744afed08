public import Compute

extension OpenCLDevice {
  public func gatherRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws {
    let arguments = Arguments("gather", on: self)
    guard width > 0, x.count % width == 0 else {
      throw ShapeError.notDivisible(operation: "gather", what: "x's count", value: x.count, by: width)
    }
    try arguments.require(x, "x", count: x.count)
    try arguments.require(indices, "indices", count: indices.count)
    try arguments.require(y, "y", count: indices.count * width)
    guard y.count > 0 else { return }
    try launch("indexing_gather_rows", elements: y.count, x, indices, y, y.count, width, x.count / width)
  }

  public func copy(_ p: BlockCopy, from x: Storage, into y: Storage) throws {
    let arguments = Arguments("copy", on: self)
    guard p.sourceEnd <= x.count else {
      throw ShapeError.mismatch(operation: "copy", argument: "source", expected: [p.sourceEnd], found: [x.count])
    }
    guard p.targetEnd <= y.count else {
      throw ShapeError.mismatch(operation: "copy", argument: "target", expected: [p.targetEnd], found: [y.count])
    }
    try arguments.require(x, "x", count: x.count)
    try arguments.require(y, "y", count: y.count)
    try launch(
      "indexing_copy", elements: p.rows * p.columns, x, y, p.rows * p.columns, p.columns, p.sourceOffset,
      p.sourceStride, p.targetOffset, p.targetStride)
  }

  public func permute(_ p: PermutationProblem, _ x: Storage, into y: Storage) throws {
    let arguments = Arguments("permute", on: self)
    try arguments.require(x, "x", count: p.count)
    try arguments.require(y, "y", count: p.count)
    let extents = p.order.map { p.extents[$0] }
    let strides = p.order.map { p.extents[($0 + 1)...].reduce(1, *) }
    try launch(
      "indexing_permute", elements: p.count, x, y, p.count, extents[1], extents[2], extents[3], strides[0], strides[1],
      strides[2], strides[3])
  }
}

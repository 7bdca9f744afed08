public import Compute

extension OpenCLDevice {
  public func gatherRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws {
    try Arguments("gather", on: self).requireGather(x, width, indices, y)
    guard y.count > 0 else { return }
    try launch("indexing_gather_rows", elements: y.count, x, indices, y, y.count, width, x.count / width)
  }

  public func accumulateRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws {
    try Arguments("accumulateRows", on: self).requireAccumulation(x, width, indices, y)
    guard y.count > 0 else { return }
    let rows = y.count / width
    let (size, group) = tiling.shape == .cpu ? ([rows], [1]) : ([width, rows], [16, 4])
    try launch("indexing_accumulate_rows", size: size, group: group, x, indices, y, rows, width, indices.count)
  }

  public func copy(_ p: BlockCopy, from x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    try launch(
      "indexing_copy", elements: p.rows * p.columns, x, y, p.rows * p.columns, p.columns, p.sourceOffset,
      p.sourceStride, p.targetOffset, p.targetStride)
  }

  public func permute(_ p: PermutationProblem, _ x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    let extents = p.order.map { p.extents[$0] }
    let strides = p.order.map { p.extents[($0 + 1)...].reduce(1, *) }
    if tiling.shape == .cpu, strides[2] == 1, extents[2] > 1 {
      let vectors = [extents[3], extents[2]].map { ($0 + tiling.vectorWidth - 1) / tiling.vectorWidth }
      return try launch(
        "indexing_transpose", size: vectors + [extents[0] * extents[1]], group: [1, 1, 1], x, y, extents[1], extents[2],
        extents[3], strides[0], strides[1], strides[3])
    }
    try launch(
      "indexing_permute", elements: p.count, x, y, p.count, extents[1], extents[2], extents[3], strides[0], strides[1],
      strides[2], strides[3])
  }
}

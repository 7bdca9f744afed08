import CLoops
public import Compute

extension CPUDevice {
  public func gatherRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws {
    try Arguments("gather", on: self).requireGather(x, width, indices, y)
    let rows = x.count / width
    parallel(indices.count, chunk: Self.elementsPerTask / width) { part in
      for target in part {
        let source = Int(indices.pointer[target])
        if (0..<rows).contains(source) {
          (y.pointer + target * width).update(from: x.pointer + source * width, count: width)
        } else {
          loops.pointee.fill(y.pointer + target * width, width, .nan)
        }
      }
    }
  }

  public func accumulateRows(_ x: Storage, width: Int, indices: IndexStorage, into y: Storage) throws {
    try Arguments("accumulateRows", on: self).requireAccumulation(x, width, indices, y)
    let rows = y.count / width
    // Each task reads all indices for its own rows.
    parallel(rows, chunk: (rows + threads - 1) / threads) {
      loops.pointee.accumulate_rows(
        x.pointer, indices.pointer, indices.count, width, $0.lowerBound, $0.upperBound, y.pointer)
    }
  }

  public func copy(_ p: BlockCopy, from x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    parallel(p.rows, chunk: Self.elementsPerTask / p.columns) { rows in
      for row in rows {
        (y.pointer + p.targetOffset + row * p.targetStride)
          .update(from: x.pointer + p.sourceOffset + row * p.sourceStride, count: p.columns)
      }
    }
  }

  public func permute(_ p: PermutationProblem, _ x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    var inputStrides = [1, 1, 1, 1]
    for axis in (0..<3).reversed() { inputStrides[axis] = inputStrides[axis + 1] * p.extents[axis + 1] }
    let (extents, strides) = (p.order.map { p.extents[$0] }, p.order.map { inputStrides[$0] })
    let (lines, columns) = (extents[2], extents[3])
    // A task is some lines of a plane.
    let part = min(max(Self.elementsPerTask / columns, 16), lines)
    let parts = (lines + part - 1) / part
    parallel(extents[0] * extents[1] * parts) { task in
      let (plane, first) = (task / parts, task % parts * part)
      let source = plane / extents[1] * strides[0] + plane % extents[1] * strides[1] + first * strides[2]
      loops.pointee.permute(
        x.pointer + source, y.pointer + (plane * lines + first) * columns, min(part, lines - first), columns,
        strides[2], strides[3])
    }
  }
}

import CLoops
public import Compute

extension CPUDevice {
  public func reduce(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) throws {
    try p.check("\(operation)", x, y, on: self)
    let slices = p.columnSlices
    guard slices.count > 1 else { return reduceWhole(operation, p, x, into: y) }
    // Long columns in slices, whose results are columns again.
    let partial = try Storage(
      count: Shape.checkedCount([p.outputCount, slices.count], operation: "\(operation)"), on: self)
    let first: ReductionOperation = operation == .mean ? .sum : operation
    parallel(p.outer * slices.count) { task in
      let (outer, start) = (task / slices.count, task % slices.count * slices.rows)
      loops.pointee.reduce(
        first.rawValue, x.pointer + (outer * p.reduced + start) * p.inner, min(slices.rows, p.reduced - start), p.inner,
        partial.pointer + task * p.inner)
    }
    let rest = try ReductionProblem(outer: p.outer, reduced: slices.count, inner: p.inner)
    reduceWhole(operation.ofPartialResults, rest, partial, into: y)
    if operation == .mean { for i in 0..<y.count { y.pointer[i] /= Float(p.reduced) } }
  }

  private func reduceWhole(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) {
    let reduce = loops.pointee.reduce
    parallel(p.outer, chunk: Self.elementsPerTask / (p.reduced * p.inner)) { slices in
      for slice in slices {
        reduce(
          operation.rawValue, x.pointer + slice * p.reduced * p.inner, p.reduced, p.inner,
          y.pointer + slice * p.inner)
      }
    }
  }

  public func position(
    ofSmallest smallest: Bool, _ p: ReductionProblem, _ x: Storage, into y: IndexStorage
  ) throws {
    try p.check("position", x, y, on: self)
    let position = loops.pointee.position
    parallel(p.outer, chunk: Self.elementsPerTask / (p.reduced * p.inner)) { slices in
      for slice in slices {
        position(
          smallest ? 1 : 0, x.pointer + slice * p.reduced * p.inner, p.reduced, p.inner, y.pointer + slice * p.inner)
      }
    }
  }
}

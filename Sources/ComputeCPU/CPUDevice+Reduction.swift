import CLoops
public import Compute

extension CPUDevice {
  public func reduce(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) throws {
    let arguments = Arguments("\(operation)", on: self)
    try arguments.require(x, "x", count: p.inputCount)
    try arguments.require(y, "y", count: p.outputCount)
    parallel(p.outer, chunk: Self.elementsPerTask / (p.reduced * p.inner)) { slices in
      for slice in slices {
        fl_reduce(
          operation.rawValue, x.pointer + slice * p.reduced * p.inner, p.reduced, p.inner,
          y.pointer + slice * p.inner)
      }
    }
  }

  public func position(
    ofSmallest smallest: Bool, _ p: ReductionProblem, _ x: Storage, into y: IndexStorage
  ) throws {
    let arguments = Arguments("position", on: self)
    try arguments.require(x, "x", count: p.inputCount)
    try arguments.require(y, "y", count: p.outputCount)
    parallel(p.outer, chunk: Self.elementsPerTask / (p.reduced * p.inner)) { slices in
      for slice in slices {
        fl_position(
          smallest ? 1 : 0, x.pointer + slice * p.reduced * p.inner, p.reduced, p.inner, y.pointer + slice * p.inner)
      }
    }
  }
}

import CLoops
public import Compute

extension CPUDevice {
  public func reduce(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) throws {
    try p.check("\(operation)", x, y, on: self)
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

public import Compute

extension OpenCLDevice {
  public func reduce(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) throws {
    try p.check("\(operation)", x, y, on: self)
    // A tree of one leaf would be a single long chain, which rounds worse than the columns' runs.
    if p.inner == 1, p.reduced >= tiling.group, tiling.group > 1 {
      try launch(
        "reduction_rows", size: [p.outer * tiling.group], group: [tiling.group], x, y, p.reduced,
        Int(operation.rawValue))
    } else {
      try launch(
        "reduction_columns", elements: p.outputCount, x, y, p.outputCount, p.reduced, p.inner, Int(operation.rawValue))
    }
  }

  public func position(
    ofSmallest smallest: Bool, _ p: ReductionProblem, _ x: Storage, into y: IndexStorage
  ) throws {
    try p.check("position", x, y, on: self)
    try launch("reduction_position", elements: p.outputCount, x, y, p.outputCount, p.reduced, p.inner, smallest)
  }

  public func softmax(_ p: SoftmaxProblem, _ x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    let group = tiling.shape == .cpu ? 1 : tiling.group
    try launch("softmax_rows", size: [p.rows * group], group: [group], x, y, p.rows, p.columns, p.logarithmic)
  }

  public func softmaxBackward(
    _ p: SoftmaxProblem, _ y: Storage, outputGradient: Storage, into gradient: Storage
  ) throws {
    try p.checkGradient(y, outputGradient, gradient, on: self)
    let group = tiling.shape == .cpu ? 1 : tiling.group
    try launch(
      "softmax_backward", size: [p.rows * group], group: [group], y, outputGradient, gradient, p.rows, p.columns,
      p.logarithmic)
  }
}

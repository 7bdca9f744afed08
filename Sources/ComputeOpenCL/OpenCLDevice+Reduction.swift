public import Compute

extension OpenCLDevice {
  public func reduce(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) throws {
    try p.check("\(operation)", x, y, on: self)
    // A tree of one leaf would be a single long chain, which rounds worse than the columns' runs.
    guard p.inner == 1, p.reduced >= tiling.group, tiling.group > 1 else {
      return try reduceColumns(operation, p, x, divisor: operation == .mean ? p.reduced : 1, into: y)
    }
    try reduceRows(operation, x, p.outer, p.reduced, divisor: operation == .mean ? p.reduced : 1, into: y)
  }

  /// Columns side by side, long ones in slices, whose results are columns again.
  private func reduceColumns(
    _ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, divisor: Int, into y: Storage
  ) throws {
    let slices = p.columnSlices
    let partial =
      slices.count == 1
      ? y : try Storage(count: Shape.checkedCount([p.outputCount, slices.count], operation: "\(operation)"), on: self)
    let (size, group) = wideItems(p.inner, p.outer * slices.count)
    try launch(
      "reduction_columns", size: size, group: group, x, partial, p.outputCount * slices.count, p.reduced, p.inner,
      Int(operation.rawValue), slices.count, slices.rows, Float(slices.count == 1 ? divisor : 1))
    guard slices.count > 1 else { return }
    let rest = try ReductionProblem(outer: p.outer, reduced: slices.count, inner: p.inner)
    try reduceColumns(operation.ofPartialResults, rest, partial, divisor: divisor, into: y)
  }

  /// Runs of rows, and then what is left of them, until a row is a single number.
  private func reduceRows(
    _ operation: ReductionOperation, _ x: Storage, _ rows: Int, _ reduced: Int, divisor: Int, into y: Storage
  ) throws {
    let runs = (reduced + Self.elementsPerTask - 1) / Self.elementsPerTask
    let partial =
      runs == 1 ? y : try Storage(count: Shape.checkedCount([rows, runs], operation: "\(operation)"), on: self)
    let run = min(reduced, Self.elementsPerTask)
    let group = tiling.shape == .cpu ? 1 : tiling.group
    try launch(
      "reduction_rows", size: [tiling.shape == .cpu ? tasks(rows * runs, of: run) : rows * runs * group],
      group: [group], x, partial, rows * runs, reduced, run, Int(operation.rawValue), Float(runs == 1 ? divisor : 1))
    guard runs > 1 else { return }
    try reduceRows(operation.ofPartialResults, partial, rows, runs, divisor: divisor, into: y)
  }

  public func position(
    ofSmallest smallest: Bool, _ p: ReductionProblem, _ x: Storage, into y: IndexStorage
  ) throws {
    try p.check("position", x, y, on: self)
    try launch("reduction_position", elements: p.outputCount, x, y, p.outputCount, p.reduced, p.inner, smallest)
  }

  public func softmax(_ p: SoftmaxProblem, _ x: Storage, into y: Storage) throws {
    try p.check(x, y, on: self)
    let (size, group) = tiling.shape == .cpu ? (tasks(p.rows, of: p.columns), 1) : (p.rows * tiling.group, tiling.group)
    try launch("softmax_rows", size: [size], group: [group], x, y, p.rows, p.columns, p.logarithmic)
  }

  /// Work-items of the CPU shape that share rows of so many elements: each has enough to outweigh its start.
  private func tasks(_ rows: Int, of columns: Int) -> Int {
    let rowsPerTask = max(Self.elementsPerTask / columns, 1)
    return (rows + rowsPerTask - 1) / rowsPerTask
  }
  private static let elementsPerTask = 4096

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

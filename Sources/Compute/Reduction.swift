public enum ReductionOperation: Int32, CaseIterable, Sendable {
  case sum, mean, sumOfSquares, maximum, minimum

  /// What brings results of parts together; a mean is divided at the end.
  package var ofPartialResults: ReductionOperation { self == .maximum || self == .minimum ? self : .sum }
}

/// A reduction over the middle axis of [outer, reduced, inner]; any axes of a tensor can be brought to this form.
///
/// - x: [outer, reduced, inner]
/// - y: [outer, inner]
public struct ReductionProblem: Hashable, Sendable {
  public let outer, reduced, inner: Int

  public init(outer: Int, reduced: Int, inner: Int) throws(ShapeError) {
    try Shape.checkedCount([outer, reduced, inner], operation: "reduce")
    self.outer = outer
    self.reduced = reduced
    self.inner = inner
  }

  public var inputCount: Int { outer * reduced * inner }
  public var outputCount: Int { outer * inner }
  public var bytesMoved: Int { 4 * (inputCount + outputCount) }

  /// Positions of the reduced axis that a task takes, some 65 536 elements, and how many such slices there are.
  package var columnSlices: (rows: Int, count: Int) {
    let rows = max((1 << 16) / inner / 64 * 64, 64)
    return reduced < 2 * rows ? (reduced, 1) : (rows, (reduced + rows - 1) / rows)
  }
}

public protocol ReductionKernels {
  /// Sums run in a fixed order that depends on the problem only: same device, same bits. NaN wins maxima and minima.
  func reduce(_ operation: ReductionOperation, _ p: ReductionProblem, _ x: Storage, into y: Storage) throws
  /// The position along the reduced axis of the largest element (smallest when `smallest`); the first of equal ones. NaN wins, as in PyTorch.
  func position(ofSmallest smallest: Bool, _ p: ReductionProblem, _ x: Storage, into y: IndexStorage) throws
}

extension ReductionProblem {
  package func check(_ operation: String, _ x: Storage, _ y: DeviceArray<some DeviceElement>, on device: any Device)
    throws
  {
    let arguments = Arguments(operation, on: device)
    try arguments.require(x, "x", count: inputCount)
    try arguments.require(y, "y", count: outputCount)
  }
}

/// Products of row-major matrices, `C = A·B`, one or a batch of them.
///
/// - a: [batch, rows, depth], or [batch, depth, rows] when `transposeA`
/// - b: [batch, depth, columns], or [batch, columns, depth] when `transposeB`
/// - c: [batch, rows, columns]
public struct MatrixProblem: Hashable, Sendable {
  public let batch, rows, columns, depth: Int
  public let transposeA, transposeB: Bool

  public init(
    batch: Int = 1, rows: Int, columns: Int, depth: Int, transposeA: Bool = false, transposeB: Bool = false
  ) throws(ShapeError) {
    try Shape.checkedCount([batch, rows, depth], operation: "multiply")
    try Shape.checkedCount([batch, depth, columns], operation: "multiply")
    try Shape.checkedCount([batch, rows, columns], operation: "multiply")
    self.batch = batch
    self.rows = rows
    self.columns = columns
    self.depth = depth
    self.transposeA = transposeA
    self.transposeB = transposeB
  }

  public var aCount: Int { batch * rows * depth }
  public var bCount: Int { batch * depth * columns }
  public var cCount: Int { batch * rows * columns }
  public var floatingPointOperations: Int { 2 * batch * rows * columns * depth }
  public var bytesMoved: Int { 4 * (aCount + bCount + cCount) }
}

public protocol MatrixKernels {
  /// `C = scale · A·B`, or `C += scale · A·B` when `accumulate`; otherwise `c` is not read.
  func multiply(_ p: MatrixProblem, _ a: Storage, _ b: Storage, into c: Storage, scale: Float, accumulate: Bool) throws
}

extension MatrixProblem {
  package func check(_ a: Storage, _ b: Storage, _ c: Storage, on device: any Device) throws {
    let arguments = Arguments("multiply", on: device)
    try arguments.require(a, "a", count: aCount)
    try arguments.require(b, "b", count: bCount)
    try arguments.require(c, "c", count: cCount)
  }
}

/// Soft maxima of the rows of a matrix: `y[r, c] = e^(x[r, c]) / Σ e^(x[r, ·])`, or the logarithm of that.
///
/// - x, y: [rows, columns]
public struct SoftmaxProblem: Hashable, Sendable {
  public let rows, columns: Int
  public let logarithmic: Bool

  public init(rows: Int, columns: Int, logarithmic: Bool = false) throws(ShapeError) {
    try Shape.checkedCount([rows, columns], operation: "softmax")
    self.rows = rows
    self.columns = columns
    self.logarithmic = logarithmic
  }

  public var count: Int { rows * columns }
  public var bytesMoved: Int { 8 * count }
}

public protocol SoftmaxKernels {
  /// The row's maximum is subtracted first, so large values do not overflow; a row of only −∞ gives NaN, as in PyTorch.
  func softmax(_ p: SoftmaxProblem, _ x: Storage, into y: Storage) throws
  /// `gradient = y · (outputGradient − Σ y · outputGradient)` row by row, or `outputGradient − e^y · Σ outputGradient` of
  /// logarithms.
  ///
  /// - y: what ``softmax(_:_:into:)`` gave
  func softmaxBackward(_ p: SoftmaxProblem, _ y: Storage, outputGradient: Storage, into gradient: Storage) throws
}

extension SoftmaxProblem {
  package func check(_ x: Storage, _ y: Storage, on device: any Device) throws {
    let arguments = Arguments("softmax", on: device)
    try arguments.require(x, "x", count: count)
    try arguments.require(y, "y", count: count)
  }

  package func checkGradient(
    _ y: Storage, _ outputGradient: Storage, _ gradient: Storage, on device: any Device
  ) throws {
    let arguments = Arguments("softmaxBackward", on: device)
    try arguments.require(y, "y", count: count)
    try arguments.require(outputGradient, "the output's gradient", count: count)
    try arguments.require(gradient, "gradient", count: count)
  }
}

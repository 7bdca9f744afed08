/// `y = a ∘ b`, element by element.
public enum BinaryOperation: Int32, CaseIterable, Sendable { case add, subtract, multiply, divide, maximum, minimum }

/// `y = f(x)`, element by element.
public enum UnaryOperation: Int32, CaseIterable, Sendable {
  case squareRoot, square, absolute, exponential, logarithm, reciprocal
}

public protocol ElementwiseKernels {
  /// Sets every element of `y`.
  func fill(_ y: Storage, with value: Float) throws
  /// `y = operation(x)`; all of one count.
  func map(_ operation: UnaryOperation, _ x: Storage, into y: Storage) throws
  /// `y = a ∘ b`; all of one count. NaN in an operand of maximum or minimum gives NaN, as in PyTorch.
  func combine(_ operation: BinaryOperation, _ a: Storage, _ b: Storage, into y: Storage) throws
  /// `y[r, c] = x[r, c] ∘ vector[c]`: the vector is applied to each row.
  ///
  /// - x, y: [rows, columns], with columns = vector.count
  func combineRows(_ operation: BinaryOperation, _ x: Storage, vector: Storage, into y: Storage) throws
  /// `y = scale · x + shift`.
  func affine(_ x: Storage, scale: Float, shift: Float, into y: Storage) throws
  /// `y = min(max(x, lower), upper)`; NaN stays NaN.
  func clamp(_ x: Storage, lower: Float, upper: Float, into y: Storage) throws
}

public import Compute

/// A tensor that training changes in place, and the gradient that has been added up for it.
///
/// Not `Sendable`: it belongs to the task that trains. What is changed in place is its value, by an optimiser, and its
/// gradient, by ``Tape/carryBack(from:outputGradient:)``; nothing else in the program changes an array that it did not make.
public final class Parameter {
  public let name: String
  public let shape: Shape
  /// The current value; the array stays the same for the parameter's life.
  public let storage: Storage
  /// Undefined until ``hasGradient``.
  public let gradient: Storage
  /// Whether any gradient has arrived since ``forgetGradient()``.
  public private(set) var hasGradient = false
  /// Whether training changes it. A frozen one is a constant to tapes.
  public var isTrainable = true

  /// - Throws: ``ShapeError/mismatch(operation:argument:expected:found:)`` when the counts differ.
  public init(_ name: String, _ storage: Storage, gradient: Storage, shape: Shape) throws {
    for (role, array) in [("value", storage), ("gradient", gradient)] where array.count != shape.count {
      throw ShapeError.mismatch(
        operation: "parameter \(name)", argument: role, expected: [shape.count], found: [array.count])
    }
    self.name = name
    self.shape = shape
    self.storage = storage
    self.gradient = gradient
  }

  /// A parameter by itself, outside of any ``ParameterArena``.
  public convenience init(_ name: String, _ value: Tensor) throws {
    try self.init(
      name, value.storage, gradient: Storage(count: value.shape.count, on: value.device), shape: value.shape)
  }

  public var device: any Device { storage.device }

  /// The value as a constant.
  public var value: Tensor { Tensor(unchecked: storage, shape) }

  /// The value as an operand: a leaf of the tape, or a constant without one.
  public func tensor(on tape: Tape?) -> Tensor { tape?.leaf(self) ?? value }

  /// The next gradient that arrives is the first one.
  public func forgetGradient() { hasGradient = false }

  func accumulate(_ write: (_ target: Storage, _ accumulate: Bool) throws -> Void) throws {
    try write(gradient, hasGradient)
    hasGradient = true
  }

  func add(_ arriving: Storage) throws {
    try accumulate { target, accumulate in
      if accumulate {
        try device.combine(.add, target, arriving, into: target)
      } else {
        try device.copy(BlockCopy(rows: 1, columns: target.count), from: arriving, into: target)
      }
    }
  }
}

public import Compute

/// A tensor that training changes in place, and the gradient that has been added up for it.
///
/// Not `Sendable`: it belongs to the task that trains. What is changed in place is its value, by an optimiser, and its
/// gradient, by ``Tape/carryBack(from:outputGradient:)``; nothing else in the program changes an array that it did not make.
public final class Parameter {
  public let name: String
  public let shape: Shape
  /// Its axes in the order in which PyTorch's checkpoints hold them: [3, 2, 0, 1] for convolutions, [1, 0] for linear layers.
  public let checkpointAxes: [Int]
  /// The current value.
  public private(set) var storage: Storage
  /// Undefined until ``hasGradient``.
  public private(set) var gradient: Storage
  /// Whether any gradient has arrived since ``forgetGradient()``.
  public private(set) var hasGradient = false
  /// Whether training changes it. A frozen one is a constant to tapes.
  public var isTrainable = true

  /// - Throws: ``ShapeError/mismatch(operation:argument:expected:found:)`` when the counts differ.
  public init(
    _ name: String, _ storage: Storage, gradient: Storage, shape: Shape, checkpointAxes: [Int]? = nil
  ) throws {
    for (role, array) in [("value", storage), ("gradient", gradient)] where array.count != shape.count {
      throw ShapeError.mismatch(
        operation: "parameter \(name)", argument: role, expected: [shape.count], found: [array.count])
    }
    self.name = name
    self.checkpointAxes = checkpointAxes ?? Array(shape.extents.indices)
    self.shape = shape
    self.storage = storage
    self.gradient = gradient
  }

  /// A parameter by itself, outside of any ``ParameterArena``.
  public convenience init(_ name: String, _ value: Tensor, checkpointAxes: [Int]? = nil) throws {
    try self.init(
      name, value.storage, gradient: Storage(count: value.shape.count, on: value.device), shape: value.shape,
      checkpointAxes: checkpointAxes)
  }

  public var device: any Device { storage.device }

  /// The value as a constant.
  public var value: Tensor { Tensor(unchecked: storage, shape) }

  /// The value as an operand: a leaf of the tape, or a constant without one.
  public func tensor(on tape: Tape?) -> Tensor { tape?.leaf(self) ?? value }

  /// Moves the value to another array, and the gradient's place; what has arrived of it is lost.
  ///
  /// - storage, gradient: of this count
  public func move(to storage: Storage, gradient: Storage) throws {
    try device.copy(BlockCopy(rows: 1, columns: shape.count), from: self.storage, into: storage)
    self.storage = storage
    self.gradient = gradient
    hasGradient = false
  }

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

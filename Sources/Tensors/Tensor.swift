public import Compute

/// A contiguous, row-major array of floats on a device, with its shape.
///
/// Every operation is eager and returns a new tensor on the same device; nothing is changed in place. What has an operand on
/// a ``Tape`` is recorded there. Pictures and feature maps are [batch, height, width, channels].
public struct Tensor {
  public let shape: Shape
  public let storage: Storage
  /// Where it stands on a tape; nil for constants.
  let node: Node?

  struct Node {
    let tape: Tape
    let index: Int
  }

  /// - Throws: ``ShapeError/mismatch(operation:argument:expected:found:)`` when the counts differ.
  public init(_ storage: Storage, shape: Shape) throws {
    guard storage.count == shape.count else {
      throw ShapeError.mismatch(
        operation: "tensor", argument: "storage", expected: [shape.count], found: [storage.count])
    }
    self.init(unchecked: storage, shape)
  }

  init(unchecked storage: Storage, _ shape: Shape, node: Node? = nil) {
    self.shape = shape
    self.storage = storage
    self.node = node
  }

  init(_ tensor: Tensor, node: Node?) { self.init(unchecked: tensor.storage, tensor.shape, node: node) }

  /// A copy of host values.
  public init(_ values: [Float], shape: Shape, on device: any Device) throws {
    guard values.count == shape.count else {
      throw ShapeError.mismatch(operation: "tensor", argument: "values", expected: [shape.count], found: [values.count])
    }
    try self.init(Storage(values, on: device), shape: shape)
  }

  public var device: any Device { storage.device }

  /// A host copy, row-major; waits for the device.
  public func values() throws -> [Float] { try storage.values() }

  /// The same values as a constant: no gradient passes.
  public var detached: Tensor { Tensor(self, node: nil) }

  /// Whether it depends on anything on a tape.
  public var isRecorded: Bool { node != nil }

  /// The same elements under another shape; shares the storage.
  public func reshaped(to shape: Shape) throws -> Tensor {
    try Tensor(storage, shape: shape).recorded([self]) { gradient, targets in try targets[0]?.share(gradient) }
  }

  public static func filled(_ value: Float, shape: Shape, on device: any Device) throws -> Tensor {
    try made(shape, on: device) { try device.fill($0, with: value) }
  }

  /// A tensor of this shape whose storage `write` fills.
  static func made(_ shape: Shape, on device: any Device, _ write: (Storage) throws -> Void) throws -> Tensor {
    let storage = try Storage(count: shape.count, on: device)
    try write(storage)
    return try Tensor(storage, shape: shape)
  }

  /// This result on its operands' tape, if any of them is on one.
  ///
  /// - pullback: brings the gradients of operands from the result's; it keeps what it captures in memory until it has run
  func recorded(_ operands: [Tensor], _ pullback: @escaping Tape.Pullback) -> Tensor {
    guard let tape = operands.lazy.compactMap(\.node?.tape).first else { return self }
    precondition(
      operands.allSatisfy { $0.node == nil || $0.node?.tape === tape }, "operands of one operation are on one tape")
    let entry = Tape.Entry(count: shape.count, operands: operands.map(\.node?.index), pullback: pullback)
    return Tensor(self, node: Node(tape: tape, index: tape.append(entry)))
  }
}

public import Compute

/// A contiguous, row-major array of floats on a device, with its shape.
///
/// Every operation is eager and returns a new tensor on the same device; nothing is changed in place. Pictures and
/// feature maps are [batch, height, width, channels].
public struct Tensor {
  public let shape: Shape
  public let storage: Storage

  /// - Throws: ``ShapeError/mismatch(operation:argument:expected:found:)`` when the counts differ.
  public init(_ storage: Storage, shape: Shape) throws {
    guard storage.count == shape.count else {
      throw ShapeError.mismatch(
        operation: "tensor", argument: "storage", expected: [shape.count], found: [storage.count])
    }
    self.shape = shape
    self.storage = storage
  }

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

  /// The same elements under another shape; shares the storage.
  public func reshaped(to shape: Shape) throws -> Tensor { try Tensor(storage, shape: shape) }

  /// A tensor of this shape whose storage `write` fills.
  static func made(_ shape: Shape, on device: any Device, _ write: (Storage) throws -> Void) throws -> Tensor {
    let storage = try Storage(count: shape.count, on: device)
    try write(storage)
    return try Tensor(storage, shape: shape)
  }
}

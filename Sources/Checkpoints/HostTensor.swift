/// A row-major tensor of floats in host memory.
public struct HostTensor: Hashable, Sendable {
  public let shape: [Int]
  public let values: [Float]

  public init(shape: [Int], values: [Float]) {
    self.shape = shape
    self.values = values
  }
}

/// A file of named tensors, read one at a time.
public protocol TensorFile: Sendable {
  var path: String { get }
  /// In the file's order.
  var names: [String] { get }
  func shape(of name: String) throws(CheckpointError) -> [Int]
  /// The tensor as row-major floats, whatever its type and strides in the file.
  func tensor(named name: String) throws(CheckpointError) -> HostTensor
  /// The tensor of this name, which must have this shape.
  func tensor(named name: String, shape: [Int]) throws(CheckpointError) -> HostTensor
}

extension TensorFile {
  public func tensor(named name: String, shape: [Int]) throws(CheckpointError) -> HostTensor {
    let found = try self.shape(of: name)
    guard found == shape else { throw .shape(path: path, name: name, expected: shape, found: found) }
    return try tensor(named: name)
  }
}

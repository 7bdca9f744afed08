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

/// Opens a file of tensors, recognised by its first bytes; extensions tell nothing.
public func openTensorFile(_ path: String) throws(CheckpointError) -> any TensorFile {
  let bytes = try FileBytes(path)
  if bytes.starts(with: LegacyPyTorchFile.signature) { return try LegacyPyTorchFile(bytes) }
  if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
    throw .malformed(
      path: path, offset: 0, reason: "zip archives (torch.save since 1.6) are not read yet; save it as safetensors")
  }
  if SafetensorsFile.recognises(bytes) { return try SafetensorsFile(bytes) }
  throw .malformed(path: path, offset: 0, reason: "it is neither a PyTorch file nor a safetensors file")
}

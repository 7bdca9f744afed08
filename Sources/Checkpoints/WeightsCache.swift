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
  let known: [KnownWeights]

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

  /// The path of a file in the cache whose contents are the pinned ones.
  ///
  /// - Throws: ``CheckpointError/notInstalled(name:file:folder:)``, ``CheckpointError/hash(path:expected:found:)``.
  public func verified(_ weights: KnownWeights) throws(CheckpointError) -> String {
    let path = try locate(weights)
    let found = try SHA256.hash(fileAt: path)
    guard found == weights.sha256 else { throw .hash(path: path, expected: weights.sha256, found: found) }
    return path
  }

  /// A path that a person gave, or else the file of that name in the cache.
  public func path(_ named: String) -> String {
    let cached = folder.appendingPathComponent(named).path
    let isBareName = !named.contains("/") && !FileManager.default.fileExists(atPath: named)
    return isBareName && FileManager.default.fileExists(atPath: cached) ? cached : named
  }

  /// Names of files that people have added and whose contents are not pinned.
  public func others() -> [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { name in !name.hasPrefix(".") && !known.contains { $0.file == name } }.sorted()
  }

  func url(_ weights: KnownWeights) -> URL { folder.appendingPathComponent(weights.file) }
}

package import Foundation

/// The folders of this machine's user.
package enum UserFolder {
  /// $XDG_CACHE_HOME/flawless/<name>, by default under ~/.cache.
  package static func cache(_ name: String) -> URL {
    // The specification says that relative paths are to be ignored.
    let named = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    let base =
      named.map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".cache")
    return base.appendingPathComponent("flawless/\(name)")
  }
}

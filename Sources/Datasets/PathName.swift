import Foundation

/// Parts of paths; NSString's take paths of one character for errors on Linux.
enum PathName {
  /// "c.png" of "a/b/c.png".
  static func last(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

  /// "a/b" of "a/b/c.png"; empty where there is no folder.
  static func folder(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  /// "a/b/c" of "a/b/c.png"; a name that begins with a dot has no extension there.
  static func withoutExtension(_ path: String) -> String {
    let name = last(path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return path }
    return String(path.dropLast(name.distance(from: dot, to: name.endIndex)))
  }

  /// "b/c" of "a/b/c" below "a".
  static func below(_ folder: String, _ path: String) -> String {
    path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
  }

  /// A path as it is written in a list or option: absolute, or relative to a folder.
  static func joined(_ folder: String, _ path: String) -> String {
    path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
  }

  /// An absolute path without "." and ".."; links stay as they are.
  static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardizedFileURL.path }

  /// An absolute path without links; as it is where nothing is there.
  static func real(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// Without slashes at the end.
  static func trimmed(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }
}

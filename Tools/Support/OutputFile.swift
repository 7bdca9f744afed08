import Checkpoints
public import Foundation

/// Files that a person names for results: `-` is standard output, and a file appears whole or not at all.
public enum OutputFile {
  /// Checks before hours of work that a file can be made at `path`; nil and `-` are fine.
  ///
  /// - Throws: ``OutputError``.
  public static func check(_ path: String?) throws {
    guard let path, path != "-", !isSpecial(path) else { return }
    var folder: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &folder), folder.boolValue {
      throw OutputError(target: path, reason: "it is a folder")
    }
    try checkFolder(parent(of: path))
  }

  /// The folder that a path lies in: empty for a bare name, "/" for the root itself.
  ///
  /// NSString's `deletingLastPathComponent` traps on names of one character on Linux.
  public static func parent(of path: String) -> String {
    let trimmed = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    guard let slash = trimmed.lastIndex(of: "/") else { return "" }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// Checks that a folder is there, or can be made, and takes new files.
  public static func checkFolder(_ path: String) throws {
    let path = path.isEmpty ? "." : path
    var folder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &folder) else {
      guard path != "." else { throw OutputError(target: path, reason: "it does not exist any more") }
      return try checkFolder(parent(of: path))
    }
    guard folder.boolValue else { throw OutputError(target: path, reason: "it is not a folder") }
    guard access(path, W_OK | X_OK) == 0 else {
      throw OutputError(target: path, reason: String(cString: strerror(errno)).lowercased())
    }
  }

  /// - Throws: ``OutputError`` or `CheckpointError`, which name the file and the reason.
  public static func write(_ data: Data, to path: String) throws {
    if path == "-" { return try Output.write(data) }
    // A device or pipe is written to; renaming a file over it would replace it.
    if isSpecial(path) { return try append(data, to: path) }
    try AtomicWriting.write(data, to: URL(fileURLWithPath: path).resolvingSymlinksInPath())
  }

  public static func writeJSON(_ object: [String: Any], to path: String) throws {
    try write(
      JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
        + Data("\n".utf8), to: path)
  }

  /// Adds to the end of a file, which is made if need be: for results that come one by one.
  ///
  /// - emptying: whether what the file holds is dropped first
  public static func append(_ data: Data, to path: String, emptying: Bool = false) throws {
    if path == "-" { return try Output.write(data) }
    let flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | (emptying ? O_TRUNC : 0)
    let descriptor = open(path, flags, 0o666)
    guard descriptor >= 0 else {
      throw OutputError(target: path, reason: String(cString: strerror(errno)).lowercased())
    }
    defer { close(descriptor) }
    if let reason = writeAll(data, to: descriptor) { throw OutputError(target: path, reason: reason) }
  }

  /// Whether results that come one by one go straight there: standard output, a device or a pipe.
  public static func isStream(_ path: String) -> Bool { path == "-" || isSpecial(path) }

  private static func isSpecial(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    let kind = status.st_mode & S_IFMT
    return kind != S_IFREG && kind != S_IFDIR
  }
}

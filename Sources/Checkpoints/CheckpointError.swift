/// What can be wrong with a weights file, a model folder or the cache.
public enum CheckpointError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file cannot be opened or read.
  case unreadable(path: String, reason: String)
  /// The file's contents break its format.
  case malformed(path: String, offset: Int?, reason: String)
  /// The file is of a kind, or holds something, that is not read.
  case unsupported(path: String, offset: Int?, reason: String)
  /// The file has no tensor of this name.
  case missing(path: String, name: String)
  /// A tensor has another shape than the network needs.
  case shape(path: String, name: String, expected: [Int], found: [Int])
  /// A file or folder cannot be written.
  case unwritable(path: String, reason: String)
  /// No weights that this program knows are in the file.
  case unknownWeights(path: String, sha256: String)
  /// Weights that are needed are not in the cache.
  case notInstalled(name: String, file: String, folder: String)
  /// A file's contents are not those it was pinned to.
  case hash(path: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
    case .malformed(let path, let offset, let reason):
      "\(path) is damaged or of another kind\(offset.map { " (at byte \($0))" } ?? ""): \(printable(reason))."
    case .unsupported(let path, let offset, let reason):
      "\(path) holds what Flawless does not read\(offset.map { " (at byte \($0))" } ?? ""): \(printable(reason))."
    case .missing(let path, let name):
      "\(path) has no tensor named '\(printable(name))'; it belongs to another network."
    case .shape(let path, let name, let expected, let found):
      "\(path): the tensor '\(printable(name))' must have shape \(expected), found \(found); the file belongs to another network."
    case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)."
    case .unknownWeights(let path, let sha256):
      "\(path) holds no weights that Flawless knows (SHA-256 \(sha256)); 'flawless weights list' shows which it needs."
    case .notInstalled(let name, let file, let folder):
      "The \(name) weights (\(file)) are not in \(folder); run Tools/demo once, or 'flawless weights add FILE', "
        + "or name the file with --weights."
    case .hash(let path, let expected, let found):
      "\(path) has SHA-256 \(found), but \(expected) is expected; it is damaged or another version."
    }
  }
}

/// A reason or name that may hold a file's own text: on one line, without control characters, of bounded length.
private func printable(_ text: String) -> String {
  let limit = 400
  let scalars = text.unicodeScalars.prefix(limit).map { scalar in
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .format, .surrogate, .unassigned: "\u{FFFD}" as Unicode.Scalar
    default: scalar
    }
  }
  var line = ""
  line.unicodeScalars.append(contentsOf: scalars)
  return text.unicodeScalars.count > limit ? line + "…" : line
}

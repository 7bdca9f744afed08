/// What can be wrong with WordNet's files.
public enum WordNetError: Error, Hashable, Sendable, CustomStringConvertible {
  case missing(path: String)
  case unreadable(path: String, reason: String)
  /// - offset: the byte at which the line begins
  case damaged(path: String, offset: Int, reason: String)

  public var description: String {
    switch self {
    case .missing(let path):
      "There is no \(path); install WordNet 3.0 (\(Self.install)), or name the folder of its dict files with --wordnet."
    case .unreadable(let path, let reason): "\(path) cannot be read: \(reason)."
    case .damaged(let path, let offset, let reason):
      "\(path) is damaged at byte \(offset): \(reason); install WordNet 3.0 anew (\(Self.install) --reinstall)."
    }
  }

  private static let install = "apt-get install wordnet-base"
}

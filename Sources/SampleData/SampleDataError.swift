/// Why the sample data could not be written.
public enum SampleDataError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The folder exists and holds something else, which stays as it is.
  case occupied(path: String)
  /// The folder cannot be written.
  case unwritable(path: String, reason: String)

  public var description: String {
    switch self {
    case .occupied(let path): "\(path) exists and is not empty; name a folder that does not exist yet."
    case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)."
    }
  }
}

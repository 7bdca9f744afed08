/// What can be wrong with a generator's settings, files or pictures.
public enum GeneratorError: Error, Hashable, Sendable, CustomStringConvertible {
  case setting(name: String, reason: String)
  case model(path: String, reason: String)
  /// Of results, or of work in progress.
  case folder(path: String, reason: String)
  case notFinite(what: String)

  public var description: String {
    switch self {
    case .setting(let name, let reason): "The generator's \(name) \(reason)."
    case .model(let path, let reason): "The generator \(path) cannot be used: \(reason)."
    case .folder(let path, let reason): "The folder \(path) cannot be used: \(reason)."
    case .notFinite(let what): "\(what) is not a finite number; the picture or the weights are damaged."
    }
  }
}

/// What can be wrong with the choice of generated pictures.
public enum IntegratorError: Error, Hashable, Sendable, CustomStringConvertible {
  case setting(name: String, reason: String)
  case notFinite(what: String)

  public var description: String {
    switch self {
    case .setting(let name, let reason): "The integrator's \(name) \(reason)."
    case .notFinite(let what): "\(what) is not a finite number; the picture or the weights are damaged."
    }
  }

  /// - checks: name, what has to hold, and what is said where it does not
  static func check(_ checks: [(String, Bool, String)]) throws(IntegratorError) {
    for (name, holds, reason) in checks where !holds { throw .setting(name: name, reason: reason) }
  }
}

/// What can be wrong with a detector's settings, training pictures or stored model.
public enum DetectorError: Error, Hashable, Sendable, CustomStringConvertible {
  case setting(name: String, reason: String)
  case noPictures
  case overBudget(pictures: Int, rows: Int, bytes: Int, budget: Int)
  case model(path: String, reason: String)
  case weights(expected: String, found: String)
  case notFinite(what: String)
  case workspace(path: String, reason: String)

  public var description: String {
    switch self {
    case .setting(let name, let reason): "The \(name) \(reason)."
    case .noPictures: "There is no picture to train on."
    case .overBudget(let pictures, let rows, let bytes, let budget):
      "\(pictures) pictures give \(rows) descriptors of \(bytes >> 20) MiB together, more than the budget of "
        + "\(budget >> 20) MiB; use fewer pictures (--shots), smaller ones (--size), or raise --descriptor-budget."
    case .model(let path, let reason): "The model \(path) cannot be used: \(reason)."
    case .weights(let expected, let found):
      "The model was trained with the backbone weights \(expected), but those found are \(found); "
        + "give the right ones with --weights."
    case .workspace(let path, let reason): "The folder \(path) of a training cannot be used: \(reason)."
    case .notFinite(let what): "\(what) is not a finite number; the picture or the weights are damaged."
    }
  }
}

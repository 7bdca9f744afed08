/// A network that is known, in a file of tensors: as the whole file, or below a prefix of their names.
struct RecognisedNetwork {
  /// `module.`, `model.` and the like; empty where the whole file is the network.
  let prefix: String
  let tensors: any TensorFile
  let kinds: [String]

  /// How many parts a prefix may have, and how many prefixes of so many parts are tried.
  private static let (deepest, widest) = (3, 64)

  /// Nil where nothing is known in it.
  ///
  /// - Throws: ``CheckpointError/unsupported(path:offset:reason:)`` where the file holds several, as a student beside its
  ///   teacher: which one is wanted, only a person knows.
  init?(in file: any TensorFile, shown: String, _ recogniser: WeightsCache.Recogniser) throws(CheckpointError) {
    let kinds = recogniser(file)
    if !kinds.isEmpty {
      (prefix, tensors, self.kinds) = ("", file, kinds)
      return
    }
    for parts in 1...Self.deepest {
      var found: [RecognisedNetwork] = []
      for prefix in Self.prefixes(file.names, parts) {
        let tensors = try file.droppingPrefix(prefix)
        let kinds = recogniser(tensors)
        if !kinds.isEmpty { found.append(RecognisedNetwork(prefix: prefix, tensors: tensors, kinds: kinds)) }
      }
      guard found.count < 2 else {
        let places = found.map { "'\($0.prefix)'" }.joined(separator: " and ")
        throw .unsupported(
          path: shown, offset: nil, reason: "it holds several known networks, below \(places); save one of them alone")
      }
      if let network = found.first {
        self = network
        return
      }
    }
    return nil
  }

  private init(prefix: String, tensors: any TensorFile, kinds: [String]) {
    (self.prefix, self.tensors, self.kinds) = (prefix, tensors, kinds)
  }

  private static func prefixes(_ names: [String], _ parts: Int) -> [String] {
    var seen: Set<String> = []
    var found: [String] = []
    for name in names where found.count < widest {
      let pieces = name.split(separator: ".", maxSplits: parts, omittingEmptySubsequences: false)
      guard pieces.count == parts + 1 else { continue }
      let prefix = pieces.dropLast().joined(separator: ".") + "."
      if seen.insert(prefix).inserted { found.append(prefix) }
    }
    return found
  }
}

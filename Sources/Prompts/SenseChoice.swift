public import TextImage
public import Words

/// Which of a word's senses is meant, and which others there are.
public struct SenseChoice: Hashable, Sendable {
  public enum Reason: String, Codable, Sendable {
    /// A person named it.
    case named
    /// Its gloss is nearest to what the product is said to be.
    case similarity
    /// The most frequent one, since there is no encoder.
    case frequency
    /// The only one of a kind that is looked for.
    case only
    /// No sense is of a kind that is looked for.
    case none
  }

  public struct Candidate: Hashable, Sendable {
    public let synset: Synset
    /// Whether it is of the kinds that are looked for.
    public let isAdmissible: Bool
    /// Of its gloss with the context; nil where it was not asked for.
    public let similarity: Double?
  }

  /// The word that was looked up.
  public let word: String
  /// All senses, most frequent first.
  public let candidates: [Candidate]
  public let reason: Reason
  /// Nil where there is ``Reason/none``.
  public let chosen: Synset?

  /// Chooses among the senses of the kinds in `options`: the one with the greatest cosine of the vectors of
  /// "word, word: definition" and of the context, the most frequent of equals; without an encoder, the most frequent one.
  ///
  /// - context: what the product is said to be
  /// - named: identifiers of synsets; one of this word's, of whatever kind, is taken
  public init(
    of word: String, senses: [Synset], context: String, named: [String] = [], options: PromptOptions,
    encoder: (any TextEncoder)?
  ) throws {
    let kinds =
      [options.kinds, options.otherKinds].first { kinds in senses.contains { kinds.contains($0.file) } } ?? []
    let admissible = senses.indices.filter { kinds.contains(senses[$0].file) }
    var similarities = [Double?](repeating: nil, count: senses.count)
    if let encoder, admissible.count > 1 {
      let vectors = try encoder.vectors(ofTexts: [context] + admissible.map { Self.text(of: senses[$0]) })
      for (index, vector) in zip(admissible, vectors.dropFirst()) {
        similarities[index] = Cosine.of(vectors[0], vector)
      }
    }
    self.word = word
    candidates = senses.indices.map {
      Candidate(synset: senses[$0], isAdmissible: admissible.contains($0), similarity: similarities[$0])
    }
    if let synset = senses.first(where: { named.contains($0.identifier) }) {
      (reason, chosen) = (.named, synset)
    } else if let best = Cosine.ranked(admissible.map { similarities[$0] ?? 0 }).first {
      (reason, chosen) = (
        admissible.count == 1 ? .only : encoder == nil ? .frequency : .similarity, senses[admissible[best]]
      )
    } else {
      (reason, chosen) = (.none, nil)
    }
  }

  private static func text(of synset: Synset) -> String {
    "\(synset.words.joined(separator: ", ")): \(synset.definition)"
  }
}

/// Likeness of vectors of length one.
package enum Cosine {
  package static func of(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// The direction of the vectors' mean (Eq. 3 of our reading of arXiv 2403.06247); zeros where they cancel out, since what is
  /// left then is rounding, no direction.
  package static func meanDirection(of vectors: [[Float]]) -> [Float] {
    let mean = (vectors.first ?? []).indices.map { component in
      vectors.reduce(0.0) { $0 + Double($1[component]) } / Double(vectors.count)
    }
    let length = mean.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return length > 1e-6 ? mean.map { Float($0 / length) } : [Float](repeating: 0, count: mean.count)
  }

  /// Indices by falling similarity, the lowest of equals first.
  package static func ranked(_ similarities: [Double]) -> [Int] {
    similarities.indices.sorted { (-similarities[$0], $0) < (-similarities[$1], $1) }
  }
}

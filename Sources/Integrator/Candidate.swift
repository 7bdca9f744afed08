/// One of the originals that candidates are drawn around.
public struct Original: Codable, Hashable, Sendable {
  /// The number of the shot that it is a copy of.
  public let parent: Int
  /// Its number among the copies of that shot.
  public let copy: Int

  public init(parent: Int, copy: Int) {
    (self.parent, self.copy) = (parent, copy)
  }
}

/// A generated picture: where it comes from, its scores, and what became of it.
public struct Candidate: Codable, Hashable, Sendable {
  public let key: CandidateKey
  /// The number of its original among all.
  public let original: Int
  /// The shot behind that original, and which copy.
  public let parent, copy: Int
  public let temperature: Double
  /// Nil where latents were left as drawn.
  public let refinement: LatentRefinement.Record?
  /// The least `(d₂ − d₁) / d₂` of all positions and steps, of the squared distances of the two nearest codes; where it is tiny,
  /// devices may decode other pictures. Nil where codes do not replace latents.
  public let codeMargin: Double?
  /// cos(f_I(x̃), f_T(P*)), Eq. 12, for the prompt of its selection.
  public internal(set) var textSimilarity: Double
  /// cos(f_I(x̃), mean f_I(x_k)).
  public let pictureSimilarity: Double
  /// The accepted candidate that it is the most similar to, of those before it.
  public internal(set) var nearest: Neighbour?
  /// Nil until the selection.
  public internal(set) var verdict: CandidateSelection.Verdict?

  public struct Neighbour: Codable, Hashable, Sendable {
    public let key: CandidateKey
    public let cosine: Double
  }

  public var isAccepted: Bool {
    if case .accepted = verdict { true } else { false }
  }
}

/// A candidate with its picture's vector, which selections compare.
public struct ScoredCandidate: Codable, Hashable, Sendable {
  public internal(set) var candidate: Candidate
  /// f_I(x̃), of length one.
  public let vector: [Float]

  /// What was stored of a candidate.
  public init(_ candidate: Candidate, vector: [Float]) {
    (self.candidate, self.vector) = (candidate, vector)
  }
}

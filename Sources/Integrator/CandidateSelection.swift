import Prompts

/// What is known of a candidate when it is judged.
public struct CandidateScores: Hashable, Sendable {
  /// cos(f_I(x̃), f_T(P*)), Eq. 12 of our reading of arXiv 2403.06247.
  public let text: Double
  /// cos(f_I(x̃), mean f_I(x_k)).
  public let picture: Double
  /// f_I(x̃), of length one.
  public let vector: [Float]
  /// How far cosines may lie from these on another device; nil for what the settings say, infinite where nothing is known.
  public let bound: Double?
  /// Of candidates of one group one is accepted at most; nil for none.
  public let group: Int?

  public init(text: Double, picture: Double, vector: [Float], bound: Double? = nil, group: Int? = nil) {
    (self.text, self.picture, self.vector, self.bound, self.group) = (text, picture, vector, bound, group)
  }

  func isOfSameGroup(_ other: CandidateScores) -> Bool { group != nil && group == other.group }
}

/// Which candidates join the real pictures. A function of scores alone: equal scores give equal choices.
///
/// A candidate needs both its similarity to the text and to the real pictures (the guard: similarity to a text sees no small defects,
/// and refinement can push it up). Those that have them are taken from the best on, unless one is nearly the same as an accepted one,
/// until there are M.
public struct CandidateSelection: Codable, Hashable, Sendable {
  public enum Ranking: String, CaseIterable, Codable, Sendable { case text, picture }

  public struct Settings: Codable, Hashable, Sendable {
    /// M.
    public var kept = 10
    /// By which similarity the best are found.
    public var ranking = Ranking.text
    /// δ of both thresholds.
    public var textMargin = 0.01
    public var pictureMargin = 0.01
    /// The part of the real pictures that the guard's threshold lies above.
    public var guardQuantile = 0.05
    /// Above this cosine two pictures are nearly the same; above 1 none are.
    public var duplicateCosine = 0.995
    /// How far a cosine may lie from this one on another device.
    public var scoreBound = 5e-4
    /// Candidates whose ``Candidate/codeMargin`` is below this may be other pictures on another device …
    public var codeBound = 1e-4
    /// … whose cosines are then taken to lie no further than this from those here: of many codes one or two are others.
    public var unclearBound = 0.01

    public init() {}

    /// M as the specification suggests: 10 a shot, or half as many as the shots where these are all there are.
    public static func kept(shots: Int, areAll: Bool) -> Int { areAll ? shots / 2 : 10 * shots }

    /// - Throws: ``IntegratorError/setting(name:reason:)``.
    public func validate() throws(IntegratorError) {
      try IntegratorError.check([
        ("number of pictures kept", kept >= 0, "must not be negative"),
        ("margins", textMargin.isFinite && pictureMargin.isFinite, "must be finite"),
        ("guard's quantile", (0...1).contains(guardQuantile), "must be between 0 and 1"),
        ("duplicates' cosine", duplicateCosine > 0 && duplicateCosine <= 2, "must be above 0 and at most 2"),
        ("bounds", scoreBound >= 0 && codeBound >= 0 && unclearBound >= 0, "must not be negative"),
      ])
    }
  }

  public enum Reason: String, CaseIterable, Codable, Sendable {
    /// Below the text's threshold.
    case text
    /// Above that, and below the pictures' threshold.
    case pictureGuard = "guard"
    /// Above both, and nearly the same as an accepted one, or of its group.
    case duplicate
    /// None of these, but M others are better.
    case rank
  }

  public enum Verdict: Codable, Hashable, Sendable {
    /// From 1, the best.
    case accepted(rank: Int)
    case rejected(reason: Reason)
  }

  /// The accepted one that a candidate is the most similar to, of those before it.
  public struct Neighbour: Codable, Hashable, Sendable {
    /// Its number among the candidates.
    public let candidate: Int
    public let cosine: Double
  }

  /// By candidate.
  public let verdicts: [Verdict]
  /// By candidate; nil below the thresholds, and where none was accepted before.
  public let nearest: [Neighbour?]
  /// By rank.
  public let accepted: [Int]
  /// Candidates that another device may judge otherwise: whether they are accepted can change when cosines move by no more than their
  /// bounds. All others are accepted there or not as here.
  public let close: [Int]

  /// - scores: in the order of candidates; of equals the first is better
  /// - Throws: ``IntegratorError``.
  public init(
    _ scores: [CandidateScores], _ thresholds: SelectionThresholds, _ settings: Settings
  ) throws(IntegratorError) {
    try settings.validate()
    for score in scores where !(score.text.isFinite && score.picture.isFinite) {
      throw .notFinite(what: "A candidate's similarity")
    }
    var verdicts: [Verdict] = scores.map { score in
      score.text >= thresholds.text ? .rejected(reason: .pictureGuard) : .rejected(reason: .text)
    }
    var (nearest, accepted) = ([Neighbour?](repeating: nil, count: scores.count), [Int]())
    let values = scores.map { settings.ranking == .text ? $0.text : $0.picture }
    for index in Cosine.ranked(values) {
      let score = scores[index]
      guard score.text >= thresholds.text, score.picture >= thresholds.picture else { continue }
      nearest[index] = accepted.map { Neighbour(candidate: $0, cosine: Cosine.of(score.vector, scores[$0].vector)) }
        .max { ($0.cosine, -$0.candidate) < ($1.cosine, -$1.candidate) }
      if nearest[index].map({ $0.cosine > settings.duplicateCosine }) ?? false
        || accepted.contains(where: { scores[$0].isOfSameGroup(score) })
      {
        verdicts[index] = .rejected(reason: .duplicate)
      } else if accepted.count < settings.kept {
        accepted.append(index)
        verdicts[index] = .accepted(rank: accepted.count)
      } else {
        verdicts[index] = .rejected(reason: .rank)
      }
    }
    (self.verdicts, self.nearest, self.accepted) = (verdicts, nearest, accepted)
    close = CloseCalls(scores, values, thresholds, settings).candidates
  }

  /// D_train = {x_k} ∪ {x̃: accepted} (Eq. 16): all shots, then the accepted by rank.
  public func trainingSet<Picture>(shots: [Picture], candidates: [Picture]) -> [Picture] {
    shots + accepted.map { candidates[$0] }
  }
}

public import Images
public import Prompts
public import TextImage

/// Makes candidates around normal pictures and chooses those that join them (the text-guided knowledge integrator of arXiv
/// 2403.06247, section 1.C of our reading).
///
/// Per round so many variants of each original are made, one after another, and scored; after a round the best prompt may be chosen
/// anew by the pictures that the selection keeps. The last selection is among the candidates of all rounds.
public struct Integrator: Sendable {
  public struct Settings: Codable, Hashable, Sendable {
    public var seed: UInt64 = 42
    /// N: candidates of each original in a round.
    public var variants = 4
    public var rounds = 1
    /// After each so many rounds the best prompt is chosen anew; 0 for never.
    public var promptEvery = 0
    /// Of the best prompts, so many count, by the mean of their vectors.
    public var averagedPrompts = 1
    /// Of the candidates of one original so many are kept at most, the best of every so many-th ones; nil for any number. It keeps the
    /// variety that originals have: the best candidates by text alone come from a few of them.
    public var keptPerOriginal: Int?
    public var selection = CandidateSelection.Settings()

    public init() {}

    /// - Throws: ``IntegratorError/setting(name:reason:)``.
    public func validate() throws(IntegratorError) {
      try selection.validate()
      try IntegratorError.check([
        ("number of variants", (1...1_000_000).contains(variants), "must be between 1 and 1000000"),
        ("number of rounds", (1...1_000_000).contains(rounds), "must be between 1 and 1000000"),
        (
          "rounds between prompts", promptEvery == 0 || (1..<max(rounds, 1)).contains(promptEvery),
          "must be fewer than the rounds, or 0"
        ),
        ("number kept of an original", keptPerOriginal ?? 1 >= 1, "must be at least 1"),
        ("number of prompts averaged", averagedPrompts >= 1, "must be at least 1"),
      ])
    }
  }

  /// The prompt of a round, and what it asks of candidates.
  public struct Aim: Codable, Hashable, Sendable {
    /// From 0.
    public let round: Int
    /// The best first; those that count.
    public let prompts: [String]
    /// f_T(P*), of length one; of several prompts the direction of their mean.
    public let target: [Float]
    public let thresholds: SelectionThresholds
  }

  public let settings: Settings
  public let encoder: any TextImageEncoder
  public let prompts: [Prompt]
  /// f_I(x_k) of the real pictures.
  public let references: [[Float]]

  /// - prompts: among which the best is looked for; one to do without that
  /// - references: real pictures: at least two shots, or copies of the only one
  /// - Throws: ``IntegratorError``, what the encoder throws.
  public init(
    _ settings: Settings, encoder: any TextImageEncoder, prompts: [Prompt], references: [Image]
  ) throws {
    try settings.validate()
    guard !prompts.isEmpty else { throw IntegratorError.setting(name: "prompts", reason: "must be at least one") }
    (self.settings, self.encoder, self.prompts) = (settings, encoder, prompts)
    self.references = try encoder.vectors(ofPictures: references)
  }

  /// The best prompts by some pictures, Eq. 2 and 3.
  ///
  /// - vectors: of the pictures that decide; the references' for the first round
  public func aim(round: Int, by vectors: [[Float]]) throws -> Aim {
    guard !vectors.isEmpty else {
      throw IntegratorError.setting(name: "references", reason: "must be at least two pictures")
    }
    let best = try PromptRanking(prompts, pictureVectors: vectors, encoder: encoder).entries
      .prefix(settings.averagedPrompts).map(\.prompt.text)
    let target = Cosine.meanDirection(of: try encoder.vectors(ofTexts: best))
    return Aim(
      round: round, prompts: best, target: target,
      thresholds: try SelectionThresholds(references: references, target: target, settings.selection))
  }

  /// A round's candidates with the numbers of their originals. One variant of each original comes before the second ones, so that more
  /// variants go on where fewer end.
  public func keys(round: Int, originals: Int) -> [(key: CandidateKey, original: Int)] {
    (0..<(settings.variants * originals)).map { index in
      (CandidateKey(seed: settings.seed, round: round, index: index), index % originals)
    }
  }

  /// A candidate's picture scored; its verdict is the selection's.
  public func scored(
    _ made: MadePicture, _ key: CandidateKey, original: Int, of originals: [Original], _ aim: Aim
  ) throws -> ScoredCandidate {
    let vector = try encoder.vectors(ofPictures: [made.image])[0]
    guard vector.allSatisfy(\.isFinite) else {
      throw IntegratorError.notFinite(what: "The vector of candidate \(key.index)")
    }
    let candidate = Candidate(
      key: key, original: original, parent: originals[original].parent, copy: originals[original].copy,
      temperature: made.temperature, refinement: made.refinement, codeMargin: made.codeMargin,
      textSimilarity: Cosine.of(vector, aim.target),
      pictureSimilarity: Cosine.of(vector, aim.thresholds.centre))
    return ScoredCandidate(candidate, vector: vector)
  }

  /// Judges candidates by an aim's prompt and thresholds, whatever they were made for.
  ///
  /// - Returns: the selection, and the candidates with their similarity to this prompt, nearest accepted ones and verdicts.
  public func selected(
    _ candidates: [ScoredCandidate], _ aim: Aim
  ) throws -> (selection: CandidateSelection, candidates: [ScoredCandidate]) {
    let groups = groups(of: candidates.map(\.candidate.original))
    let scores = zip(candidates, groups).map { scored, group in
      let isUnclear = scored.candidate.codeMargin.map { $0 < settings.selection.codeBound } ?? false
      return CandidateScores(
        text: Cosine.of(scored.vector, aim.target), picture: scored.candidate.pictureSimilarity,
        vector: scored.vector, bound: isUnclear ? settings.selection.unclearBound : nil, group: group)
    }
    let selection = try CandidateSelection(scores, aim.thresholds, settings.selection)
    var judged = candidates
    for index in judged.indices {
      judged[index].candidate.textSimilarity = scores[index].text
      judged[index].candidate.verdict = selection.verdicts[index]
      judged[index].candidate.nearest = selection.nearest[index].map {
        Candidate.Neighbour(key: candidates[$0.candidate].candidate.key, cosine: $0.cosine)
      }
    }
    return (selection, judged)
  }

  /// Candidates of an original are dealt out among its groups in turn.
  private func groups(of originals: [Int]) -> [Int?] {
    guard let limit = settings.keptPerOriginal else { return originals.map { _ in nil } }
    var seen: [Int: Int] = [:]
    return originals.map { original in
      defer { seen[original, default: 0] += 1 }
      return original * limit + seen[original, default: 0] % limit
    }
  }
}

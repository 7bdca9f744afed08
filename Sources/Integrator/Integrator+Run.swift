public import Images

extension Integrator {
  /// What came of all rounds.
  public struct Outcome: Sendable {
    /// One a round that was begun.
    public let aims: [Aim]
    /// In the order in which they were made, with verdicts by the last aim.
    public let candidates: [ScoredCandidate]
    public let selection: CandidateSelection
    /// Whether no round was cut short.
    public let isComplete: Bool

    /// Those that may be judged otherwise on another device.
    public var close: [CandidateKey] { selection.close.map { candidates[$0].candidate.key } }
  }

  /// Makes a candidate's picture: of an original, by its number, for a prompt's vector.
  public typealias Make = (_ original: Int, _ key: CandidateKey, _ target: [Float]) throws -> MadePicture

  /// All rounds: candidates one after another, then the selection.
  ///
  /// To go on after an interruption, give back what was stored of a candidate from `known`; it is then not made again, and the rest is
  /// as if there had been no interruption.
  ///
  /// - originals: where candidates come from; at least one
  /// - known: what is stored of a candidate, or nil
  /// - visit: gets each new candidate with its picture, before the next one is made; false ends the making, and what is there is judged
  /// - Throws: ``IntegratorError``; what the closures throw.
  public func run(
    originals: [Original], known: (CandidateKey) throws -> ScoredCandidate? = { _ in nil }, make: Make,
    visit: (ScoredCandidate, Image) throws -> Bool = { _, _ in true }
  ) throws -> Outcome {
    guard !originals.isEmpty else {
      throw IntegratorError.setting(name: "originals", reason: "must be at least one")
    }
    var aims = [try aim(round: 0, by: references)]
    var (candidates, isComplete) = ([ScoredCandidate](), true)
    for round in 0..<settings.rounds {
      if round > 0 { aims.append(try nextAim(round, aims[round - 1], candidates)) }
      isComplete = try produce(aims[round], originals, &candidates, make, known, visit)
      guard isComplete else { break }
    }
    let (selection, judged) = try selected(candidates, aims[aims.count - 1])
    return Outcome(aims: aims, candidates: judged, selection: selection, isComplete: isComplete)
  }

  /// The prompt anew by the pictures that are kept so far, where it is time for that and there are any; else the one before.
  private func nextAim(_ round: Int, _ last: Aim, _ candidates: [ScoredCandidate]) throws -> Aim {
    let unchanged = Aim(round: round, prompts: last.prompts, target: last.target, thresholds: last.thresholds)
    guard settings.promptEvery > 0, round % settings.promptEvery == 0 else { return unchanged }
    let kept = try selected(candidates, last).selection.accepted.map { candidates[$0].vector }
    return kept.isEmpty ? unchanged : try aim(round: round, by: kept)
  }

  /// One round; whether it came to its end.
  private func produce(
    _ aim: Aim, _ originals: [Original], _ candidates: inout [ScoredCandidate], _ make: Make,
    _ known: (CandidateKey) throws -> ScoredCandidate?, _ visit: (ScoredCandidate, Image) throws -> Bool
  ) throws -> Bool {
    for (key, original) in keys(round: aim.round, originals: originals.count) {
      if let stored = try known(key) {
        candidates.append(stored)
        continue
      }
      let made = try make(original, key, aim.target)
      let scored = try scored(made, key, original: original, of: originals, aim)
      candidates.append(scored)
      guard try visit(scored, made.image) else { return false }
    }
    return true
  }
}

import Metrics

/// What the selection of generated pictures says of some: a likeness to text or shots, or whatever else it accepts by.
///
/// Larger scores are of pictures that look more normal.
public struct SelectionScores: Hashable, Sendable {
  /// Of normal pictures that nothing was made from.
  public var heldOut: [Float]
  /// Of pictures that must not be accepted: see ``PictureCorruption``.
  public var corrupted: [Float]
  /// Of generated pictures, and how normal each of them is by another measure: as many.
  public var candidates: [Float]
  public var reference: [Float]

  public init(heldOut: [Float] = [], corrupted: [Float] = [], candidates: [Float] = [], reference: [Float] = []) {
    self.heldOut = heldOut
    self.corrupted = corrupted
    self.candidates = candidates
    self.reference = reference
  }

  /// - Throws: ``GeneratorError``.
  public func validate() throws(GeneratorError) {
    let all = [
      ("held-out", heldOut), ("corrupted", corrupted), ("generated", candidates), ("reference", reference),
    ]
    for (name, scores) in all where !scores.allSatisfy(\.isFinite) {
      throw .notFinite(what: "A \(name) score")
    }
    guard candidates.count == reference.count else {
      throw .setting(
        name: "ranking", reason: "needs two scores a picture, not \(candidates.count) and \(reference.count) in all")
    }
  }

  /// The chance that a held-out picture scores above a corrupted one: below 0.6 the selection does not see defects.
  var separability: MetricValue {
    guard !heldOut.isEmpty else { return .undefined(reason: "there are no scores of held-out pictures") }
    guard !corrupted.isEmpty else { return .undefined(reason: "there are no scores of corrupted pictures") }
    var curve = ScoreCurve(positives: heldOut)
    curve.count(negatives: corrupted)
    return curve.auroc
  }

  var ranking: MetricValue {
    candidates.isEmpty
      ? .undefined(reason: "there are no scores of generated pictures")
      : RankCorrelation.spearman(candidates, reference)
  }
}

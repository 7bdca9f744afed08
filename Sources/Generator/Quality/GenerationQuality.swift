import Compute
public import Metrics
public import Tensors

/// How good generated pictures are for a detector, from the detector's own descriptors: measures of pictures, none of them of a
/// detector's result.
///
/// Read ``Measure/coverage`` first: patches that are nobody's nearest neighbour change nothing, however good the rest looks.
public struct GenerationQuality: Codable, Hashable, Sendable {
  /// What the measures were computed from.
  public struct Counts: Codable, Hashable, Sendable {
    /// Pictures.
    public let real, copies, generated, heldOut: Int
    /// Rows of each picture, and floats of a row.
    public let positions, width: Int
    /// Pictures whose spread stands for that of real ones: the shots, or one shot and its copies.
    public let reference: Int
    /// Scores compared.
    public let heldOutScores, corruptedScores, rankedScores: Int

    private enum CodingKeys: String, CodingKey {
      case real, copies, generated, heldOut = "held_out", positions, width, reference
      case heldOutScores = "held_out_scores", corruptedScores = "corrupted_scores", rankedScores = "ranked_scores"
    }
  }

  public let settings: Settings
  public let counts: Counts
  public let measures: MeasuredValues<Measure>
  /// Against the shots, or one shot and its copies.
  public let generatedToReal: SetComparison
  public let generatedToHeldOut: SetComparison
  /// What real pictures reach, to read the others by.
  public let realToHeldOut: SetComparison

  private enum CodingKeys: String, CodingKey {
    case settings, counts, measures, generatedToReal = "generated_to_real"
    case generatedToHeldOut = "generated_to_held_out", realToHeldOut = "real_to_held_out"
  }

  public subscript(measure: Measure) -> MetricValue { measures[measure] }

  /// Everything for a table, in order: the name is that in JSON, after its set's and a full stop.
  public var entries: [(name: String, title: String, value: MetricValue)] {
    let sets = [
      ("generated_to_real", "generated to real", generatedToReal),
      ("generated_to_held_out", "generated to held-out", generatedToHeldOut),
      ("real_to_held_out", "real to held-out", realToHeldOut),
    ]
    return measures.entries.map { ($0.name.rawValue, $0.name.title, $0.value) }
      + sets.flatMap { key, title, set in
        set.values.entries.map { ("\(key).\($0.name.rawValue)", "\($0.name.title), \(title)", $0.value) }
      }
  }

  /// Descriptors are [positions, width] a picture, of one size for all; a picture's vector is their mean over positions.
  ///
  /// - real: the shots, at least one
  /// - copies: of the shots, admissibly changed (relit, moved). They stand beside a single shot where a measure needs several real
  ///   pictures, and are what ``Measure/coverageBeyondCopies`` compares with
  /// - generated: at least one
  /// - heldOut: normal pictures that nothing was made from; without them what needs them is undefined
  /// - scores: what the selection of pictures says of some
  /// - progress: called with steps done and steps in all; may throw to stop
  /// - Throws: ``GeneratorError``: `setting` for settings and sizes, `notFinite` for NaN and infinity; device errors; what `progress`
  ///   throws.
  public init(
    real: [Tensor], copies: [Tensor] = [], generated: [Tensor], heldOut: [Tensor],
    scores: SelectionScores = SelectionScores(),
    _ settings: Settings = Settings(), progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws {
    try settings.validate()
    try scores.validate()
    let sets = try MeasuredSets(real: real, copies: copies, generated: generated, heldOut: heldOut)
    let reference = sets.reference
    (self.settings, counts) = (settings, Counts(sets, scores))
    var done = 0
    func step<Result>(_ result: Result) throws -> Result {
      done += 1
      try progress(done, 5)
      return result
    }
    var measures = MeasuredValues<Measure>()
    try step(measures.setCoverage(sets))
    try step(measures.setSpread(sets))
    measures[.separability] = scores.separability
    measures[.ranking] = scores.ranking
    let noHeldOut = SetComparison(undefined: MeasuredSets.noHeldOut)
    generatedToReal = try step(Self.comparison(sets.generated, to: reference, settings))
    generatedToHeldOut = try step(
      sets.heldOut.isEmpty ? noHeldOut : Self.comparison(sets.generated, to: sets.heldOut, settings))
    realToHeldOut = try step(sets.heldOut.isEmpty ? noHeldOut : Self.comparison(reference, to: sets.heldOut, settings))
    self.measures = measures
    for entry in entries where !(entry.value.value?.isFinite ?? true) {
      throw GeneratorError.notFinite(what: "The measure \(entry.name)")
    }
  }

  private static func comparison(
    _ candidates: DescriptorSet, to reference: DescriptorSet, _ settings: Settings
  ) throws -> SetComparison {
    func rows(_ set: DescriptorSet, _ stream: UInt32) throws -> Tensor {
      if settings.space == .pictures, let means = set.means { return means }
      return try set.rows(limit: settings.rowLimit, RandomKey(seed: settings.seed, stream: stream))
    }
    return try SetComparison(rows(candidates, 0x4751_0000), to: rows(reference, 0x4751_0001), settings)
  }
}

extension GenerationQuality.Counts {
  init(_ sets: MeasuredSets, _ scores: SelectionScores) {
    self.init(
      real: sets.real.count, copies: sets.copies.count, generated: sets.generated.count, heldOut: sets.heldOut.count,
      positions: sets.shape[0], width: sets.shape[1], reference: sets.reference.count,
      heldOutScores: scores.heldOut.count, corruptedScores: scores.corrupted.count,
      rankedScores: scores.candidates.count)
  }
}

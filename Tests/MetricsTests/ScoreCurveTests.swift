import Metrics
import TestSupport
import Testing

@Suite("Counts behind the metrics")
struct ScoreCurveTests {
  @Test func countsHoldWhatIsAtAndBetweenTheScores() {
    var curve = ScoreCurve(positives: [2, -1, 2, 5])
    curve.count(negatives: [-3, -1, 0, 1, 2, 2, 3, 9, 10, 11])
    #expect(curve.scores == [-1, 2, 5])
    #expect(curve.positives == [1, 2, 1])
    #expect(curve.equal == [1, 2, 0])
    #expect(curve.gaps == [1, 2, 1, 3])
    #expect(curve.positiveCount == 4)
    #expect(curve.negativeCount == 10)
  }

  @Test func theMaskSelectsTheNegatives() {
    var curve = ScoreCurve(positives: [1])
    curve.count(negatives: [0, 1, 2, 3], where: [0, 1, 1, 0])
    #expect(curve.equal == [0])
    #expect(curve.gaps == [1, 1])
  }

  @Test func closeScoresAndExtremesAreToldApart() {
    let values: [Float] = [
      -.greatestFiniteMagnitude, -1, -.leastNonzeroMagnitude, 0, .leastNonzeroMagnitude, 1, Float(1).nextUp,
      .greatestFiniteMagnitude,
    ]
    var curve = ScoreCurve(positives: values.reversed())
    curve.count(negatives: values + [Float(1).nextDown, -0.0])
    #expect(curve.scores == values)
    #expect(curve.equal == [1, 1, 1, 2, 1, 1, 1, 1])
    #expect(curve.gaps == [0, 0, 0, 0, 0, 1, 0, 0, 0])
  }

  @Test func mergedCurvesEqualOneThatCountedEverything() {
    var values = Reproducible(7)
    let positives = values.integers(101, range: 9)
    let negatives = values.integers(1009, range: 12)
    var whole = ScoreCurve(positives: positives)
    whole.count(negatives: negatives)
    var merged = ScoreCurve(positives: positives.reversed())
    for start in stride(from: 0, to: negatives.count, by: 97) {
      var part = ScoreCurve(positives: positives)
      part.count(negatives: Array(negatives[start..<min(start + 97, negatives.count)]))
      merged.merge(part)
    }
    #expect(merged.equal == whole.equal)
    #expect(merged.gaps == whole.gaps)
    #expect(merged.auroc == whole.auroc)
    #expect(merged.averagePrecision == whole.averagePrecision)
  }

  @Test func countsBeyondFloatAndInt32StayExact() {
    var curve = ScoreCurve(positives: [0.5, 1])
    curve.count(negatives: [0, 0.5, 0.75])
    // Doubled 35 times: 3 · 2³⁵ negatives. One more must still be seen.
    for _ in 0..<35 { curve.merge(curve) }
    curve.count(negatives: [0.5])
    #expect(curve.negativeCount == (3 << 35) + 1)
    #expect(curve.equal == [(1 << 35) + 1, 0])
    #expect(curve.gaps == [1 << 35, 1 << 35, 0])
    let count = Double(1 << 35)
    // The pair of 0.5 wins against 1/3 and ties with 1/3, the one of 1 wins always.
    let expected = (count + (count + 1) / 2 + 3 * count + 1) / (2 * (3 * count + 1))
    #expect(agrees(curve.auroc, expected))
  }

  @Test func whatIsKeptGrowsWithThePositivesOnly() throws {
    var values = Reproducible(11)
    var metrics = PixelMetrics()
    var mask = [UInt8](repeating: 0, count: 4096)
    mask.replaceSubrange(100..<110, with: repeatElement(1, count: 10))
    let map = values.floats(4096)
    try metrics.collect("defective", map: map, mask: mask, width: 64)
    try metrics.count("defective", map: map, mask: mask)
    let before = storedNumbers(metrics)
    for index in 0..<10 {
      try metrics.count("good \(index)", map: values.floats(4096), mask: [UInt8](repeating: 0, count: 4096))
    }
    #expect(before > 10)
    #expect(storedNumbers(metrics) == before)
  }

  /// The elements of all arrays inside a value.
  private func storedNumbers(_ value: Any) -> Int {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .collection { return mirror.children.count }
    return mirror.children.reduce(0) { $0 + storedNumbers($1.value) }
  }

  @Test func curvesOfOtherPositivesCannotBeMerged() async {
    await #expect(processExitsWith: .failure) {
      var curve = ScoreCurve(positives: [1])
      curve.merge(ScoreCurve(positives: [2]))
    }
  }
}

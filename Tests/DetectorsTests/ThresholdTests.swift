import Detectors
import TestSupport
import Testing

@Suite("Thresholds")
struct ThresholdTests {
  /// One rounding of the interpolation.
  private let tolerance: Float = 1e-6

  /// numpy.quantile(values, fraction), its default method.
  @Test(
    arguments: [
      ([3, 1, 4, 1, 5, 9, 2, 6], 0.99, 8.79), ([3, 1, 4, 1, 5, 9, 2, 6], 0.5, 3.5),
      ([3, 1, 4, 1, 5, 9, 2, 6], 0.2, 1.4),
      ([3, 1, 4, 1, 5, 9, 2, 6], 0, 1), ([3, 1, 4, 1, 5, 9, 2, 6], 1, 9), ([7.5], 0.95, 7.5), ([2, 1], 0.25, 1.25),
      ([1, 2, 3, 4, 5], 0.75, 4),
    ] as [([Float], Double, Float)])
  func quantilesAreNumPys(_ values: [Float], _ fraction: Double, _ expected: Float) {
    let found = Threshold.quantile(values, fraction)
    #expect(abs(found - expected) <= tolerance * expected)
  }

  @Test func pictureAndPixelThresholdsComeFromTheirOwnScores() {
    let scores = (1...11).map { HeldOutScore(score: Float($0), largestPixel: Float(100 - $0)) }
    let threshold = Threshold(heldOut: scores, falseAlarmRate: 0.1, origin: "a test", fromCopies: false)
    #expect(abs(threshold.score - 10) <= tolerance * 10)
    #expect(abs(threshold.pixel - 98) <= tolerance * 98)
    #expect(threshold.heldOut == 11)
    #expect(threshold.origin == "a test")
    #expect(!threshold.lowConfidence)
  }

  /// A rate of 1 % needs 100 held-out scores; copies of one picture never suffice.
  @Test(arguments: [
    (100, 0.01, false, false), (99, 0.01, false, true), (100, 0.01, true, true), (10, 0.1, false, false),
    (1, 0.5, false, true),
  ])
  func fewScoresOrCopiesGiveLowConfidence(_ count: Int, _ rate: Double, _ copies: Bool, _ low: Bool) {
    let scores = (0..<count).map { HeldOutScore(score: Float($0), largestPixel: 0) }
    let threshold = Threshold(heldOut: scores, falseAlarmRate: rate, origin: "a test", fromCopies: copies)
    #expect(threshold.lowConfidence == low)
  }
}

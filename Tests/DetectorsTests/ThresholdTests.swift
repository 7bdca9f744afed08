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

  @Test func pictureAndPixelThresholdsComeFromTheirOwnScores() throws {
    let scores = (1...11).map { HeldOutScores.Score(picture: Float($0), largestPixel: Float(100 - $0)) }
    let threshold = try HeldOutScores(scores, training: "a test").threshold(falseAlarmRate: 0.1)
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
  func fewScoresOrCopiesGiveLowConfidence(_ count: Int, _ rate: Double, _ copies: Bool, _ low: Bool) throws {
    let scores = (0..<count).map { HeldOutScores.Score(picture: Float($0), largestPixel: 0) }
    let threshold = try HeldOutScores(scores, training: "a test", isWeak: copies).threshold(falseAlarmRate: rate)
    #expect(threshold.lowConfidence == low)
  }
}

@Suite("Verdicts by area")
struct JudgementTests {
  /// Columns 2 and 3 of row 1, and the pixel that touches them at a corner; another pixel far away.
  private let map = AnomalyMap(
    width: 7, height: 5, values: (0..<35).map { [9, 10, 18, 34].contains($0) ? 3 : $0 == 0 ? 2 : 1 })

  private func threshold(_ area: DefectArea?, score: Float = 5) -> Threshold {
    Threshold(
      score: score, pixel: 2, origin: "a test", falseAlarmRate: nil, heldOut: 0, lowConfidence: false,
      minimumArea: area)
  }

  private func judge(_ area: DefectArea?, score: Float) -> Judgement {
    threshold(area).judge(Inspection(score: score, reweightedScore: 0, map: map), map: map)
  }

  /// Diagonal neighbours belong together; a value equal to the threshold is not above it.
  @Test(
    arguments: [
      (nil, true, nil), (.pixels(1), true, 3), (.pixels(3), true, 3), (.pixels(4), false, 3),
      // 8 % of 35 pixels are 2.8, 9 % are 3.15.
      (.percent(8), true, 3), (.percent(9), false, 3),
    ] as [(DefectArea?, Bool, Int?)])
  func aRegionMustBeLargeEnough(_ area: DefectArea?, _ defective: Bool, _ largest: Int?) {
    let found = judge(area, score: 5.1)
    #expect(found.isDefective == defective)
    #expect(found.largestRegion == largest)
    // The area alone makes no defect.
    #expect(!judge(area, score: 5).isDefective)
  }

  @Test(
    arguments: [
      ("30", .pixels(30)), ("0.05%", .percent(0.05)), ("100%", .percent(100)), ("0", nil), ("-1", nil), ("0%", nil),
      ("101%", nil), ("nan%", nil), ("3.5", nil), ("", nil), ("%", nil),
    ] as [(String, DefectArea?)])
  func areasAreReadFromText(_ text: String, _ expected: DefectArea?) {
    #expect(DefectArea(text) == expected)
    #expect(expected.map { $0.description == text || $0 == DefectArea($0.description) } ?? true)
  }
}

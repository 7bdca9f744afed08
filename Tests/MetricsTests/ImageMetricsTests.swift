import Metrics
import Testing

@Suite("Metrics of whole pictures")
struct ImageMetricsTests {
  @Test(arguments: MetricsReference.all)
  func equalScikitLearn(_ reference: MetricsReference.Case) throws {
    let pictures = reference.maps.map { (name: $0.name, score: $0.map.max() ?? .nan, isDefective: $0.isDefective) }
    let metrics = try ImageMetrics(pictures)
    #expect(agrees(metrics.auroc, reference.image.auroc))
    #expect(agrees(metrics.averagePrecision, reference.image.averagePrecision))
    #expect(agrees(metrics.bestF1, reference.image.f1))
    #expect(metrics.bestF1Threshold == reference.image.f1Threshold)
    for (recall, expected) in zip(try MetricsReference.read.get().recalls, reference.image.falsePositiveRates) {
      #expect(agrees(metrics.falsePositiveRate(recall: recall), expected), "at recall \(recall)")
    }
    for (threshold, expected) in zip(reference.image.thresholds, reference.image.balancedAccuracies) {
      let accuracy = try ImageMetrics(pictures, threshold: threshold).balancedAccuracy
      #expect(agrees(accuracy, expected), "above \(threshold)")
    }
  }

  @Test(arguments: [(true, "there is no good item"), (false, "there is no defective item")])
  func withOneClassAloneEverythingIsUndefined(_ isDefective: Bool, _ reason: String) throws {
    let metrics = try ImageMetrics([("a", 1, isDefective), ("b", 2, isDefective)], threshold: 1.5)
    let all = [
      metrics.auroc, metrics.averagePrecision, metrics.bestF1, metrics.balancedAccuracy,
      metrics.falsePositiveRate(recall: 0.95),
    ]
    #expect(all == [MetricValue](repeating: .undefined(reason: reason), count: 5))
    #expect(metrics.bestF1Threshold == nil)
  }

  @Test func allScoresEqual() throws {
    let pictures: [(String, Float, Bool)] = [("a", 2, true), ("b", 2, false), ("c", 2, false), ("d", 2, false)]
    let metrics = try ImageMetrics(pictures, threshold: 2)
    #expect(metrics.auroc == .defined(0.5))
    // The prevalence, and the F1 of calling everything defective.
    #expect(metrics.averagePrecision == .defined(0.25))
    #expect(agrees(metrics.bestF1, 2 * 1 / (2 * 1 + 3.0)))
    #expect(metrics.bestF1Threshold == 2)
    #expect(metrics.falsePositiveRate(recall: 0.95) == .defined(1))
    // Nothing lies above the threshold.
    #expect(metrics.balancedAccuracy == .defined(0.5))
  }

  @Test func aVerdictIsAboveItsThreshold() throws {
    let pictures: [(String, Float, Bool)] = [("a", 3, true), ("b", 2, true), ("c", 2, false), ("d", 1, false)]
    // At 2: one of two defects above, no good one. At 1.9: both, and one good one. Above and below everything: one class.
    for (threshold, expected) in [(Float(2), 0.75), (1.9, 0.75), (3, 0.5), (0, 0.5), (2.5, 0.75), (1, 0.75)] {
      #expect(try ImageMetrics(pictures, threshold: threshold).balancedAccuracy == .defined(expected), "\(threshold)")
    }
    let none = MetricValue.undefined(reason: "there is no threshold")
    #expect(try ImageMetrics(pictures).balancedAccuracy == none)
    #expect(try ImageMetrics(pictures, threshold: .nan).balancedAccuracy == none)
  }

  @Test func aThresholdChangesNoOtherMetric() throws {
    let pictures: [(String, Float, Bool)] = [("a", 3, true), ("b", 2, false), ("c", 1, true), ("d", 0, false)]
    let plain = try ImageMetrics(pictures)
    for threshold: Float in [-1, 0, 0.5, 1, 2.5, 3, 99] {
      let metrics = try ImageMetrics(pictures, threshold: threshold)
      #expect(metrics.auroc == plain.auroc)
      #expect(metrics.averagePrecision == plain.averagePrecision)
      #expect(metrics.bestF1 == plain.bestF1)
      #expect(metrics.bestF1Threshold == plain.bestF1Threshold)
      #expect(metrics.falsePositiveRate(recall: 0.5) == plain.falsePositiveRate(recall: 0.5))
    }
  }

  @Test func withoutPicturesEverythingIsUndefined() throws {
    let metrics = try ImageMetrics([])
    #expect(metrics.auroc.value == nil)
    #expect(metrics.averagePrecision.value == nil)
    #expect(metrics.bestF1.value == nil)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func aScoreThatIsNotFiniteIsRefusedByItsPicture(_ score: Float) {
    #expect(throws: MetricError.notFinite(picture: "crack/007.png")) {
      try ImageMetrics([("good/000.png", 1, false), ("crack/007.png", score, true)])
    }
  }

  @Test func zerosOfBothSignsAreATie() throws {
    let metrics = try ImageMetrics([("a", 0, true), ("b", -0.0, false), ("c", -0.0, true), ("d", 0, false)])
    #expect(metrics.auroc == .defined(0.5))
    #expect(metrics.averagePrecision == .defined(0.5))
  }

  @Test func theLargestOfEquallyGoodThresholdsIsTaken() throws {
    // t = 3 gives 2·1/(2·1 + 0 + 1) = 2/3, t = 1 gives 2·2/(2·2 + 2 + 0) = 2/3.
    let metrics = try ImageMetrics([("a", 3, true), ("b", 2, false), ("c", 2, false), ("d", 1, true)])
    #expect(agrees(metrics.bestF1, 2.0 / 3))
    #expect(metrics.bestF1Threshold == 3)
  }
}

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
  }

  @Test func withoutDefectivePicturesEverythingIsUndefined() throws {
    let metrics = try ImageMetrics([("a", 1, false), ("b", 2, false)])
    let undefined = MetricValue.undefined(reason: "there is no defective item")
    #expect([metrics.auroc, metrics.averagePrecision, metrics.bestF1] == [undefined, undefined, undefined])
    #expect(metrics.bestF1Threshold == nil)
  }

  @Test func withoutGoodPicturesOnlyTheRankingIsUndefined() throws {
    let metrics = try ImageMetrics([("a", 1, true), ("b", 2, true)])
    #expect(metrics.auroc == .undefined(reason: "there is no good item"))
    #expect(metrics.averagePrecision == .defined(1))
    #expect(metrics.bestF1 == .defined(1))
    #expect(metrics.bestF1Threshold == 1)
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

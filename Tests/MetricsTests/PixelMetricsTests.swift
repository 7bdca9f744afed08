import Metrics
import TestSupport
import Testing

@Suite("Metrics of pixels")
struct PixelMetricsTests {
  @Test func theReferenceIsThere() throws {
    #expect(try MetricsReference.read.get().cases.count == 11)
  }

  @Test(arguments: MetricsReference.all)
  func equalScikitLearnAndBruteForce(_ reference: MetricsReference.Case) throws {
    let (pixel, read) = (reference.pixel, try MetricsReference.read.get())
    let metrics = try pixelMetrics(reference.maps, thresholds: pixel.thresholds)
    #expect(agrees(metrics.auroc, pixel.auroc))
    #expect(agrees(metrics.averagePrecision, pixel.averagePrecision))
    #expect(agrees(metrics.bestF1.value, pixel.f1))
    #expect(metrics.bestF1.threshold == pixel.f1Threshold)
    #expect(agrees(metrics.bestIoU.value, pixel.iou))
    #expect(metrics.bestIoU.threshold == pixel.iouThreshold)
    for (recall, expected) in zip(read.recalls, pixel.falsePositiveRates) {
      #expect(agrees(metrics.falsePositiveRate(recall: recall), expected), "at recall \(recall)")
    }
    for (threshold, expected) in zip(pixel.thresholds, pixel.balancedAccuracies) {
      #expect(agrees(metrics.confusion(above: threshold).balancedAccuracy, expected), "above \(threshold)")
    }
    for (limit, expected) in zip(read.limits, reference.aupro) {
      #expect(agrees(metrics.aupro(limit: limit), expected), "up to \(limit)")
    }
    #expect(metrics.aupro() == metrics.aupro(limit: 0.3))
  }

  @Test(arguments: MetricsReference.all.filter { $0.auproOfAnomalib != nil })
  func equalAnomalib(_ reference: MetricsReference.Case) throws {
    let metrics = try pixelMetrics(reference.maps)
    let expected = try #require(reference.auproOfAnomalib)
    for (limit, expected) in zip(try MetricsReference.read.get().limits, expected) {
      let found = try #require(metrics.aupro(limit: limit).value)
      // It sums in Float32, and divides by limits as small as 0.01.
      #expect(abs(found - expected) <= 2e-5, "up to \(limit)")
    }
  }

  @Test(arguments: MetricsReference.all)
  func theOrderOfPicturesDoesNotMatter(_ reference: MetricsReference.Case) throws {
    let metrics = try pixelMetrics(reference.maps)
    let reversed = try pixelMetrics(reference.maps.reversed())
    // Bit for bit: counts are integers, and weights are summed in an order of their own.
    #expect(metrics.auroc == reversed.auroc)
    #expect(metrics.averagePrecision == reversed.averagePrecision)
    #expect(metrics.aupro() == reversed.aupro())
    #expect(metrics.auSPRO() == reversed.auSPRO())
  }

  @Test func regionsCountEquallyWhateverTheirSize() throws {
    // The single pixel is found before any false alarm, the large region after half of the normal pixels.
    let map = MaskedMap("a", [9, 0, 5, 0, 5, 3, 3, 3, 3], rows: ["#...." + "####"])
    let metrics = try pixelMetrics([map])
    // Overlap 1/2 until the rate 0.5, where it jumps to 1; the limit lies before.
    #expect(metrics.aupro(limit: 0.3) == .defined(0.5))
    #expect(agrees(metrics.aupro(limit: 1), 0.75))
  }

  @Test func theCurveIsInterpolatedAtTheLimit() throws {
    // All scores are equal: the overlap climbs in a straight line from (0, 0) to (1, 1).
    let metrics = try pixelMetrics([MaskedMap("a", [4, 4, 4, 4], rows: ["#..."])])
    #expect(agrees(metrics.aupro(limit: 0.3), 0.15))
    #expect(metrics.auroc == .defined(0.5))
    #expect(metrics.averagePrecision == .defined(0.25))
  }

  @Test func withoutDefectsEverythingIsUndefined() throws {
    let metrics = try pixelMetrics([MaskedMap("a", [1, 2, 3, 4], rows: ["..", ".."])])
    let undefined = MetricValue.undefined(reason: "there is no defective item")
    #expect([metrics.auroc, metrics.averagePrecision, metrics.aupro()] == [undefined, undefined, undefined])
  }

  @Test func anEmptyMaskAddsNormalPixelsOnly() throws {
    var metrics = PixelMetrics()
    try metrics.collect("empty", map: [5, 6], mask: [0, 0], width: 2)
    try metrics.collect("a", map: [3, 4], mask: [0, 1], width: 2)
    try metrics.count("empty", map: [5, 6], mask: [0, 0])
    try metrics.count("a", map: [3, 4], mask: [0, 1])
    #expect(agrees(metrics.auroc, 1.0 / 3))
  }

  @Test func withoutNormalPixelsEverythingIsUndefined() throws {
    let metrics = try pixelMetrics([MaskedMap("a", [1, 2], rows: ["##"])])
    let undefined = MetricValue.undefined(reason: "there is no good item")
    let all = [
      metrics.auroc, metrics.averagePrecision, metrics.aupro(), metrics.bestF1.value, metrics.bestIoU.value,
      metrics.falsePositiveRate(recall: 0.99),
    ]
    #expect(all == [MetricValue](repeating: undefined, count: 6))
    #expect(metrics.bestIoU.threshold == nil)
  }

  @Test func allScoresEqual() throws {
    let metrics = try pixelMetrics([MaskedMap("a", [7, 7, 7, 7, 7], rows: ["##..."])])
    #expect(metrics.auroc == .defined(0.5))
    #expect(metrics.averagePrecision == .defined(0.4))
    #expect(agrees(metrics.bestF1.value, 2 * 2 / (2 * 2 + 3.0)))
    #expect(agrees(metrics.bestIoU.value, 0.4))
    #expect(metrics.falsePositiveRate(recall: 0.95) == .defined(1))
  }

  @Test func mapsOfEightBitsWithFewLevelsAreNoTrouble() throws {
    // Two levels, 256 pixels: nearly every threshold is a tie.
    let map = (0..<256).map { Float($0 % 2 == 0 ? 0 : 255) }
    var metrics = PixelMetrics()
    let mask = (0..<256).map { UInt8($0 < 64 ? 1 : 0) }
    let channel = DefectChannel(mask: mask, saturation: .part(0.25))
    try metrics.collect("a", map: map, mask: mask, width: 16, channels: [channel])
    try metrics.count("a", map: map, mask: mask)
    #expect(metrics.auroc == .defined(0.5))
    // Straight from 0 to 1/2 at the rate 1/2, where the limit of 0.3 cuts it; the channel climbs twice as high.
    #expect(agrees(metrics.aupro(), 0.15))
    #expect(agrees(metrics.auSPRO(limit: 0.3), 0.3))
  }

  @Test(arguments: [0, 1.001, -.infinity, .nan])
  func aRecallOutsideOfItsRangeIsUndefined(_ recall: Double) throws {
    let metrics = try pixelMetrics([MaskedMap("a", [1, 2], rows: ["#."])])
    let undefined = MetricValue.undefined(reason: "the recall must lie above 0 and not above 1")
    #expect(metrics.falsePositiveRate(recall: recall) == undefined)
  }

  @Test func theRecallIsReachedByDecimalParts() throws {
    // 19 of 20 positives are 0.95 of them: the twentieth, below every negative, is not needed.
    let map = MaskedMap(
      "a", [0] + [Float](repeating: 2, count: 19) + [1, 1], rows: [String(repeating: "#", count: 20) + ".."])
    let metrics = try pixelMetrics([map])
    #expect(metrics.falsePositiveRate(recall: 0.95) == .defined(0))
    #expect(metrics.falsePositiveRate(recall: 0.99) == .defined(1))
  }

  @Test func withoutPicturesEverythingIsUndefined() {
    let metrics = PixelMetrics()
    #expect(metrics.auroc.value == nil)
    #expect(metrics.aupro().value == nil)
  }

  @Test(arguments: [0, -0.1, 1.001, .nan])
  func aLimitOutsideOfTheRateIsUndefined(_ limit: Double) throws {
    let metrics = try pixelMetrics([MaskedMap("a", [1, 2], rows: ["#."])])
    #expect(metrics.aupro(limit: limit) == .undefined(reason: "the limit must lie above 0 and not above 1"))
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func aMapThatIsNotFiniteIsRefusedByItsPicture(_ score: Float) {
    var metrics = PixelMetrics()
    #expect(throws: MetricError.notFinite(picture: "scratch/001.png")) {
      try metrics.collect("scratch/001.png", map: [0, score], mask: [1, 0], width: 2)
    }
    #expect(throws: MetricError.notFinite(picture: "good/002.png")) {
      try metrics.count("good/002.png", map: [score, 0], mask: [0, 0])
    }
    // A refused picture leaves nothing behind.
    #expect(metrics.auroc.reason == "there is no defective item")
  }

  @Test func sizesThatDoNotFitAreRefusedByTheirPicture() {
    var metrics = PixelMetrics()
    #expect(throws: MetricError.size(picture: "a", map: 3, mask: 2)) {
      try metrics.collect("a", map: [1, 2, 3], mask: [0, 1], width: 2)
    }
    #expect(throws: MetricError.size(picture: "a", map: 1, mask: 2)) {
      try metrics.count("a", map: [1], mask: [0, 1])
    }
    #expect(throws: MetricError.size(picture: "a", map: 2, mask: 1)) {
      try metrics.count("a", map: [1, 2], mask: [0, 1], ignore: [0])
    }
    #expect(throws: MetricError.width(picture: "a", width: 2, count: 3)) {
      try metrics.collect("a", map: [1, 2, 3], mask: [0, 1, 0], width: 2)
    }
    #expect(throws: MetricError.width(picture: "a", width: 0, count: 0)) {
      try metrics.collect("a", map: [], mask: [], width: 0)
    }
  }

  @Test func collectingAfterCountingIsAProgrammingError() async {
    await #expect(processExitsWith: .failure) {
      var metrics = PixelMetrics()
      try metrics.count("a", map: [1], mask: [0])
      try metrics.collect("b", map: [1], mask: [1], width: 1)
    }
  }
}

import Metrics
import TestSupport
import Testing

@Suite("Metrics of pixels")
struct PixelMetricsTests {
  @Test func theReferenceIsThere() throws {
    #expect(try MetricsReference.read.get().cases.count == 8)
  }

  @Test(arguments: MetricsReference.all)
  func equalScikitLearnAndBruteForce(_ reference: MetricsReference.Case) throws {
    let metrics = try pixelMetrics(reference.maps)
    #expect(agrees(metrics.auroc, reference.pixel.auroc))
    #expect(agrees(metrics.averagePrecision, reference.pixel.averagePrecision))
    for (limit, expected) in zip(try MetricsReference.read.get().limits, reference.aupro) {
      #expect(agrees(metrics.aupro(limit: limit), expected), "up to \(limit)")
    }
    #expect(metrics.aupro() == metrics.aupro(limit: 0.3))
  }

  @Test(arguments: MetricsReference.all)
  func theOrderOfPicturesDoesNotMatter(_ reference: MetricsReference.Case) throws {
    let metrics = try pixelMetrics(reference.maps)
    let reversed = try pixelMetrics(reference.maps.reversed())
    // Bit for bit: counts are integers, and weights are summed in an order of their own.
    #expect(metrics.auroc == reversed.auroc)
    #expect(metrics.averagePrecision == reversed.averagePrecision)
    #expect(metrics.aupro() == reversed.aupro())
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

  @Test func withoutNormalPixelsTheRankingIsUndefined() throws {
    let metrics = try pixelMetrics([MaskedMap("a", [1, 2], rows: ["##"])])
    let undefined = MetricValue.undefined(reason: "there is no good item")
    #expect(metrics.auroc == undefined)
    #expect(metrics.aupro() == undefined)
    #expect(metrics.averagePrecision == .defined(1))
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

import Metrics
import TestSupport
import Testing

@Suite("Ignored pixels")
struct IgnoredPixelsTests {
  @Test func theyCountAsNeitherClass() throws {
    var map = MaskedMap("a", [9, 1, 8, 0], rows: ["##.."])
    #expect(try pixelMetrics([map]).auroc == .defined(0.75))
    // Without the missed defective pixel, and without the false alarm.
    map.ignore = [0, 255, 0, 0]
    #expect(try pixelMetrics([map]).auroc == .defined(1))
    map.ignore = [0, 0, 1, 0]
    #expect(try pixelMetrics([map]).auroc == .defined(1))
  }

  @Test func ignoringNothingChangesNothing() throws {
    for reference in MetricsReference.all where reference.auproOfAnomalib != nil {
      let maps = reference.maps.map { map in
        var map = map
        map.ignore = [UInt8](repeating: 0, count: map.map.count)
        return map
      }
      let (plain, ignoring) = (try pixelMetrics(reference.maps), try pixelMetrics(maps))
      #expect(plain.auroc == ignoring.auroc)
      #expect(plain.aupro() == ignoring.aupro())
    }
  }

  @Test func aCutRegionStaysOneRegion() throws {
    // The left half of a bar is found, the right one is not; a seam in its middle is ignored.
    var map = MaskedMap("a", [9, 5, 1, 2, 0], rows: ["###.."])
    let other = MaskedMap("b", [9], rows: ["#"])
    map.ignore = [0, 1, 0, 0, 0]
    // One region of two pixels and one of one: (1/2 + 1)/2 until the rate 1/2 of the two normal pixels.
    #expect(agrees(try pixelMetrics([map, other]).aupro(limit: 0.3), 0.75))
  }

  @Test func picturesIgnoredAsAWholeAreNone() throws {
    var map = MaskedMap("a", [1, 2], rows: ["#."])
    map.ignore = [1, 1]
    let metrics = try pixelMetrics([map])
    #expect(metrics.aupro() == .undefined(reason: "there is no defective item"))
    // It has no defect that could lack a saturation area.
    var annotated = MaskedMap("b", [3, 2], rows: ["#."])
    annotated.channels = [DefectChannel(mask: [1, 0], saturation: .part(1))]
    #expect(try pixelMetrics([map, annotated]).auSPRO() == .defined(1))
  }
}

import Metrics
import TestSupport
import Testing

@Suite("Saturated per-region overlap")
struct SaturationTests {
  static let cases = MetricsReference.all.filter { $0.auSPRO != nil }

  @Test func theReferenceHasChannels() { #expect(Self.cases.count == 3) }

  @Test(arguments: cases)
  func equalsItsDefinition(_ reference: MetricsReference.Case) throws {
    let metrics = try pixelMetrics(reference.maps)
    for (limit, expected) in zip(try MetricsReference.read.get().limits, try #require(reference.auSPRO)) {
      #expect(agrees(metrics.auSPRO(limit: limit), expected), "up to \(limit)")
    }
    #expect(metrics.auSPRO() == metrics.auSPRO(limit: 0.05))
  }

  @Test(arguments: cases)
  func areasAreRoundedAsInTheReference(_ reference: MetricsReference.Case) throws {
    let areas = reference.maps.flatMap { map in
      map.channels.compactMap { channel in
        let pixels = channel.mask.indices.count { channel.mask[$0] != 0 && (map.ignore?[$0] ?? 0) == 0 }
        return pixels == 0 ? nil : channel.saturation.area(of: pixels)
      }
    }
    #expect(areas == reference.saturationAreas)
  }

  @Test func areasStayBetweenOnePixelAndAll() {
    #expect(SaturationRule.part(0.1).area(of: 9) == 1)
    #expect(SaturationRule.part(0.5).area(of: 9) == 4)
    #expect(SaturationRule.part(1).area(of: 9) == 9)
    #expect(SaturationRule.part(1.5).area(of: 9) == 9)
    #expect(SaturationRule.pixels(0.5).area(of: 9) == 1)
    #expect(SaturationRule.pixels(7.9).area(of: 9) == 7)
    #expect(SaturationRule.pixels(1e300).area(of: 9) == 9)
    #expect(SaturationRule.pixels(3).area(of: 1) == 1)
  }

  @Test func aChannelIsFoundWhenItsSaturationAreaIs() throws {
    // Two of four pixels are enough; they come first, with one normal pixel between them.
    var map = MaskedMap("a", [9, 7, 1, 1, 8, 0, 0, 0], rows: ["####...."])
    map.channels = [DefectChannel(mask: map.mask, saturation: .pixels(2))]
    let metrics = try pixelMetrics([map])
    // 1/2 up to the rate 1/4, then 1.
    #expect(agrees(metrics.auSPRO(limit: 1), 0.875))
    #expect(agrees(metrics.auSPRO(limit: 0.25), 0.5))
    // The plain overlap is whole at the rate 1/4 as well, but 1/4 before.
    #expect(agrees(metrics.aupro(limit: 1), 0.25 * 0.25 + 0.75))
  }

  @Test func overlappingChannelsCountTheirPixelsEach() throws {
    // The middle pixel belongs to both; either is found with it.
    var map = MaskedMap("a", [5, 9, 5, 7, 0], rows: ["###.."])
    map.channels = [
      DefectChannel(mask: [1, 1, 0, 0, 0], saturation: .pixels(1)),
      DefectChannel(mask: [0, 1, 1, 0, 0], saturation: .pixels(1)),
    ]
    #expect(try pixelMetrics([map]).auSPRO(limit: 1) == .defined(1))
  }

  @Test func wholeRegionsAsChannelsAreThePlainOverlap() throws {
    for reference in MetricsReference.all {
      var maps = reference.maps
      for index in maps.indices where maps[index].isDefective {
        let (labels, areas) = Regions.label(
          maps[index].mask, width: maps[index].width, height: maps[index].mask.count / maps[index].width)
        maps[index].channels = areas.indices.map { number in
          DefectChannel(mask: labels.map { $0 == number + 1 ? 1 : 0 }, saturation: .part(1))
        }
      }
      let metrics = try pixelMetrics(maps)
      for limit in [0.05, 0.3, 1] {
        let expected = try #require(metrics.aupro(limit: limit).value)
        #expect(agrees(metrics.auSPRO(limit: limit), expected), "\(reference.name) up to \(limit)")
      }
    }
  }

  @Test func withoutChannelsItIsUndefined() throws {
    let plain = MaskedMap("a", [1, 2], rows: ["#."])
    #expect(try pixelMetrics([plain]).auSPRO() == .undefined(reason: "no defect has a saturation area"))
    var annotated = plain
    annotated.channels = [DefectChannel(mask: [1, 0], saturation: .part(1))]
    // Pictures without channels may come before those with, or after.
    for maps in [[plain, annotated], [annotated, plain]] {
      let reason = "1 pictures have defects without a saturation area"
      #expect(try pixelMetrics(maps).auSPRO() == .undefined(reason: reason))
    }
    #expect(try pixelMetrics([]).auSPRO() == .undefined(reason: "there is no defective item"))
    #expect(try pixelMetrics([annotated]).auSPRO(limit: 0).reason == "the limit must lie above 0 and not above 1")
  }

  @Test func emptyAndIgnoredChannelsAreNone() throws {
    var map = MaskedMap("a", [9, 1, 5, 0], rows: ["##.."])
    map.channels = [
      DefectChannel(mask: [1, 0, 0, 0], saturation: .part(1)), DefectChannel(mask: [0, 1, 0, 0], saturation: .part(1)),
      DefectChannel(mask: [0, 0, 0, 0], saturation: .part(1)),
    ]
    #expect(agrees(try pixelMetrics([map]).auSPRO(limit: 1), 0.75))
    map.ignore = [0, 1, 0, 0]
    #expect(try pixelMetrics([map]).auSPRO(limit: 1) == .defined(1))
  }

  @Test func wrongChannelsAreRefusedByTheirPicture() {
    var metrics = PixelMetrics()
    func collect(_ mask: [UInt8], _ rule: SaturationRule) throws {
      let channel = DefectChannel(mask: mask, saturation: rule)
      try metrics.collect("p", map: [1, 2], mask: [1, 0], width: 2, channels: [channel])
    }
    #expect(throws: MetricError.channel(picture: "p", pixel: 1)) { try collect([1, 1], .part(1)) }
    #expect(throws: MetricError.size(picture: "p", map: 2, mask: 3)) { try collect([1, 0, 0], .part(1)) }
    for threshold in [0, -1, .nan, .infinity] {
      #expect(throws: MetricError.saturation(picture: "p")) { try collect([1, 0], .part(threshold)) }
      #expect(throws: MetricError.saturation(picture: "p")) { try collect([1, 0], .pixels(threshold)) }
    }
    // A refused picture leaves nothing behind.
    #expect(metrics.auroc.reason == "there is no defective item")
  }
}

import Compute
import Foundation
import Generator
import Metrics
import Tensors
import TestSupport
import Testing

@Suite("Quality of generated pictures")
struct QualityTests {
  private typealias Small = SmallDescriptors

  /// What is memorised is never nearer than what it was learnt from, and lies in every neighbourhood, even of no extent.
  @Test(arguments: TestDevice.all)
  func copiesOfShotsAreNobodysNearestNeighbours(_ tested: TestDevice) throws {
    let device = tested.device
    let real = try Small.pictures("real", 6, on: device)
    let heldOut = try Small.pictures("held out", 4, on: device)
    let quality = try GenerationQuality(real: real, generated: real + real, heldOut: heldOut + real)
    #expect(quality[.coverage] == .defined(0) && quality[.distanceFactor] == .defined(1))
    #expect(abs((quality[.generatedShare].value ?? .nan) - 2 / 3.0) <= 1e-12)
    #expect(quality[.nearestRealMinimum] == .defined(0) && quality[.nearestRealMedian] == .defined(0))
    #expect(quality.generatedToReal[.precision] == .defined(1) && quality.generatedToReal[.recall] == .defined(1))
    #expect(quality.generatedToReal[.coverage] == .defined(1))
    // Squared norms far above 1, whose rounding would put many rows outside a ball without extent.
    let far = try Tensor(VQGANFixture.hashed("far", 41 * 37).map { 9 * $0 }, shape: [41, 37], on: device)
    let still = [Tensor](repeating: far, count: 5)
    let degenerate = try GenerationQuality(real: still, generated: still, heldOut: [])
    #expect(degenerate.generatedToReal[.precision] == .defined(1) && degenerate.generatedToReal[.recall] == .defined(1))
    #expect(degenerate[.varianceRatio].reason == "real pictures do not vary")
    #expect(degenerate[.nearestRealMedian].reason == "half of the real pictures equal another one")
  }

  @Test(arguments: TestDevice.all)
  func whatIsHeldOutCannotBeMetBetterThanByItself(_ tested: TestDevice) throws {
    let device = tested.device
    let real = try Small.pictures("real", 3, on: device)
    let copies = try Small.pictures("copies", 3, on: device)
    let heldOut = try Small.pictures("held out", 4, on: device)
    let quality = try GenerationQuality(real: real, copies: copies, generated: heldOut, heldOut: heldOut)
    #expect(quality[.coverage] == .defined(1) && quality[.distanceFactor] == .defined(0))
    #expect(quality[.coverageBeyondCopies] == .defined(1))
    // Copies that are as good leave nothing to generation.
    let classic = try GenerationQuality(real: real, copies: heldOut, generated: heldOut, heldOut: heldOut)
    #expect(classic[.coverage] == .defined(1) && classic[.coverageBeyondCopies] == .defined(0))
    #expect(quality.generatedToHeldOut[.kernelDistance].value ?? .nan < 0)
  }

  @Test(arguments: TestDevice.oneOfEachKind)
  func setsOfMoreThanABlockAreSearchedWhole(_ tested: TestDevice) throws {
    func pictures(_ kind: String) throws -> [Tensor] {
      let values = VQGANFixture.hashed(kind, 4 * 6000)
      return try (0..<2).map {
        try Tensor(Array(values[$0 * 12000..<($0 + 1) * 12000]), shape: [6000, 2], on: tested.device)
      }
    }
    var settings = GenerationQuality.Settings()
    (settings.rowLimit, settings.subsetSize, settings.subsets) = (20, 10, 1)
    let heldOut = try pictures("held out")
    let quality = try GenerationQuality(
      real: pictures("real"), generated: heldOut.reversed(), heldOut: heldOut, settings)
    #expect(quality[.coverage] == .defined(1) && quality[.distanceFactor] == .defined(0))
  }

  /// Half of the deviation about the same means is a quarter of the variance; real pictures are twice as many.
  @Test func theVarianceIsThatOfAPopulation() throws {
    let device = TestDevice.all[0].device
    func pictures(_ deviations: [Float]) throws -> [Tensor] {
      try deviations.map { try Tensor([1 + $0, -2 - $0, 5, $0, 3 * $0, 7], shape: [2, 3], on: device) }
    }
    let quality = try GenerationQuality(
      real: pictures([2, -2, 2, -2]), generated: pictures([1, -1]), heldOut: [])
    // 4 · 4/3 and 1 · 2, by their sums of squares over n − 1.
    #expect(abs((quality[.varianceRatio].value ?? .nan) - 0.375) <= 1e-12)
    #expect(abs((quality[.channelVarianceRatio].value ?? .nan) - 0.375) <= 1e-12)
  }

  @Test func whatCannotBeMeasuredSaysWhy() throws {
    let device = TestDevice.all[0].device
    let real = try Small.pictures("real", 1, on: device)
    let generated = try Small.pictures("generated", 1, on: device)
    var settings = GenerationQuality.Settings()
    settings.space = .pictures
    let quality = try GenerationQuality(real: real, generated: generated, heldOut: [], settings)
    let heldOut = "there are no held-out pictures"
    for measure in [GenerationQuality.Measure.coverage, .generatedShare, .coverageBeyondCopies, .distanceFactor] {
      #expect(quality[measure].reason == heldOut)
    }
    for measure in [
      GenerationQuality.Measure.varianceRatio, .channelVarianceRatio, .nearestRealMinimum, .nearestRealMedian,
    ] {
      #expect(quality[measure].reason == "one real picture does not vary; copies of it are missing")
    }
    #expect(quality[.separability].reason == "there are no scores of held-out pictures")
    #expect(quality[.ranking].reason == "there are no scores of generated pictures")
    #expect(quality.generatedToReal[.precision].reason == "3 neighbours need more rows than the 1 of the smaller set")
    #expect(quality.generatedToReal[.kernelDistance].reason == "one row has no other row of its kind")
    #expect(quality.generatedToHeldOut[.recall].reason == heldOut && quality.generatedToHeldOut.rows == 0)

    let copies = try Small.pictures("copies", 2, on: device)
    let one = try GenerationQuality(
      real: real, copies: copies, generated: generated, heldOut: copies, scores: SelectionScores(heldOut: [1]), settings
    )
    #expect(one[.varianceRatio].reason == "one generated picture does not vary")
    #expect(
      one[.nearestRealMedian].value != nil && one[.separability].reason == "there are no scores of corrupted pictures")
    #expect(one.counts.reference == 3 && one.counts.real == 1 && one.counts.copies == 2)
  }

  /// Names are an interface.
  @Test func theFileKeepsItsNames() throws {
    let device = TestDevice.all[0].device
    let quality = try GenerationQuality(
      real: Small.pictures("real", 3, on: device), generated: Small.pictures("generated", 2, on: device),
      heldOut: Small.pictures("held out", 2, on: device))
    let data = try JSONEncoder().encode(quality)
    #expect(try JSONDecoder().decode(GenerationQuality.self, from: data) == quality)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: [String: Any]])
    #expect(
      object.keys.sorted() == [
        "counts", "generated_to_held_out", "generated_to_real", "measures", "real_to_held_out", "settings",
      ])
    #expect(
      object["measures"]?.keys.sorted() == [
        "coverage", "coverage_beyond_copies", "coverage_beyond_copies_reason", "coverage_if_equal", "distance_factor",
        "nearest_real_median", "nearest_real_minimum", "ranking_spearman", "ranking_spearman_reason",
        "separability_auroc", "separability_auroc_reason", "variance_ratio", "variance_ratio_channel_median",
      ])
    #expect(object["measures"]?["ranking_spearman"] is NSNull)
    #expect(
      object["counts"]?.keys.sorted() == [
        "copies", "corrupted_scores", "generated", "held_out", "held_out_scores", "positions", "ranked_scores", "real",
        "reference", "width",
      ])
    #expect(
      object["generated_to_real"]?.keys.sorted() == [
        "reference_rows", "rows", "subset_reference_rows", "subset_rows", "subsets", "values",
      ])
    let values = try #require(object["generated_to_real"]?["values"] as? [String: Any])
    #expect(
      values.keys.sorted() == [
        "kid", "kid_standard_deviation", "kid_standard_deviation_reason", "naeem_coverage", "naeem_density",
        "precision",
        "recall",
      ])
    #expect(
      object["settings"]?.keys.sorted() == ["neighbours", "row_limit", "seed", "space", "subset_size", "subsets"])
    #expect(Set(quality.entries.map(\.name)).count == 28)
  }

  /// Subsets of all rows' distance scatter about it, and are drawn from the seed alone.
  @Test(arguments: TestDevice.oneOfEachKind)
  func manyRowsAreDrawnOf(_ tested: TestDevice) throws {
    let device = tested.device
    let real = try Small.pictures("real", 20, on: device)
    let generated = try Small.pictures("generated", 24, scale: 1.5, on: device)
    func quality(_ change: (inout GenerationQuality.Settings) -> Void) throws -> SetComparison {
      var settings = GenerationQuality.Settings()
      change(&settings)
      return try GenerationQuality(real: real, generated: generated, heldOut: [], settings).generatedToReal
    }
    let all = try quality { _ in }
    #expect(all.rows == 120 && all.referenceRows == 100 && all.subsetRows == 120 && all.subsetReferenceRows == 100)
    let drawn = try quality { ($0.subsetSize, $0.subsets) = (40, 200) }
    #expect(drawn.subsets == 200 && drawn.subsetRows == 40 && drawn.subsetReferenceRows == 40 && drawn.rows == 120)
    let deviation = try #require(drawn[.kernelDeviation].value)
    let found = try #require(drawn[.kernelDistance].value)
    // Four standard errors of a mean of 200.
    #expect(deviation > 0 && abs(found - (all[.kernelDistance].value ?? .nan)) <= 4 * deviation / 200.0.squareRoot())
    #expect(try drawn == quality { ($0.subsetSize, $0.subsets) = (40, 200) })
    #expect(try drawn != quality { ($0.subsetSize, $0.subsets, $0.seed) = (40, 200, 1) })
    #expect(try all == quality { $0.seed = 1 })

    let limited = try quality { $0.rowLimit = 50 }
    #expect(limited.rows == 50 && limited.referenceRows == 50 && limited[.precision] != all[.precision])
    #expect(try limited != quality { ($0.rowLimit, $0.seed) = (50, 1) })
  }

  @Test func drawsAreOfDifferentRowsAndReachAll() {
    var seen: Set<Int> = []
    for step in 0..<200 {
      let drawn = RowDraw.indices(3, of: 17, RandomKey(seed: 5, step: UInt32(step)))
      #expect(drawn.count == 3 && drawn == drawn.sorted() && Set(drawn).count == 3)
      seen.formUnion(drawn)
    }
    #expect(seen == Set(0..<17))
    #expect(RowDraw.indices(6, of: 6, RandomKey(seed: 1)) == Array(0..<6))
  }

  @Test(arguments: TestDevice.all)
  func whatIsNoNumberIsAnError(_ tested: TestDevice) throws {
    let device = tested.device
    let fine = try Small.pictures("real", 2, on: device)
    for bad in [Float.nan, .infinity] {
      let damaged = try fine + [Tensor([Float](repeating: 0, count: 14) + [bad], shape: [5, 3], on: device)]
      func expectDamage(_ kind: String, _ make: () throws -> GenerationQuality) {
        #expect(throws: GeneratorError.notFinite(what: "A descriptor of a \(kind) picture"), performing: make)
      }
      expectDamage("real") { try GenerationQuality(real: damaged, generated: fine, heldOut: fine) }
      expectDamage("copied") { try GenerationQuality(real: fine, copies: damaged, generated: fine, heldOut: fine) }
      expectDamage("generated") { try GenerationQuality(real: fine, generated: damaged, heldOut: fine) }
      expectDamage("held-out") { try GenerationQuality(real: fine, generated: fine, heldOut: damaged) }
    }
    let huge = try [Tensor([Float](repeating: 1e30, count: 15), shape: [5, 3], on: device)]
    #expect(throws: GeneratorError.notFinite(what: "A distance between descriptors")) {
      try GenerationQuality(real: fine, generated: fine, heldOut: huge)
    }
  }

  @Test func whatCannotBeComparedIsRefused() throws {
    let device = TestDevice.all[0].device
    let fine = try Small.pictures("real", 2, on: device)
    let other = try [fine[0].reshaped(to: [3, 5])]
    func expectRefusal(_ make: () throws -> GenerationQuality) {
      let error = #expect(throws: GeneratorError.self, performing: make)
      guard case .setting = error else {
        Issue.record("\(String(describing: error)) is not about a setting")
        return
      }
    }
    expectRefusal { try GenerationQuality(real: [], generated: fine, heldOut: fine) }
    expectRefusal { try GenerationQuality(real: fine, generated: [], heldOut: fine) }
    expectRefusal { try GenerationQuality(real: fine, generated: other, heldOut: fine) }
    expectRefusal { try GenerationQuality(real: [fine[0].reshaped(to: [15])], generated: fine, heldOut: []) }
    for change: (inout GenerationQuality.Settings) -> Void in [
      { $0.neighbours = 0 }, { $0.neighbours = 32 }, { $0.rowLimit = 1 }, { $0.subsetSize = 1 }, { $0.subsets = 0 },
    ] {
      var settings = GenerationQuality.Settings()
      change(&settings)
      expectRefusal { try GenerationQuality(real: fine, generated: fine, heldOut: [], settings) }
    }
    expectRefusal {
      try GenerationQuality(
        real: fine, generated: fine, heldOut: [], scores: SelectionScores(candidates: [1, 2], reference: [1]))
    }
    #expect(throws: GeneratorError.notFinite(what: "A corrupted score")) {
      try GenerationQuality(real: fine, generated: fine, heldOut: [], scores: SelectionScores(corrupted: [.nan]))
    }
  }
}

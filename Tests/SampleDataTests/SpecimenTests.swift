import Images
import Testing

@testable import SampleData

struct SpecimenTests {
  /// Pictures of one kind each, small in debug builds: rendering is slow there.
  #if DEBUG
    private static let plan = SamplePlan(size: 64, training: 0, good: 0, defective: 2)
  #else
    private static let plan = SamplePlan(size: 512, training: 0, good: 0, defective: 10)
  #endif

  /// Masks are made of exactly the pixels that a defect changes.
  @Test(arguments: 0..<3) func pixelsOutsideOfTheMaskAreThoseOfTheGoodTwin(product: Int) throws {
    for picture in Self.plan.pictures where picture.path.hasPrefix("\(Products.all[product].category)/") {
      let specimen = try Self.plan.specimen(picture, seed: 1)
      let mask = try #require(specimen.mask)
      let twin = try Specimen(picture.product, seed: 1, picture: picture.number, kind: nil, size: Self.plan.size)
      var (outside, inside) = (0, 0)
      for index in mask.values.indices {
        let differs = (0..<3).contains { specimen.image.pixels[index * 3 + $0] != twin.image.pixels[index * 3 + $0] }
        guard differs else { continue }
        if mask.values[index] == 0 { outside += 1 } else { inside += 1 }
      }
      #expect(outside == 0, "\(picture.path)")
      // Closing adds pixels between those that differ, but the mask stays mostly difference.
      #expect(Double(inside) >= 0.6 * Double(mask.defectivePixels), "\(picture.path)")
      let area = Float(mask.defectivePixels) / Float(Self.plan.size * Self.plan.size)
      #expect(Specimen.areas.contains(area), "\(picture.path) covers \(area)")
    }
  }

  @Test func goodPicturesHaveNoDamage() throws {
    let plan = SamplePlan(size: 32, training: 1, good: 1, defective: 0)
    for picture in plan.pictures { #expect(try plan.specimen(picture, seed: 1).mask == nil) }
  }

  /// Training and test normals come from one distribution: their brightness has the same mean and spread.
  @Test(arguments: 0..<3) func testNormalsVaryLikeTrainingNormals(product: Int) throws {
    let plan = SamplePlan(size: 16, training: 40, good: 40, defective: 0)
    let own = plan.pictures.filter { $0.path.hasPrefix("\(Products.all[product].category)/") }
    func brightness(_ part: String) throws -> [Double] {
      try own.filter { $0.path.contains(part) }.map { picture in
        let pixels = try plan.specimen(picture, seed: 1).image.pixels
        return Double(pixels.reduce(0) { $0 + Int($1) }) / Double(pixels.count)
      }
    }
    func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
      let mean = values.reduce(0, +) / Double(values.count)
      return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
    }
    let (training, test) = (moments(try brightness("train")), moments(try brightness("test")))
    /// Three standard errors of the difference of two means of 40.
    let limit = 3 * (2.0 / 40).squareRoot()
    #expect(abs(training.mean - test.mean) <= limit * training.deviation)
    /// Deviations of 40 values are known to about 11 %; three of those, of two samples.
    #expect(test.deviation <= 1.6 * training.deviation && training.deviation <= 1.6 * test.deviation)
  }

  /// What mean pixels or colours give away is too easy. All pictures in release; few and small ones in debug, where
  /// chance alone moves an AUROC of 12 against 12 pictures by 0.12 (a standard error), hence the wider bound.
  @Test(arguments: 0..<3) func naiveBaselinesFindLittle(product: Int) throws {
    #if DEBUG
      let (plan, compared, bound) = (SamplePlan(size: 40, training: 16, good: 12, defective: 4), 40, 0.9)
    #else
      let (plan, compared, bound) = (SamplePlan(), 256, 0.75)
    #endif
    let own = plan.pictures.filter { $0.path.hasPrefix("\(Products.all[product].category)/") }
    func images(_ part: String) throws -> [Image] {
      try own.filter { part == "bad" ? $0.kind != nil : $0.path.contains(part) }
        .map { try plan.specimen($0, seed: SampleDataset.standardSeed).image }
    }
    let baselines = try NaiveBaselines(
      training: images("/train/"), good: images("/test/good/"), defective: images("bad"), size: compared)
    #expect(
      baselines.strongest <= bound,
      "\(Products.all[product].category): \(baselines.pixelStatistics), histogram \(baselines.histogram)")
  }

  /// The bound above would hold for any pictures if the baselines could not find anything.
  @Test func naiveBaselinesFindWhatIsEasy() throws {
    func plain(_ level: UInt8, _ number: Int) throws -> Image {
      try Image(
        width: 16, height: 16, channels: 3,
        pixels: (0..<768).map { level &+ UInt8(truncatingIfNeeded: ($0 &* 7 &+ number &* 13) % 5) })
    }
    let training = try (0..<6).map { try plain(100, $0) }
    let baselines = NaiveBaselines(
      training: training, good: try (6..<9).map { try plain(100, $0) },
      defective: try (0..<3).map { try plain(200, $0) },
      size: 16)
    #expect(baselines.histogram == 1)
    #expect(baselines.pixelStatistics.values.allSatisfy { $0 == 1 })
  }
}

import Compute
import Generator
import Images
import Prompts
import Tensors
import TestSupport
import Testing

@testable import Integrator

/// The small VQGAN's variants of two pictures and their mirror images, judged by the small CLIP.
@Suite("Variants by a VQGAN")
struct LatentVariantsTests {
  private struct Setting {
    let device: any Device
    let pictures: [Tensor]
    let sampler: VariationalSampler
    let encoder: HashedTextEncoder

    init(_ device: any Device, requantises: Bool = true) throws {
      self.device = device
      let both = try IntegratorFixture.hashed("three", [2, 16, 20, 3], on: device)
      pictures = try [both.sliced(0..<1), both.sliced(1..<2)].flatMap { [$0, try $0.affine(scale: -0.9, shift: 0)] }
      var configuration = SamplingConfiguration()
      (configuration.temperature, configuration.requantises) = (0.4, requantises)
      sampler = try VariationalSampler(IntegratorFixture.vqgan(on: device), configuration, originals: pictures)
      encoder = HashedTextEncoder(clip: try IntegratorFixture.clip(on: device))
    }

    func variants(steps: Int = 0) throws -> LatentVariants {
      // So fast that codes change within a few steps.
      let refinement = try IntegratorFixture.refinement(on: device, steps: steps) { $0.rate = 0.2 }
      return try LatentVariants(sampler, refinement: refinement, pictures: { pictures[$0] })
    }

    /// Thresholds so wide that ranks decide.
    func run(steps: Int = 0, _ change: (inout Integrator.Settings) -> Void = { _ in }) throws -> Integrator.Outcome {
      var settings = Integrator.Settings()
      (settings.variants, settings.selection.kept) = (6, 7)
      (settings.selection.textMargin, settings.selection.pictureMargin) = (2, 2)
      change(&settings)
      let references = try pictures.map { try LatentVariants.image($0.affine(scale: 0.5, shift: 0.5)) }
      let integrator = try Integrator(
        settings, encoder: encoder, prompts: ["a", "photograph", "of it"].map { Prompt($0) }, references: references)
      let variants = try variants(steps: steps)
      let originals = (0..<4).map { Original(parent: $0 / 2, copy: $0 % 2) }
      return try integrator.run(originals: originals) { try variants.made(original: $0, $1, target: $2) }
    }
  }

  /// Without refinement the picture is the sampler's.
  @Test(arguments: TestDevice.oneOfEachKind, [true, false])
  func withoutRefinementPicturesAreTheSamplers(_ tested: TestDevice, _ requantises: Bool) throws {
    let setting = try Setting(tested.device, requantises: requantises)
    let key = CandidateKey(seed: 4, round: 0, index: 3)
    let found = try setting.variants().made(original: 2, key, target: IntegratorFixture.target)
    let picture = try setting.sampler.pictures(
      setting.sampler.latents(of: setting.pictures[2]), key.random(.latent))
    #expect(try found.image == LatentVariants.image(picture))
    #expect(found.temperature == 0.4 && found.refinement == nil)
    #expect((found.codeMargin != nil) == requantises)
    if let margin = found.codeMargin { #expect(margin > 0 && margin < 1) }
  }

  @Test func whatFinishesAPictureIsUsed() throws {
    let setting = try Setting(TestDevice.all[0].device)
    let variants = try LatentVariants(setting.sampler, pictures: { setting.pictures[$0] }) { picture, original in
      try LatentVariants.image(picture).resized(width: 40 + original, height: 30)
    }
    let made = try variants.made(original: 3, CandidateKey(seed: 4, round: 0, index: 3), target: [])
    #expect(made.image.width == 43 && made.image.height == 30)
    let wrong = try Tensor([.nan, 0, 0], shape: [1, 1, 1, 3], on: setting.device)
    #expect(throws: IntegratorError.self) { try LatentVariants.image(wrong) }
    var averaging = SamplingConfiguration()
    averaging.averagesCopies = true
    let sampler = try VariationalSampler(setting.sampler.network, averaging, originals: setting.pictures)
    #expect(throws: IntegratorError.self) { try LatentVariants(sampler, pictures: { setting.pictures[$0] }) }
  }

  /// The same candidates are accepted everywhere, but for those that the first device lists.
  @Test(arguments: TestDevice.all)
  func devicesAcceptTheSame(_ tested: TestDevice) throws {
    let (here, there) = (try Setting(tested.device).run(), try Setting(TestDevice.all[0].device).run())
    var (largest, unclear) = (0.0, 0)
    for (a, b) in zip(here.candidates, there.candidates) {
      guard min(a.candidate.codeMargin ?? 1, b.candidate.codeMargin ?? 1) >= 1e-4 else {
        unclear += 1
        continue
      }
      largest = max(
        largest, abs(a.candidate.textSimilarity - b.candidate.textSimilarity),
        abs(a.candidate.pictureSimilarity - b.candidate.pictureSimilarity))
    }
    #expect(largest <= CandidateSelection.Settings().scoreBound, "\(tested.name): \(largest)")
    #expect(here.candidates.count == 24 && unclear <= 4 && there.selection.accepted.count == 7)
    let difference = Set(here.selection.accepted).symmetricDifference(there.selection.accepted)
    #expect(difference.isSubset(of: there.selection.close))
    #expect(there.selection.close.count <= 8, "\(there.selection.close)")
  }

  /// With refinement similarities rise, and what was found is recorded.
  @Test func refinedCandidatesAreRecorded() throws {
    let setting = try Setting(TestDevice.all[0].device)
    let (plain, refined) = (try setting.run { $0.variants = 1 }, try setting.run(steps: 3) { $0.variants = 1 })
    #expect(plain.candidates.allSatisfy { $0.candidate.refinement == nil })
    for scored in refined.candidates {
      let record = try #require(scored.candidate.refinement)
      #expect(record.steps == 3 && record.similarityAfter >= record.similarityBefore)
      #expect(scored.candidate.codeMargin.map { $0 <= (record.codeMargin ?? 0) } == true)
    }
    #expect(refined.candidates.contains { $0.candidate.refinement.map { $0.bestStep > 0 } == true })
  }

  /// More variants go on where fewer end.
  @Test func candidatesDoNotDependOnTheirNumber() throws {
    let setting = try Setting(TestDevice.all[0].device)
    let (few, many) = (try setting.run { $0.variants = 1 }, try setting.run { $0.variants = 3 })
    #expect(many.candidates.prefix(4).map(\.vector) == few.candidates.map(\.vector))
  }
}

import Compute
import Generator
import Tensors
import TestSupport
import Testing
import TextImage

@testable import Integrator

@Suite("Refinement of latents")
struct LatentRefinementTests {
  /// Eq. 13 away from its start: its parts, and the gradient through cuts, clamp, decoder and straight-through codes.
  @Test(arguments: TestDevice.all)
  func theLossAndItsGradientEqualPyTorchs(_ tested: TestDevice) throws {
    let (device, fixture) = (tested.device, try IntegratorFixture.contents.get())
    let crops = try #require(fixture.cutouts.first).crops.map(\.crop)
    let (start, original) = (try IntegratorFixture.start(on: device), try IntegratorFixture.original(on: device))
    let moved = try IntegratorFixture.hashed("moved", IntegratorFixture.latentShape, on: device)
    func loss(_ weights: (stayClose: Double, perceptual: Double)) throws -> (value: Double, gradient: [Float]) {
      let refinement = try IntegratorFixture.refinement(on: device, steps: 1) {
        ($0.stayClose, $0.perceptual) = weights
      }
      let tape = Tape()
      let z = tape.watched(try start.combined(.add, with: moved.affine(scale: 0.1, shift: 0)))
      let loss = try refinement.loss(
        z, start, refinement.picture(z), original, IntegratorFixture.target, (crops, nil))
      return (Double(try loss.values()[0]), try tape.gradients(of: loss, for: [z])[0].values())
    }
    let whole = try loss((1, 0.5))
    let expected = fixture.gradient
    #expect(abs(whole.value - expected.parts.reduce(0, +)) <= 1e-4)
    let largest = Double(expected.gradient.map(abs).max() ?? 0)
    expectEqual(whole.gradient, expected.gradient, within: Tolerance(absolute: 1e-4 * largest), "gradient")
    let angle = try loss((0, 0)).value
    #expect(abs(angle - expected.parts[0]) <= 1e-4)
    #expect(abs(try loss((1, 0)).value - angle - expected.parts[1]) <= 1e-5)
    #expect(abs(try loss((0, 0.5)).value - angle - expected.parts[2]) <= 1e-5)
  }

  /// Three steps of Adam, with latents kept between the codes: where they end, and how similar each picture is.
  @Test(arguments: TestDevice.all)
  func stepsEqualPyTorchs(_ tested: TestDevice) throws {
    let expected = try IntegratorFixture.contents.get().refinement
    for steps in 0...3 {
      let refinement = try IntegratorFixture.refinement(on: tested.device, steps: steps) {
        $0.rate = expected.rate
      }
      let result = try refinement.refined(
        IntegratorFixture.start(on: tested.device), original: IntegratorFixture.original(on: tested.device),
        target: IntegratorFixture.target
      ) { (expected.crops[$0].map(\.crop), nil) }
      let similarities = expected.similarities.prefix(steps + 1)
      let best = try #require(similarities.indices.max { similarities[$0] < similarities[$1] })
      #expect(result.record.steps == steps && result.record.bestStep == best)
      #expect(abs(result.record.similarityBefore - similarities[0]) <= 1e-4)
      #expect(abs(result.record.similarityAfter - similarities[best]) <= 1e-4)
      let margin = try #require(result.record.codeMargin)
      #expect(margin > 1e-3 && margin < 1)
      if steps == 3 { expectEqual(try result.latent.values(), expected.latent, within: Tolerance(absolute: 1e-4)) }
    }
  }

  /// A candidate is the same alone and after others; another key draws other views.
  @Test(arguments: TestDevice.oneOfEachKind)
  func candidatesDoNotDependOnOthers(_ tested: TestDevice) throws {
    let refinement = try IntegratorFixture.refinement(on: tested.device, steps: 2)
    let original = try IntegratorFixture.original(on: tested.device)
    let start = try IntegratorFixture.start(on: tested.device)
    func refined(_ index: Int, _ start: Tensor) throws -> (LatentRefinement.Record, [Float]) {
      let result = try refinement.refined(
        start, original: original, target: IntegratorFixture.target, CandidateKey(seed: 1, round: 0, index: index))
      return (result.record, try result.picture.values())
    }
    let alone = try refined(3, start)
    _ = try refined(4, start.affine(scale: -1, shift: 0.1))
    let again = try refined(3, start)
    #expect(alone.0 == again.0 && alone.1 == again.1)
    #expect(try start.values() == IntegratorFixture.start(on: tested.device).values())
  }

  /// The picture that is given back is the one of the best step: nothing that is found is less similar than what was drawn.
  @Test func theBestStepIsKept() throws {
    let device = TestDevice.all[0].device
    // Steps so large that most pictures get worse.
    let refinement = try IntegratorFixture.refinement(on: device, steps: 4) { $0.rate = 0.8 }
    let (original, start) = (try IntegratorFixture.original(on: device), try IntegratorFixture.start(on: device))
    for index in 0..<3 {
      let result = try refinement.refined(
        start, original: original, target: IntegratorFixture.target, CandidateKey(seed: 2, round: 0, index: index))
      #expect(result.record.similarityAfter >= result.record.similarityBefore)
      let view = try refinement.cutouts.view(result.picture).affine(scale: 255, shift: 0)
      let vector = try refinement.encoder.vectors(of: view).values()
      let cosine = zip(vector, IntegratorFixture.target).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      #expect(abs(cosine - result.record.similarityAfter) <= 1e-6)
      #expect(try result.picture.values().allSatisfy { $0 >= 0 && $0 <= 1 })
    }
  }

  @Test func wrongSettingsAreNamed() throws {
    let device = TestDevice.all[0].device
    let (network, encoder) = (try IntegratorFixture.vqgan(on: device), try IntegratorFixture.clip(on: device))
    #expect(throws: IntegratorError.self) {
      try LatentRefinement(LatentRefinement.Settings(), network: network, encoder: encoder, perceptual: nil)
    }
    var settings = LatentRefinement.Settings()
    settings.perceptual = 0
    _ = try LatentRefinement(settings, network: network, encoder: encoder, perceptual: nil)
    #expect(settings.steps == 0 && settings.rate == 0.03 && settings.stayClose == 1)
    settings.rate = 0
    #expect(throws: IntegratorError.self) {
      try LatentRefinement(settings, network: network, encoder: encoder, perceptual: nil)
    }
  }
}

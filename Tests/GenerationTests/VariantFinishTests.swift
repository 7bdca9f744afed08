import Compute
import Foundation
import Generator
import Images
import Integrator
import Networks
import Tensors
import TestSupport
import Testing

@testable import Generation

@Suite("Variants at the pictures' own size")
struct VariantFinishTests {
  /// A finish of one picture with grain, of 60 x 44 pixels, and how its decoded pictures are drawn.
  private func withFinish(
    _ device: any Device, _ detail: VariantFinish.Detail, temperature: Double,
    _ body: (VariantFinish, VariationalSampler, FloatImage) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("shot.png")
      try SmallPictures.picture(seed: 4, defective: false).writePNG(to: path)
      let originals = try Originals(files: [path.path], copies: 1, augmentation: Augmentation(), seed: 1)
      let network = try VQGAN(SmallGenerator.network, NetworkBuilder(on: device, seed: 5))
      var configuration = SamplingConfiguration()
      (configuration.temperature, configuration.requantises, configuration.usedOnly) = (temperature, false, false)
      let original = try originals.picture(0)
      let x = try VariantFinish.input(original, size: 16, on: device)
      let sampler = try VariationalSampler(network, configuration, originals: [x])
      try body(VariantFinish(sampler, originals, detail: detail), sampler, original)
    }
  }

  private func drawn(_ finish: VariantFinish, _ sampler: VariationalSampler) throws -> Tensor {
    try sampler.pictures(sampler.latents(of: finish.input(0)), RandomKey(seed: 1))
  }

  /// Nothing is drawn, so nothing changes: what is smaller than the generator's pixels least of all.
  @Test(arguments: TestDevice.all)
  func withoutNoiseTheOriginalStays(_ tested: TestDevice) throws {
    try withFinish(tested.device, .original, temperature: 0) { finish, sampler, original in
      let found = try finish(drawn(finish, sampler), 0)
      #expect(FloatImage(found) == original)
    }
  }

  @Test(arguments: TestDevice.all)
  func noiseChangesTheOriginalByWhatIsDecoded(_ tested: TestDevice) throws {
    try withFinish(tested.device, .original, temperature: 40) { finish, sampler, original in
      let found = FloatImage(try finish(drawn(finish, sampler), 0))
      #expect(found != original && found.width == 60 && found.height == 44)
      var calm = sampler
      calm.temperature = 0
      let change = try drawn(finish, sampler).combined(.subtract, with: drawn(finish, calm)).affine(
        scale: 255, shift: 0)
      let large = try FloatImage(width: 16, height: 16, channels: 3, samples: change.values())
        .resized(width: 60, height: 44, filter: .bicubic)
      let expected = zip(original.samples, large.samples).map { min(max($0 + $1, 0), 255) }
      #expect(zip(found.samples, expected).allSatisfy { abs($0 - $1) <= 0.51 })
    }
  }

  @Test(arguments: TestDevice.all)
  func aDecodedPictureIsTheNetworksAlone(_ tested: TestDevice) throws {
    try withFinish(tested.device, .decoded, temperature: 3) { finish, sampler, _ in
      let decoded = try drawn(finish, sampler)
      let expected = try FloatImage(
        width: 16, height: 16, channels: 3, samples: decoded.affine(scale: 255, shift: 0).values()
      ).resized(width: 60, height: 44, filter: .bicubic).samples.map { min(max($0, 0), 255) }
      let found = FloatImage(try finish(decoded, 0)).samples
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 0.51 })
    }
  }

  @Test func whatIsNoNumberIsAnError() throws {
    try withFinish(TestDevice.all[0].device, .original, temperature: 0) { finish, _, _ in
      let damaged = try Tensor.filled(.nan, shape: [1, 16, 16, 3], on: TestDevice.all[0].device)
      #expect(throws: GeneratorError.self) { try finish(damaged, 0) }
    }
  }
}

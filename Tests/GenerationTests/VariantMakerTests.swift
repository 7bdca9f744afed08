import Compute
import Generation
import Generator
import Images
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Variants at the pictures' own size")
struct VariantMakerTests {
  private func maker(
    _ device: any Device, _ detail: VariantMaker.Detail, temperature: Double
  ) throws -> (VariantMaker, FloatImage) {
    let network = try VQGAN(SmallGenerator.network, NetworkBuilder(on: device, seed: 5))
    let original = FloatImage(try SmallPictures.picture(seed: 4, defective: false))
    var configuration = SamplingConfiguration()
    (configuration.temperature, configuration.requantises) = (temperature, false)
    configuration.usedOnly = false
    let x = try VariantMaker.input(original, size: 16, on: device)
    return (VariantMaker(try VariationalSampler(network, configuration, originals: [x]), detail: detail), original)
  }

  /// Nothing is drawn, so nothing changes: what is smaller than the generator's pixels least of all.
  @Test(arguments: TestDevice.all)
  func withoutNoiseTheOriginalStays(_ tested: TestDevice) throws {
    let (maker, original) = try maker(tested.device, .original, temperature: 0)
    #expect(try maker.variant(of: original, RandomKey(seed: 1)) == original)
  }

  @Test(arguments: TestDevice.all)
  func noiseChangesTheOriginalByWhatIsDecoded(_ tested: TestDevice) throws {
    let (maker, original) = try maker(tested.device, .original, temperature: 40)
    let (first, other) = (
      try maker.variant(of: original, RandomKey(seed: 1)), try maker.variant(of: original, RandomKey(seed: 2))
    )
    #expect(first != original && first != other && first.width == 60 && first.height == 44)
    #expect(first == (try maker.variant(of: original, RandomKey(seed: 1))))
    #expect(first.samples.allSatisfy { (0...255).contains($0) })
    // Beside the limits it is the original and what the draw changes in the decoded picture.
    let sampler = maker.sampler
    let latents = try sampler.latents(of: VariantMaker.input(original, size: 16, on: tested.device))
    let change = try sampler.network.decoded(sampler.drawn(latents, RandomKey(seed: 1)))
      .combined(.subtract, with: sampler.network.decoded(latents.means)).affine(scale: 127.5, shift: 0)
    let large = try FloatImage(width: 16, height: 16, channels: 3, samples: change.values())
      .resized(width: 60, height: 44, filter: .bicubic)
    let expected = zip(original.samples, large.samples).map { min(max($0 + $1, 0), 255) }
    #expect(zip(first.samples, expected).allSatisfy { abs($0 - $1) <= 0.05 })
  }

  @Test(arguments: TestDevice.all)
  func aDecodedPictureIsTheNetworksAlone(_ tested: TestDevice) throws {
    let (maker, original) = try maker(tested.device, .decoded, temperature: 0)
    let found = try maker.variant(of: original, RandomKey(seed: 1))
    let network = maker.sampler.network
    let x = try VariantMaker.input(original, size: 16, on: tested.device)
    let small = try network.decoded(network.latents(of: x)).affine(scale: 127.5, shift: 127.5).values()
    let expected = try FloatImage(width: 16, height: 16, channels: 3, samples: small)
      .resized(width: 60, height: 44, filter: .bicubic).samples.map { min(max($0, 0), 255) }
    #expect(zip(found.samples, expected).allSatisfy { abs($0 - $1) <= 1e-3 })
  }
}

import Compute
import Generator
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Variational sampling")
struct SamplingTests {
  /// A small network with the fixture's values, and its pictures.
  private struct Setting {
    let network: VQGAN
    let x: Tensor
    let book: [Float]

    init(_ device: any Device, hasGaussianHead: Bool = false) throws {
      var configuration = VQGANFixture.configuration
      configuration.hasGaussianHead = hasGaussianHead
      let builder = NetworkBuilder(on: device)
      network = try VQGAN(configuration, builder)
      try builder.setValues(VQGANFixture.firstValues)
      x = try VQGANFixture.pictures(on: device)
      book = try network.quantizer.codebook.storage.values()
    }

    func sampler(_ change: (inout SamplingConfiguration) -> Void = { _ in }) throws -> VariationalSampler {
      var configuration = SamplingConfiguration()
      configuration.neighbours = 4
      change(&configuration)
      return try VariationalSampler(network, configuration, originals: [x])
    }
  }

  /// Equation 5 on four codes, by hand: means 8/4 and 8/4, variances (4 + 0 + 4) / 4 and (1 + 2 + 9) / 4.
  @Test func aCodebooksVarianceIsWeightedByHits() {
    let codes: [Float] = [0, 1, 2, 1, 4, 5, 9, 9]
    let found = CodebookStatistics(codes: codes, weights: [1, 2, 1, 0])
    #expect(found.means == [2, 2] && found.variances == [2, 3])
    // Each used code once: 0, 2, 4 and 1, 1, 5.
    let once = CodebookStatistics(codes: codes, weights: [1, 1, 1, 0])
    #expect(abs(once.variances[0] - 8.0 / 3) <= 1e-6 && abs(once.variances[1] - 32.0 / 9) <= 1e-6)
  }

  @Test func hitsAndOptionsDecideWhichCodesCount() throws {
    let setting = try Setting(TestDevice.all[0].device)
    let indices = try setting.network.quantizer(setting.network.latents(of: setting.x), .inference).indices.values()
    var hits = [Int](repeating: 0, count: 11)
    for index in indices { hits[Int(index)] += 1 }
    #expect(hits.reduce(0, +) == 2 * 4 * 5 && hits.contains(0) && hits.contains { $0 > 1 })
    func expect(_ weights: [Double], _ change: (inout SamplingConfiguration) -> Void = { _ in }) throws {
      let sampler = try setting.sampler(change)
      #expect(sampler.hits == hits)
      #expect(sampler.statistics == CodebookStatistics(codes: setting.book, weights: weights))
    }
    try expect(hits.map(Double.init))
    try expect(hits.map { $0 > 0 ? 1 : 0 }) { $0.weightedByHits = false }
    try expect(hits.map { _ in 1 }) { $0.usedOnly = false }
    #expect(throws: GeneratorError.self) {
      try VariationalSampler(setting.network, SamplingConfiguration(), originals: [])
    }
  }

  /// Equation 6 over more than 10⁵ values: (z − μ) / (τ S) has mean 0 and variance 1, within five deviations of their estimates.
  @Test(arguments: TestDevice.all, SamplingConfiguration.Mode.allCases)
  func drawsHaveTheirMeanAndSpread(_ tested: TestDevice, _ mode: SamplingConfiguration.Mode) throws {
    try expectDraws(tested.device, mode, .standardDeviation, draws: 417)
    // The patent's wording: the same but for the factor.
    try expectDraws(tested.device, mode, .variance, draws: 0)
  }

  private func expectDraws(
    _ device: any Device, _ mode: SamplingConfiguration.Mode, _ scale: SamplingConfiguration.NoiseScale,
    draws: Int
  ) throws {
    let setting = try Setting(device, hasGaussianHead: mode == .gaussianHead)
    let sampler = try setting.sampler {
      ($0.mode, $0.noiseScale, $0.requantises, $0.temperature) = (mode, scale, false, 0.7)
    }
    let latents = try sampler.latents(of: setting.x)
    let expected = try expectedSpread(setting, sampler, scale)
    let means = try latents.means.values()
    let spread = try latents.spread.values()
    expectEqual(
      means.indices.map { spread[$0 % spread.count] }, means.indices.map { expected[$0 % expected.count] },
      within: Tolerance(ofLargest: 64), "spread")
    guard draws > 0 else { return }
    var (count, sum, squares) = (0, 0.0, 0.0)
    for draw in 0..<draws {
      let z = try sampler.drawn(latents, RandomKey(seed: 5, step: UInt32(draw))).values()
      for index in z.indices where expected[index % expected.count] > 1e-3 {
        let value = Double(z[index] - means[index]) / Double(0.7 * expected[index % expected.count])
        (count, sum, squares) = (count + 1, sum + value, squares + value * value)
      }
    }
    #expect(count >= 100_000)
    #expect(abs(sum / Double(count)) <= 5 / Double(count).squareRoot())
    #expect(abs(squares / Double(count) - 1) <= 5 * (2 / Double(count)).squareRoot())
  }

  /// By plain loops in Double, from the means.
  private func expectedSpread(
    _ setting: Setting, _ sampler: VariationalSampler, _ scale: SamplingConfiguration.NoiseScale
  ) throws -> [Float] {
    let variances: [Double]
    let (means, logVariances) = try setting.network.distribution(of: setting.x)
    switch sampler.configuration.mode {
    case .codebook: variances = sampler.statistics.variances.map(Double.init)
    case .gaussianHead: variances = try #require(logVariances).mapped(.exponential).values().map(Double.init)
    case .localCode:
      let values = try means.values().map(Double.init)
      let codes = (0..<11).map { code in (0..<6).map { Double(setting.book[code * 6 + $0]) } }
      variances = stride(from: 0, to: values.count, by: 6).flatMap { start -> [Double] in
        let place = Array(values[start..<(start + 6)])
        func distance(_ code: Int) -> Double {
          zip(place, codes[code]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        }
        let nearest = (0..<11).sorted { distance($0) < distance($1) }.prefix(4)
        return (0..<6).map { channel in
          let mean = nearest.reduce(0) { $0 + codes[$1][channel] } / 4
          return nearest.reduce(0) { $0 + (codes[$1][channel] - mean) * (codes[$1][channel] - mean) } / 4
        }
      }
    }
    return variances.map { Float(scale == .variance ? $0 : $0.squareRoot()) }
  }

  @Test(arguments: TestDevice.all, SamplingConfiguration.Mode.allCases)
  func aTemperatureOfZeroReproducesTheCodes(_ tested: TestDevice, _ mode: SamplingConfiguration.Mode) throws {
    let setting = try Setting(tested.device, hasGaussianHead: mode == .gaussianHead)
    let codes = try setting.network.quantizer(setting.network.latents(of: setting.x), .inference).values.values()
    for (requantises, mean) in [(true, SamplingConfiguration.Mean.encoder), (false, .quantised), (true, .quantised)] {
      let sampler = try setting.sampler {
        ($0.mode, $0.temperature, $0.requantises, $0.meanFrom) = (mode, 0, requantises, mean)
      }
      let found = try sampler.drawn(sampler.latents(of: setting.x), RandomKey(seed: 3)).values()
      #expect(found == codes)
    }
    let plain = try setting.sampler { ($0.mode, $0.temperature, $0.requantises) = (mode, 0, false) }
    let latents = try plain.latents(of: setting.x)
    #expect(try plain.drawn(latents, RandomKey(seed: 3)).values() == latents.means.values())
  }

  @Test(arguments: TestDevice.all)
  func aPicturesPositionsShareItsNoise(_ tested: TestDevice) throws {
    let setting = try Setting(tested.device)
    let sampler = try setting.sampler { ($0.noise, $0.requantises, $0.temperature) = (.picture, false, 1) }
    let latents = try sampler.latents(of: setting.x)
    let (z, means) = (try sampler.drawn(latents, RandomKey(seed: 4)).values(), try latents.means.values())
    let noise = zip(z, means).map(-)
    for picture in 0..<2 {
      for channel in 0..<6 {
        let own = (0..<20).map { noise[(picture * 20 + $0) * 6 + channel] }
        #expect(own.allSatisfy { abs($0 - own[0]) <= 1e-5 })
      }
    }
    #expect(abs(noise[0] - noise[20 * 6]) > 1e-3 && abs(noise[0] - noise[1]) > 1e-3)
  }

  /// Draws are the same on every device, but for rounding; another key gives others.
  @Test(arguments: TestDevice.all)
  func drawsDependOnTheirKeyAlone(_ tested: TestDevice) throws {
    func drawn(_ device: any Device, _ seed: UInt64) throws -> [Float] {
      let setting = try Setting(device)
      let sampler = try setting.sampler { $0.requantises = false }
      return try sampler.drawn(sampler.latents(of: setting.x), RandomKey(seed: seed)).values()
    }
    let (here, there) = (try drawn(tested.device, 1), try drawn(TestDevice.all[0].device, 1))
    expectEqual(here, there, within: Tolerance(ofLargest: 1e-4 / Tolerance.unit))
    #expect(try here == drawn(tested.device, 1))
    #expect(try zip(here, drawn(tested.device, 2)).contains { abs($0 - $1) > 0.1 })
  }

  @Test(arguments: TestDevice.all)
  func picturesLieBetweenBlackAndWhiteAndCopiesCanBeAveraged(_ tested: TestDevice) throws {
    let setting = try Setting(tested.device)
    let sampler = try setting.sampler { $0.averagesCopies = true }
    let latents = try sampler.latents(of: setting.x)
    let means = try latents.means.values()
    let each = try setting.network.latents(of: setting.x).values()
    let expected = (0..<120).map { (each[$0] + each[120 + $0]) / 2 }
    expectEqual(Array(means[..<120]), expected, within: Tolerance(ofLargest: 8))
    #expect(Array(means[..<120]) == Array(means[120...]))
    let pictures = try sampler.pictures(latents, RandomKey(seed: 1))
    #expect(pictures.shape == setting.x.shape)
    #expect(try pictures.values().allSatisfy { $0 >= 0 && $0 <= 1 })
  }

  @Test func wrongSettingsAreNamed() throws {
    let setting = try Setting(TestDevice.all[0].device)
    func expect(_ name: String, _ change: (inout SamplingConfiguration) -> Void) {
      let error = #expect(throws: GeneratorError.self) { try setting.sampler(change) }
      guard case .setting(name, _)? = error else {
        Issue.record("\(name): \(String(describing: error))")
        return
      }
    }
    expect("temperature") { $0.temperature = -1 }
    expect("temperature") { $0.temperature = .nan }
    expect("neighbours") { $0.neighbours = 12 }
    expect("mode") { $0.mode = .gaussianHead }
  }
}

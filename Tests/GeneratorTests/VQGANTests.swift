import Checkpoints
import Compute
import Generator
import Networks
import Tensors
import TestSupport
import Testing

@Suite("VQGAN against PyTorch")
struct VQGANTests {
  /// Relative to the largest value: what the issue of the generator asks for.
  static let tolerance = 1e-4

  @Test(arguments: TestDevice.all)
  func layersAreThose(_ tested: TestDevice) throws {
    let reference = try VQGANFixture.read().layers
    let builder = NetworkBuilder(on: tested.device)
    let network = try VQGAN(VQGANFixture.configuration, builder)
    try builder.setValues(VQGANFixture.firstValues)
    var seen: Set<String> = []
    try network.trace(VQGANFixture.pictures(on: tested.device)) { name, output in
      let layer = try #require(reference[name], "PyTorch has no \(name)")
      let (values, shape) = (try output.values(), output.shape)
      seen.insert(name)
      #expect([shape[3], shape[1], shape[2]] == layer.shape, "\(name)")
      func expectNear(_ found: Double, _ expected: Double) {
        #expect(abs(found - expected) <= Self.tolerance * layer.absmax, "\(name): \(found) and not \(expected)")
      }
      expectNear(values.reduce(0) { $0 + Double($1) } / Double(values.count), layer.mean)
      expectNear(Double(values.map(abs).max() ?? .nan), layer.absmax)
      // First columns of channel 0 of the first picture; last channels of the last pixel of the last one.
      for (column, expected) in layer.first4.enumerated() { expectNear(Double(values[column * shape[3]]), expected) }
      for (found, expected) in zip(values.suffix(layer.last4.count), layer.last4) {
        expectNear(Double(found), expected)
      }
    }
    #expect(seen == Set(reference.keys))
  }

  @Test(arguments: TestDevice.all)
  func lossesAreThose(_ tested: TestDevice) throws {
    let device = tested.device
    let expected = try VQGANFixture.read().losses
    func expect(_ name: String, _ loss: Tensor) throws {
      let (found, expected) = (Double(try loss.values()[0]), try #require(expected[name]))
      #expect(abs(found - expected) <= Self.tolerance * abs(expected), "\(name): \(found) and not \(expected)")
    }
    let real = try VQGANFixture.transposed("real", [2, 1, 3, 4], scale: 2, on: device)
    let fake = try VQGANFixture.transposed("fake", [2, 1, 3, 4], scale: 2, on: device)
    try expect("hinge", AdversarialLoss.hinge.discriminator(real: real, fake: fake))
    try expect("vanilla", AdversarialLoss.vanilla.discriminator(real: real, fake: fake))
    try expect("generator", AdversarialLoss.vanilla.generator(fake: fake))
    let x = try VQGANFixture.pictures(on: device)
    let mirrored = try Tensor.concatenated((0..<20).reversed().map { try x.sliced($0..<($0 + 1), axis: 2) }, axis: 2)
    try expect("perceptual", PerceptualLoss.features(HashedBackbone(on: device), strides: [4, 8])(x, mirrored))
    let book = try Tensor(VQGANFixture.hashed("quantize.embedding.weight", 66), shape: [11, 6], on: device)
    try expect(
      "divergence",
      GaussianHead.divergence(
        VQGANFixture.transposed("logVariances", [2, 6, 3, 4], scale: 4, on: device), from: book))
    for kind in VQGANConfiguration.QuantizerLoss.allCases {
      var configuration = VQGANFixture.configuration
      configuration.quantizerLoss = kind
      let builder = NetworkBuilder(on: device)
      let network = try VQGAN(configuration, builder)
      try builder.setValues(VQGANFixture.firstValues)
      try expect(kind.rawValue, network.quantizer(network.latents(of: x), .inference).loss)
    }
  }

  /// The two kinds of loss differ in which term has the quarter; what goes on goes straight through.
  @Test(arguments: TestDevice.all)
  func quantiserGradientsGoToEncoderAndCodebook(_ tested: TestDevice) throws {
    func gradients(_ kind: VQGANConfiguration.QuantizerLoss) throws -> (loss: [[Float]], values: [[Float]]) {
      var configuration = VQGANFixture.configuration
      configuration.quantizerLoss = kind
      let builder = NetworkBuilder(on: tested.device)
      let quantizer = try VQGAN(configuration, builder).quantizer
      try builder.setValues(VQGANFixture.firstValues)
      let tape = Tape()
      let z = try tape.watched(Tensor(VQGANFixture.hashed("z", 2 * 3 * 5 * 6), shape: [2, 3, 5, 6], on: tested.device))
      let found = try quantizer(z, Pass(tape: tape, isTraining: true))
      let wanted = [z, quantizer.codebook.tensor(on: tape)]
      let weights = try Tensor(VQGANFixture.hashed("w", 2 * 3 * 5 * 6), shape: [2, 3, 5, 6], on: tested.device)
      return (
        try tape.gradients(of: found.loss, for: wanted, keepingTape: true).map { try $0.values() },
        try tape.gradients(of: found.values, for: wanted, outputGradient: weights).map { try $0.values() }
      )
    }
    let (legacy, fixed) = (try gradients(.legacy), try gradients(.fixed))
    let close = Tolerance(ofLargest: 8)
    #expect(legacy.loss[0].contains { $0 != 0 } && legacy.loss[1].contains { $0 != 0 })
    expectEqual(legacy.loss[0], fixed.loss[0].map { 4 * $0 }, within: close, "encoder")
    expectEqual(fixed.loss[1], legacy.loss[1].map { 4 * $0 }, within: close, "codebook")
    #expect(legacy.values[0] == VQGANFixture.hashed("w", 2 * 3 * 5 * 6))
    #expect(legacy.values[1].allSatisfy { $0 == 0 })
  }

  /// A nearest code is that of the smallest distance, by a plain search.
  @Test(arguments: TestDevice.all)
  func codesAreTheNearest(_ tested: TestDevice) throws {
    let builder = NetworkBuilder(on: tested.device)
    let quantizer = try VQGAN(VQGANFixture.configuration, builder).quantizer
    try builder.setValues(VQGANFixture.firstValues)
    let z = VQGANFixture.hashed("z", 2 * 3 * 5 * 6)
    let book = try quantizer.codebook.storage.values()
    let found = try quantizer(Tensor(z, shape: [2, 3, 5, 6], on: tested.device), .inference)
    let expected = (0..<30).map { row in
      (0..<11).min { distance(row, $0) < distance(row, $1) } ?? -1
    }
    func distance(_ row: Int, _ code: Int) -> Double {
      (0..<6).reduce(0) { sum, channel in
        let d = Double(z[row * 6 + channel]) - Double(book[code * 6 + channel])
        return sum + d * d
      }
    }
    #expect(try found.indices.values().map(Int.init) == expected)
    #expect(try found.values.values() == expected.flatMap { book[$0 * 6..<$0 * 6 + 6] })
  }

  @Test(arguments: TestDevice.all)
  func theAdaptiveWeightIsARatioWithinLimits(_ tested: TestDevice) throws {
    func weight(_ a: [Float], _ b: [Float]) throws -> Float {
      try AdversarialLoss.adaptiveWeight(
        reconstruction: Tensor(a, shape: [2], on: tested.device), adversary: Tensor(b, shape: [2], on: tested.device))
    }
    #expect(abs(try weight([3, 4], [0, 2.5]) - 5 / 2.5001) <= 1e-5)
    #expect(try weight([3, 4], [0, 0]) == 1e4)
    #expect(try weight([0, 0], [0, 0]) == 0)
    #expect(try weight([.nan, 0], [1, 0]).isNaN)
  }

  /// In training alone, by the pass's key; the gradient reaches means and variances.
  @Test(arguments: TestDevice.all)
  func aHeadsLatentsAreDrawnInTraining(_ tested: TestDevice) throws {
    var configuration = VQGANFixture.configuration
    configuration.hasGaussianHead = true
    let builder = NetworkBuilder(on: tested.device)
    let network = try VQGAN(configuration, builder)
    try builder.setValues(VQGANFixture.firstValues)
    let x = try VQGANFixture.pictures(on: tested.device)
    func picture(_ seed: UInt64?) throws -> [Float] {
      let pass = seed.map { Pass(isTraining: true, key: RandomKey(seed: $0)) } ?? .inference
      return try network.reconstructed(x, pass).values()
    }
    let (first, again, other, still) = (try picture(1), try picture(1), try picture(2), try picture(nil))
    #expect(first == again && first != other && first != still)
    let (means, logVariances) = try network.distribution(of: x)
    #expect(means.shape == [2, 4, 5, 6] && logVariances?.shape == means.shape)
    let codes = try network.quantizer(means, .inference).values
    #expect(try still == network.decoded(codes).values())
  }

  @Test func picturesOfOtherSizesAreRefused() throws {
    let device = TestDevice.all[0].device
    let network = try VQGAN(VQGANFixture.configuration, NetworkBuilder(on: device))
    for shape in [[1, 16, 18, 3], [1, 15, 16, 3], [16, 16, 3]] {
      #expect(throws: GeneratorError.self) { try network.latents(of: .filled(0, shape: Shape(shape), on: device)) }
    }
    #expect(try network.reconstructed(.filled(0, shape: [3, 8, 4, 3], on: device)).shape == [3, 8, 4, 3])
  }
}

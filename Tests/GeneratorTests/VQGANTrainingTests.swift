import Checkpoints
import Compute
import Foundation
import Generator
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Training of VQGAN against its adversary")
struct VQGANTrainingTests {
  /// The script's training.
  private static var configuration: VQGANTrainingConfiguration {
    var configuration = VQGANTrainingConfiguration(steps: 10, batch: 2, adversarialStart: 0)
    configuration.baseRate = 2.5e-5
    (configuration.discriminator.width, configuration.discriminator.layers) = (4, 2)
    return configuration
  }

  private func training(
    _ device: any Device, _ configuration: VQGANTrainingConfiguration = configuration,
    network: VQGANConfiguration = VQGANFixture.configuration
  ) throws -> (training: VQGANTraining, builder: NetworkBuilder) {
    let builder = NetworkBuilder(on: device, seed: 9)
    let network = try VQGAN(network, builder)
    try builder.setValues(VQGANFixture.firstValues)
    let training = try VQGANTraining(
      network, configuration, builder, perceptual: .features(HashedBackbone(on: device), strides: [4, 8]))
    return (training, builder)
  }

  /// Ten with a smooth adversary, two with the usual one; the script says why.
  @Test(arguments: TestDevice.all, AdversarialLoss.allCases)
  func stepsAreThoseOfPyTorch(_ tested: TestDevice, _ loss: AdversarialLoss) throws {
    let reference = try #require(VQGANFixture.read().trainings[loss.rawValue])
    var configuration = Self.configuration
    (configuration.adversarialLoss, configuration.adversarialStart) = (loss, reference.start)
    let (training, builder) = try training(tested.device, configuration)
    try builder.setValues(VQGANFixture.firstValues)
    let x = try VQGANFixture.pictures(on: tested.device)
    let trainer = try training.trainer(examples: 2, seed: 1)
    #expect(reference.steps.count == (loss == .vanilla ? 10 : 2))
    for (step, expected) in reference.steps.enumerated() {
      let report = try trainer.advance { try training.losses($0, pictures: x) }
      #expect(Set(report.losses.map(\.name)) == Set(expected.keys))
      for loss in report.losses {
        let (found, expected) = (Double(loss.value), try #require(expected[loss.name]))
        // Means of logits around 0.
        let isLogit = loss.name == "adversary" || loss.name.hasSuffix("logits")
        #expect(
          abs(found - expected) <= VQGANTests.tolerance * max(abs(expected), isLogit ? 1 : 0),
          "step \(step), \(loss.name): \(found) and not \(expected)")
      }
      if step == training.configuration.adversarialStart { try expectGradients(builder, reference.gradients) }
    }
    for statistic in builder.statistics {
      let expected = try #require(reference.statistics[statistic.name]).map(Float.init)
      try expectEqual(
        Array(statistic.storage.values().prefix(4)), expected,
        within: Tolerance(ofLargest: VQGANTests.tolerance / Tolerance.unit), statistic.name)
    }
  }

  private func expectGradients(_ builder: NetworkBuilder, _ reference: [String: VQGANFixture.Gradient]) throws {
    #expect(Set(builder.parameters.map(\.name)) == Set(reference.keys))
    // What a normalisation or a softmax takes out again has no gradient but rounding.
    let least = 1e-6 * (reference.values.map(\.norm).max() ?? 0)
    for parameter in builder.parameters {
      let expected = try #require(reference[parameter.name])
      let values = try NetworkBuilder.checkpointValues(of: parameter, parameter.gradient)
      let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      let allowed = VQGANTests.tolerance * expected.norm + least
      #expect(abs(norm - expected.norm) <= allowed, "\(parameter.name): \(norm) and not \(expected.norm)")
      for (found, expected) in zip(values, expected.first4) {
        #expect(abs(Double(found) - expected) <= allowed, "\(parameter.name): \(found) and not \(expected)")
      }
    }
  }

  /// A discriminator that rests sees nothing, loses nothing and stays as it is.
  @Test func theAdversaryRestsAtFirst() throws {
    var configuration = Self.configuration
    configuration.adversarialStart = 2
    let (training, builder) = try training(TestDevice.all[0].device, configuration)
    let x = try VQGANFixture.pictures(on: TestDevice.all[0].device)
    let trainer = try training.trainer(examples: 2, seed: 1)
    func values(_ isAdversary: Bool) throws -> [[Float]] {
      try builder.values().filter { $0.name.hasPrefix("loss.") == isAdversary }.map(\.values)
    }
    let (adversary, autoencoder) = (try values(true), try values(false))
    for _ in 0..<2 {
      let report = try trainer.advance { try training.losses($0, pictures: x) }
      #expect(report.losses.map(\.name) == ["loss", "reconstruction", "perceptual", "codebook", "discriminator"])
      #expect(report.losses.last?.value == 0)
    }
    #expect(try values(true) == adversary)
    #expect(try values(false) != autoencoder)
    let report = try trainer.advance { try training.losses($0, pictures: x) }
    #expect(report.losses.contains { $0.name == "discriminator" && $0.value > 0 })
    #expect(try values(true) != adversary)
  }

  private struct Stop: Error {}

  /// With everything that has a state: both optimisers, running statistics, averages of the codebook, revived codes, a head's draws.
  @Test(arguments: TestDevice.oneOfEachKind)
  func aResumedTrainingEndsInTheSameBits(_ tested: TestDevice) throws {
    var configuration = Self.configuration
    (configuration.steps, configuration.adversarialStart) = (3, 1)
    configuration.upkeep = CodebookUpkeep.Configuration(averageDecay: 0.9, revivalBatches: 2)
    var network = VQGANFixture.configuration
    network.hasGaussianHead = true
    let x = try VQGANFixture.pictures(on: tested.device)
    func ended(in folder: URL, stop: Int? = nil, resuming: Bool = false) throws -> [[Float]] {
      let (training, builder) = try training(tested.device, configuration, network: network)
      let trainer = try training.trainer(examples: 2, seed: 1)
      let loop = try TrainingLoop(
        trainer, LoopSettings(checkpoint: folder.appendingPathComponent("checkpoint.safetensors")))
      do {
        try loop.run(
          resuming: resuming, losses: { try training.losses($0, pictures: x) },
          progress: {
            #expect($0.report.losses.contains { $0.name == "divergence" })
            if $0.report.step == stop { throw Stop() }
          })
      } catch is Stop {}
      return try builder.values().map(\.values)
        + trainer.optimizers.flatMap { try $0.state.map { try $0.array.values() } }
    }
    let whole = try withTemporaryFolder { try ended(in: $0) }
    #expect(whole.allSatisfy { $0.allSatisfy(\.isFinite) })
    try withTemporaryFolder { folder in
      let stopped = try ended(in: folder, stop: 2)
      #expect(stopped != whole)
      let resumed = try ended(in: folder, resuming: true)
      #expect(resumed == whole)
    }
  }
}

import Backbones
import Checkpoints
import Compute
import Foundation
import Generator
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Sizes and names of generators")
struct ConfigurationTests {
  @Test(arguments: VQGANConfiguration.Preset.allCases)
  func presetsHaveTheSizesOfPyTorchsModules(_ preset: VQGANConfiguration.Preset) throws {
    let configuration = VQGANConfiguration(preset)
    try configuration.validate()
    let expected = try #require(VQGANFixture.read().presets[preset.rawValue])
    #expect(configuration.parameterCount == expected.parameters)
    #expect(configuration.multiplyAdds == expected.multiplyAdds)
    let read = try JSONDecoder().decode(VQGANConfiguration.self, from: JSONEncoder().encode(configuration))
    #expect(read == configuration)
  }

  /// A file of these names, of which nothing is read.
  private struct Names: TensorFile {
    let path = "names"
    let shapes: [String: [Int]]
    var names: [String] { shapes.keys.sorted() }
    func shape(of name: String) throws(CheckpointError) -> [Int] { shapes[name] ?? [] }
    func tensor(named name: String) throws(CheckpointError) -> HostTensor { throw .missing(path: path, name: name) }
  }

  /// Counts and names of the published checkpoint.
  @Test func f16IsThePublishedOne() throws {
    let builder = NetworkBuilder(on: TestDevice.all[0].device)
    let network = try VQGAN(VQGANConfiguration(.f16), builder)
    let found = Dictionary(
      uniqueKeysWithValues: network.parameters.map { parameter in
        (parameter.name, parameter.checkpointAxes.map { parameter.shape[$0] })
      })
    let names = try VQGANFixture.read().names
    #expect(found == names)
    try network.check(Names(shapes: names.merging(["loss.logvar": []]) { own, _ in own }))
    #expect(throws: NetworkMismatch.self) {
      try network.check(Names(shapes: names.merging(["logvar": []]) { own, _ in own }))
    }
    #expect(builder.statistics.isEmpty)
    func count(_ prefix: String) -> Int {
      network.parameters.filter { $0.name.hasPrefix(prefix) }.reduce(0) { $0 + $1.shape.count }
    }
    let counts = [
      "encoder.": 29_298_176, "encoder.conv_in": 3_584, "encoder.down.0": 738_944, "encoder.down.1": 738_944,
      "encoder.down.2": 2_690_304, "encoder.down.3": 2_952_448, "encoder.down.4": 10_498_048,
      "encoder.mid": 10_494_976, "decoder.": 42_449_795, "decoder.conv_in": 1_180_160, "decoder.mid": 10_494_976,
      "decoder.up.4": 19_679_744, "decoder.up.3": 4_855_296, "decoder.up.2": 4_133_632, "decoder.up.1": 1_215_232,
      "decoder.up.0": 887_040, "quant_conv": 65_792, "post_quant_conv": 65_792, "": 72_141_699,
    ]
    for (prefix, expected) in counts { #expect(count(prefix) == expected, "\(prefix)") }
    #expect(count("encoder.norm_out") + count("encoder.conv_out") == 1_180_928)
    #expect(count("decoder.norm_out") + count("decoder.conv_out") == 3_715)
    var large = VQGANConfiguration(.f16)
    large.codes = 16384
    #expect(large.parameterCount == 76_073_859)
    #expect(large.factor == 16 && large.grid == 16)
    #expect(network.lastWeight.name == "decoder.conv_out.weight")
  }

  @Test func theDiscriminatorIsThePublishedOne() throws {
    let device = TestDevice.all[0].device
    let builder = NetworkBuilder(on: device, seed: 3)
    let discriminator = try PatchDiscriminator(PatchDiscriminator.Configuration(), builder)
    let expected = try VQGANFixture.read().discriminator
    #expect(discriminator.parameters.reduce(0) { $0 + $1.shape.count } == 2_765_633)
    #expect(expected.parameters == 2_765_633)
    let names = try builder.values().map { ($0.name, $0.shape) }
    #expect(
      Dictionary(uniqueKeysWithValues: names) == expected.names.filter { !$0.key.hasSuffix("num_batches_tracked") })
    let logits = try discriminator(.filled(0.5, shape: [1, 256, 256, 3], on: device), .inference)
    #expect(logits.shape == [1, expected.logits[0], expected.logits[1], 1] && expected.logits == [30, 30])
    // Normal: weights around 0, scales around 1, deviation 0.02.
    for parameter in discriminator.parameters where parameter.shape.count >= 128 {
      let values = try parameter.storage.values().map(Double.init)
      if parameter.name.hasSuffix("bias") {
        #expect(values.allSatisfy { $0 == 0 }, "\(parameter.name)")
        continue
      }
      let mean = values.reduce(0, +) / Double(values.count)
      let deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
      let (center, spread) = (parameter.shape.rank == 1 ? 1.0 : 0, 5 * 0.02 / Double(values.count).squareRoot())
      #expect(abs(mean - center) <= spread, "\(parameter.name): \(mean)")
      #expect(abs(deviation - 0.02) <= spread, "\(parameter.name): \(deviation)")
    }
  }

  @Test func wrongSettingsAreNamed() throws {
    func expect(_ name: String, _ change: (inout VQGANConfiguration) -> Void) {
      var configuration = VQGANConfiguration(.tiny)
      change(&configuration)
      let error = #expect(throws: GeneratorError.self) { try configuration.validate() }
      guard case .setting(name, _)? = error else {
        Issue.record("\(name): \(String(describing: error))")
        return
      }
    }
    expect("multipliers") { $0.multipliers = [] }
    expect("width") { $0.width = 48 }
    expect("width") { $0.multipliers = [1, 0] }
    expect("size") { $0.size = 132 }
    expect("residual blocks") { $0.residualBlocks = 0 }
    expect("attention") { $0.attentionLevels = [4] }
    expect("latent width") { $0.latentWidth = 0 }
    expect("code width") { $0.codeWidth = 0 }
    expect("codes") { $0.codes = 1 }
    expect("commitment") { $0.commitment = .nan }
    #expect(throws: GeneratorError.self) { try VQGANTrainingConfiguration(steps: 0).validate() }
    var training = VQGANTrainingConfiguration(steps: 1)
    training.upkeep.averageDecay = 1
    #expect(throws: GeneratorError.self) { try training.validate() }
  }
}

import Backbones
import Checkpoints
import Compute
import Foundation
import Generator
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Files of generators")
struct VQGANFileTests {
  private var device: any Device { TestDevice.all[0].device }
  private let path = Fixtures.path("vqgan.ckpt")

  private func expectValues(_ builder: NetworkBuilder) throws {
    let expected = try VQGANFixture.read().checkpoint
    #expect(Set(builder.parameters.map(\.name)) == Set(expected.keys))
    for parameter in builder.parameters {
      let value = Float(try #require(expected[parameter.name]))
      #expect(try parameter.storage.values().allSatisfy { $0 == value }, "\(parameter.name)")
    }
  }

  /// PyTorch wrote it, with Lightning's own classes in it, a discriminator and a perceptual network beside the autoencoder.
  @Test func aLightningCheckpointLoadsByName() throws {
    #expect(throws: CheckpointError.self) { try openTensorFile(path) }
    let builder = NetworkBuilder(on: device)
    _ = try VQGAN(VQGANFixture.configuration, builder, file: openTensorFile(path, policy: .inert))
    try expectValues(builder)
  }

  /// In a transformer's checkpoint the model lies below a name, beside other things.
  @Test(arguments: ["first_stage_model.", nil])
  func aPrefixIsFoundOrGiven(_ prefix: String?) throws {
    let file = try openTensorFile(path, policy: .inert)
    var tensors = ["transformer.head.weight": HostTensor(shape: [2], values: [1, 2])]
    for name in file.names { tensors["first_stage_model.\(name)"] = try file.tensor(named: name) }
    let builder = NetworkBuilder(on: device)
    _ = try VQGAN(VQGANFixture.configuration, builder, file: HostTensors(tensors, from: "made up"), prefix: prefix)
    try expectValues(builder)
  }

  @Test func anythingElseIsRefusedByName() throws {
    let file = try openTensorFile(path, policy: .inert)
    func mismatch(_ change: (inout [String: HostTensor]) -> Void) throws -> NetworkMismatch? {
      var tensors: [String: HostTensor] = [:]
      for name in file.names { tensors[name] = try file.tensor(named: name) }
      change(&tensors)
      return #expect(throws: NetworkMismatch.self) {
        try VQGAN(
          VQGANFixture.configuration, NetworkBuilder(on: device), file: HostTensors(tensors, from: "made up"))
      }
    }
    #expect(try mismatch { $0["quant_conv.bias"] = nil }?.missing == ["quant_conv.bias"])
    let other = HostTensor(shape: [1], values: [1])
    #expect(
      try mismatch { $0["encoder.down.3.block.0.conv1.bias"] = other }?.unexpected == [
        "encoder.down.3.block.0.conv1.bias"
      ])
    #expect(
      try mismatch { $0["decoder.conv_in.bias"] = other }?.wrongShapes
        == [NetworkMismatch.WrongShape(name: "decoder.conv_in.bias", expected: [64], found: [1])])
    // More codes than the configuration has.
    var configuration = VQGANFixture.configuration
    configuration.codes = 12
    #expect(throws: NetworkMismatch.self) { try VQGAN(configuration, NetworkBuilder(on: device), file: file) }
    var tensors: [String: HostTensor] = [:]
    for name in file.names { tensors[name] = try file.tensor(named: name) }
    tensors["quant_conv.bias"] = HostTensor(shape: [6], values: [0, 0, .nan, 0, 0, 0])
    #expect(throws: GeneratorError.self) {
      try VQGAN(
        VQGANFixture.configuration, NetworkBuilder(on: device), file: HostTensors(tensors, from: "made up"))
    }
  }

  @Test func aSavedNetworkIsReadAgain() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("generator.safetensors")
      let builder = NetworkBuilder(on: device)
      var configuration = VQGANFixture.configuration
      configuration.hasGaussianHead = true
      let network = try VQGAN(configuration, builder)
      try builder.setValues(VQGANFixture.firstValues)
      try network.save(to: url)
      let again = NetworkBuilder(on: device, seed: 7)
      #expect(try VQGAN(contentsOf: url, again).configuration == configuration)
      #expect(try again.values().map(\.values) == builder.values().map(\.values))
      try SafetensorsFile.write([:], metadata: [:], to: url)
      #expect(throws: GeneratorError.self) { try VQGAN(contentsOf: url, NetworkBuilder(on: device)) }
      try builder.setValues { name, shape in
        VQGANFixture.firstValues(name, shape).map { name == "quant_conv.bias" ? .nan : $0 }
      }
      #expect(throws: GeneratorError.self) { try network.save(to: url) }
    }
  }
}

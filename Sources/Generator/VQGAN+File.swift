import Backbones
public import Checkpoints
import Compute
public import Foundation
public import Networks
import Tensors

extension VQGAN {
  private static let firstName = "encoder.conv_in.weight"
  /// What the published checkpoints hold beside the autoencoder: discriminator, perceptual network.
  private static let besides = "loss."
  private static let format = "flawless-vqgan/1"

  /// A network with the values of a file: our own, or a checkpoint of the published code, of which nothing below `loss.` is read.
  ///
  /// Strict: every other tensor below the prefix must be the network's, by name and shape.
  ///
  /// - file: of Lightning's checkpoints, opened with `.inert`
  /// - prefix: below which the names lie, as `first_stage_model.` in a transformer's checkpoint; found unless given
  /// - Throws: `NetworkMismatch`, `CheckpointError`, ``GeneratorError/notFinite(what:)``.
  public init(
    _ configuration: VQGANConfiguration, _ builder: NetworkBuilder, file: any TensorFile, prefix: String? = nil
  ) throws {
    try self.init(configuration, builder)
    let prefix =
      prefix ?? file.names.filter { $0.hasSuffix(Self.firstName) }.map { String($0.dropLast(Self.firstName.count)) }
      .min { $0.count < $1.count } ?? ""
    try setValues(prefix.isEmpty ? file : file.droppingPrefix(prefix))
  }

  private func setValues(_ file: any TensorFile) throws {
    try check(file)
    for parameter in parameters {
      let shape = parameter.checkpointAxes.map { parameter.shape[$0] }
      let values = try file.tensor(named: parameter.name, shape: shape).values
      guard values.allSatisfy(\.isFinite) else {
        throw GeneratorError.notFinite(what: "'\(parameter.name)' in \(file.path)")
      }
      try NetworkBuilder.setValue(of: parameter, to: values)
    }
  }

  package func check(_ file: any TensorFile) throws {
    let expected = parameters.map { parameter in
      (name: parameter.name, shape: parameter.checkpointAxes.map { parameter.shape[$0] })
    }
    let mismatch = try NetworkMismatch(
      comparing: file, with: expected, network: "a VQGAN of this configuration"
    ) { $0.hasPrefix(Self.besides) }
    guard mismatch.isEmpty else { throw mismatch }
  }

  /// Writes configuration and values to a safetensors file, whole or not at all.
  ///
  /// - Throws: `CheckpointError`, ``GeneratorError/notFinite(what:)`` where a value is no number.
  public func save(to url: URL) throws {
    var tensors: [String: HostTensor] = [:]
    for parameter in parameters {
      let values = try NetworkBuilder.checkpointValues(of: parameter, parameter.storage)
      guard values.allSatisfy(\.isFinite) else { throw GeneratorError.notFinite(what: "'\(parameter.name)'") }
      tensors[parameter.name] = HostTensor(
        shape: parameter.checkpointAxes.map { parameter.shape[$0] }, values: values)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let configuration = String(decoding: try encoder.encode(configuration), as: UTF8.self)
    try SafetensorsFile.write(
      tensors, metadata: ["format": Self.format, "configuration": configuration], to: url)
  }

  /// What ``save(to:)`` wrote.
  public init(contentsOf url: URL, _ builder: NetworkBuilder) throws {
    let file = try SafetensorsFile(path: url.path)
    guard file.metadata["format"] == Self.format,
      let text = file.metadata["configuration"],
      let configuration = try? JSONDecoder().decode(VQGANConfiguration.self, from: Data(text.utf8))
    else { throw GeneratorError.model(path: url.path, reason: "it is no file of a generator") }
    try self.init(configuration, builder, file: file, prefix: "")
  }
}

import Backbones
import Checkpoints
public import Compute
public import Foundation
import Tensors

/// A detector with what is known of its making; lives on disk as a folder of `model.json` and `weights.safetensors`.
public struct TrainedModel: Sendable {
  public let description: ModelDescription
  public let detector: PatchCore

  public init(description: ModelDescription, detector: PatchCore) {
    self.description = description
    self.detector = detector
  }

  private static let descriptionFile = "model.json"
  private static let weightsFile = "weights.safetensors"

  /// Writes the model's folder, whole or not at all; an older one in its place is replaced.
  ///
  /// - files: what else belongs into the folder, by name
  /// - Throws: `CheckpointError` when the place is not writable, ``DetectorError/model(path:reason:)`` when it holds
  ///   something that is no model.
  public func save(to path: String, with files: [String: Data] = [:]) throws {
    let url = URL(fileURLWithPath: path)
    try Self.checkReplaceable(path)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let json = try encoder.encode(description)
    let bank = HostTensor(
      shape: [detector.bankRows, detector.descriptorWidth], values: try detector.bankValues())
    let tensors = try SafetensorsFile.encoded(["memory_bank": bank], metadata: ["detector": description.detector])
    try AtomicWriting.writeFolder(at: url) { folder in
      try json.write(to: folder.appendingPathComponent(Self.descriptionFile))
      try tensors.write(to: folder.appendingPathComponent(Self.weightsFile))
      for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
    }
  }

  /// Only models are overwritten: a mistyped path must not cost anybody a folder.
  public static func checkReplaceable(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let contents = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard let contents, contents.isEmpty || contents.contains(descriptionFile) else {
      throw DetectorError.model(path: path, reason: "something else is there already; choose another place")
    }
  }

  /// What a model folder says of itself; reads no weights.
  public static func readDescription(_ path: String) throws -> ModelDescription {
    let file = "\(path)/\(descriptionFile)"
    guard let data = FileManager.default.contents(atPath: file) else {
      throw DetectorError.model(path: path, reason: "there is no \(descriptionFile) in it")
    }
    struct Format: Decodable { let format: Int }
    let decoder = JSONDecoder()
    guard let format = try? decoder.decode(Format.self, from: data).format else {
      throw DetectorError.model(path: path, reason: "its \(descriptionFile) is damaged")
    }
    guard format == ModelDescription.currentFormat else {
      throw DetectorError.model(
        path: path, reason: "its format is \(format), this program reads \(ModelDescription.currentFormat)")
    }
    do { return try decoder.decode(ModelDescription.self, from: data) } catch {
      throw DetectorError.model(path: path, reason: "its \(descriptionFile) is incomplete")
    }
  }

  /// Loads a model with its backbone.
  ///
  /// - weights: the backbone's weights file; from the cache when nil. It must be the one the model was trained with.
  ///   Random weights are made again.
  public static func load(_ path: String, weights: String? = nil, on device: any Device) throws -> TrainedModel {
    let description = try readDescription(path)
    let configuration = description.configuration
    try configuration.validate()
    let bank = try SafetensorsFile(path: "\(path)/\(weightsFile)").tensor(named: "memory_bank")
    guard bank.values.allSatisfy(\.isFinite) else { throw DetectorError.notFinite(what: "The memory bank of \(path)") }
    let random = RandomWeights.seed(parsing: description.weightsSHA256) == nil ? nil : description.weightsSHA256
    let loaded = try LoadedBackbone(configuration.backbone, weights: weights ?? random, on: device)
    guard loaded.weightsSHA256 == description.weightsSHA256 else {
      throw DetectorError.weights(expected: description.weightsSHA256, found: loaded.weightsSHA256)
    }
    let width = DescriptorExtractor(loaded.backbone, size: configuration.size, strides: configuration.strides).width
    guard bank.shape.count == 2, bank.shape[0] > 0, bank.shape[1] == width else {
      throw DetectorError.model(path: path, reason: "its memory bank is \(bank.shape), not rows of \(width) numbers")
    }
    let detector = try PatchCore(
      configuration, backbone: loaded.backbone,
      bank: Tensor(bank.values, shape: Shape(bank.shape), on: device), threshold: description.threshold)
    return TrainedModel(description: description, detector: detector)
  }
}

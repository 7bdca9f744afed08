import Backbones
import Checkpoints
public import Compute
public import Foundation
import Images
import Tensors

/// A detector with what is known of its making; lives on disk as a folder of `model.json` and `weights.safetensors`, and
/// `ignored.png` where a part of the pictures is not inspected.
public struct TrainedModel: Sendable {
  public let description: ModelDescription
  public let detector: any Detector

  public init(description: ModelDescription, detector: any Detector) {
    self.description = description
    self.detector = detector
  }

  private static let descriptionFile = "model.json"
  private static let weightsFile = "weights.safetensors"
  private static let ignoredFile = "ignored.png"

  /// Writes the model's folder, whole or not at all; an older one in its place is replaced.
  ///
  /// - files: what else belongs into the folder, by name
  /// - Throws: `CheckpointError` when the place is not writable, ``DetectorError/model(path:reason:)`` when it holds
  ///   something that is no model.
  public func save(to path: String, with files: [String: Data] = [:]) throws {
    let url = URL(fileURLWithPath: path)
    try Self.checkReplaceable(path)
    let json = try Self.encoded(description)
    let ignored = try detector.ignored?.image.pngData()
    let tensors = try SafetensorsFile.encoded(
      detector.tensors(), metadata: ["detector": description.kind.rawValue])
    try AtomicWriting.writeFolder(at: url) { folder in
      try json.write(to: folder.appendingPathComponent(Self.descriptionFile))
      try tensors.write(to: folder.appendingPathComponent(Self.weightsFile))
      try ignored?.write(to: folder.appendingPathComponent(Self.ignoredFile))
      for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
    }
  }

  /// Replaces what a model folder says of itself, whole or not at all, and leaves its weights alone: for new thresholds.
  public static func replaceDescription(_ path: String, by description: ModelDescription) throws {
    try AtomicWriting.write(encoded(description), to: URL(fileURLWithPath: "\(path)/\(descriptionFile)"))
  }

  private static func encoded(_ description: ModelDescription) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(description)
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
    let file = try SafetensorsFile(path: "\(path)/\(weightsFile)")
    let random = RandomWeights.seed(parsing: description.weightsSHA256) == nil ? nil : description.weightsSHA256
    let loaded = try LoadedBackbone(configuration.backbone, weights: weights ?? random, on: device)
    guard loaded.weightsSHA256 == description.weightsSHA256 else {
      throw DetectorError.weights(expected: description.weightsSHA256, found: loaded.weightsSHA256)
    }
    let ignored = try description.ignored.map { _ in try Mask(path: "\(path)/\(ignoredFile)") }
    func made<Kind: Detector>(_: Kind.Type) throws -> any Detector {
      try Kind(
        Kind.own(configuration), backbone: loaded.backbone, file: file, threshold: description.threshold,
        heldOut: description.heldOut, ignored: ignored)
    }
    return TrainedModel(description: description, detector: try made(description.kind.type))
  }
}

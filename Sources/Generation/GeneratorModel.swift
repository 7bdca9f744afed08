import Checkpoints
public import Compute
public import Foundation
public import Generator
import Networks

/// A trained generator with what is known of its making; on disk a folder of `generator.json` and `weights.safetensors`.
public struct GeneratorModel {
  public let description: GeneratorDescription
  public let network: VQGAN

  private static let descriptionFile = "generator.json"
  private static let weightsFile = "weights.safetensors"

  public init(description: GeneratorDescription, network: VQGAN) {
    self.description = description
    self.network = network
  }

  /// Writes the generator's folder, whole or not at all; an older one in its place is replaced.
  ///
  /// - files: what else belongs into the folder, by name
  /// - Throws: `CheckpointError` when the place is not writable, `GeneratorError` when it holds something that is no generator.
  public func save(to path: String, with files: [String: Data] = [:]) throws {
    try Self.checkReplaceable(path)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let json = try encoder.encode(description)
    try AtomicWriting.writeFolder(at: URL(fileURLWithPath: path)) { folder in
      try json.write(to: folder.appendingPathComponent(Self.descriptionFile))
      try network.save(to: folder.appendingPathComponent(Self.weightsFile))
      for (name, data) in files { try data.write(to: folder.appendingPathComponent(name)) }
    }
  }

  /// Only generators are overwritten: a mistyped path must not cost anybody a folder.
  public static func checkReplaceable(_ path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return }
    let contents = try? FileManager.default.contentsOfDirectory(atPath: path)
    guard let contents, contents.isEmpty || contents.contains(descriptionFile) else {
      throw GeneratorError.model(path: path, reason: "something else is there already; choose another place")
    }
  }

  /// Whether a folder says that it is a generator.
  public static func isThere(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: "\(path)/\(descriptionFile)")
  }

  /// Where a generator's folder has its weights.
  public static func weightsPath(_ path: String) -> String { "\(path)/\(weightsFile)" }

  /// What a generator's folder says of itself; reads no weights.
  public static func readDescription(_ path: String) throws -> GeneratorDescription {
    guard let data = FileManager.default.contents(atPath: "\(path)/\(descriptionFile)") else {
      throw GeneratorError.model(path: path, reason: "there is no \(descriptionFile) in it")
    }
    struct Format: Decodable { let format: String }
    let decoder = JSONDecoder()
    guard let format = try? decoder.decode(Format.self, from: data).format else {
      throw GeneratorError.model(path: path, reason: "its \(descriptionFile) is damaged")
    }
    guard format == GeneratorDescription.currentFormat else {
      throw GeneratorError.model(
        path: path, reason: "its format is \(format), this program reads \(GeneratorDescription.currentFormat)")
    }
    do { return try decoder.decode(GeneratorDescription.self, from: data) } catch {
      throw GeneratorError.model(path: path, reason: "its \(descriptionFile) is incomplete")
    }
  }

  public static func load(_ path: String, on device: any Device) throws -> GeneratorModel {
    let description = try readDescription(path)
    let network = try VQGAN(contentsOf: URL(fileURLWithPath: weightsPath(path)), NetworkBuilder(on: device))
    guard network.configuration == description.network else {
      throw GeneratorError.model(
        path: path, reason: "its weights are of another network than its \(descriptionFile) says")
    }
    return GeneratorModel(description: description, network: network)
  }
}

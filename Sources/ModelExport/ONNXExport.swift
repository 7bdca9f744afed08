import Backbones
import Checkpoints
public import Detectors
public import Foundation
import ONNX

/// Writes a trained PatchCore model as an ONNX file that scores pictures in other programs.
///
/// | | shape | what |
/// |---|---|---|
/// | in `picture` | [1, 3, size, size] | RGB, 0…1, resized straight to size x size with an antialiased bilinear filter |
/// | out `score` | [1] | the largest patch distance, to be compared with the metadata's `threshold` |
/// | out `map` | [1, 1, size, size] | patch distances resized bilinearly and smoothed, against `pixel_threshold` |
/// | out `patch_distances` | [1, 1, grid, grid] | each patch's Euclidean distance to the nearest row of the memory bank |
public struct ONNXExport {
  private let description: ModelDescription
  private let detector: PatchCore
  private let configuration: PatchCoreConfiguration
  private let modelSHA256: String
  private let programVersion: String
  /// Floats that a stretch of patches may take while it is compared with the bank: 128 MiB.
  package var stretchFloats = 32 << 20

  /// - modelSHA256: see ``sha256(ofModel:)``
  /// - programVersion: of the program that exports
  /// - Throws: ``ModelExportError/detector(name:)`` for a model of another detector.
  public init(_ model: TrainedModel, modelSHA256: String, programVersion: String) throws {
    guard let detector = model.detector as? PatchCore else {
      throw ModelExportError.detector(name: model.detector.kind.title)
    }
    description = model.description
    self.detector = detector
    configuration = detector.configuration
    self.modelSHA256 = modelSHA256
    self.programVersion = programVersion
  }

  /// SHA-256 of a model folder's two files one after the other: `cat model.json weights.safetensors | sha256sum`.
  ///
  /// - Throws: `CheckpointError` when one cannot be read.
  public static func sha256(ofModel path: String) throws -> String {
    var contents = Data()
    for file in ["model.json", "weights.safetensors"] {
      do { contents += try Data(contentsOf: URL(fileURLWithPath: "\(path)/\(file)")) } catch {
        throw CheckpointError.unreadable(path: "\(path)/\(file)", reason: error.localizedDescription)
      }
    }
    return SHA256.hash(contents)
  }

  /// The file's bytes.
  ///
  /// - Throws: `ONNXError.tooLarge` above 2 GiB, ``ModelExportError``, or what the device throws.
  public func encoded() throws -> Data {
    var graph = ONNXGraph(name: "patchcore")
    let size = detector.configuration.size
    graph.inputs = [.init(name: "picture", shape: [1, 3, size, size])]
    let features = try BackboneGraph(detector.backbone, size: size)
      .add(to: &graph, picture: "picture", strides: detector.configuration.strides)
    try ScoringGraph(detector, stretchFloats: stretchFloats).add(to: &graph, features: features)
    return try ONNXModel(
      graph: graph, metadata: metadata, producer: "flawless", producerVersion: programVersion,
      documentation: Self.preprocessing(size)
    ).encoded()
  }

  private static func preprocessing(_ size: Int) -> String {
    "picture: RGB (grey repeated), float32 of 0...1 = 8-bit values / 255, [1, 3, \(size), \(size)]. Resize the whole "
      + "picture to \(size) x \(size), without crop, by the antialiased bilinear filter of Pillow's "
      + "resize(..., BILINEAR), on 8-bit values, before dividing by 255. Normalisation is inside of the graph."
  }

  /// What a program needs to judge scores and draw maps, and where the model comes from.
  private var metadata: [(key: String, value: String)] {
    var entries: [(key: String, value: String)] = [
      ("detector", description.kind.rawValue),
      ("backbone", configuration.backbone.rawValue),
      ("backbone_weights_sha256", description.weightsSHA256),
      ("strides", configuration.strides.map(String.init).joined(separator: ",")),
      ("size", "\(configuration.size)"),
      ("bank_rows", "\(detector.bankRows)"),
      ("descriptor_width", "\(detector.descriptorWidth)"),
      ("smoothing_sigma", "\(configuration.smoothingSigma)"),
      ("categories", Self.categories(of: description).joined(separator: ",")),
      ("preprocessing", Self.preprocessing(configuration.size)),
      ("model_sha256", modelSHA256),
      ("model_program_version", description.programVersion),
      ("program_version", programVersion),
    ]
    if let threshold = detector.threshold {
      entries += [
        ("threshold", "\(threshold.score)"),
        ("pixel_threshold", "\(threshold.pixel)"),
        ("threshold_origin", threshold.origin),
        ("false_alarm_rate", threshold.falseAlarmRate.map { "\($0)" } ?? "none"),
        ("low_confidence", "\(threshold.lowConfidence)"),
        // The ends of the colours of overlays: no distance, and twice the pixel threshold.
        ("map_scale_low", "0"),
        ("map_scale_high", "\(2 * threshold.pixel)"),
      ]
    }
    return entries
  }

  /// The products in whose `train` folders the training pictures lay; none for other layouts.
  static func categories(of description: ModelDescription) -> [String] {
    let found = description.trainingFiles.compactMap { file -> String? in
      let parts = file.path.split(separator: "/")
      guard let train = parts.lastIndex(of: "train"), train > 0 else { return nil }
      return String(parts[train - 1])
    }
    return Set(found).sorted()
  }
}

/// What cannot be written for other programs.
public enum ModelExportError: Error, Hashable, Sendable, CustomStringConvertible {
  case activation(String)
  case detector(name: String)

  public var description: String {
    switch self {
    case .activation(let name): "The activation '\(name)' cannot be exported to ONNX yet."
    case .detector(let name): "Models of PatchCore can be exported to ONNX, and this one is of \(name)."
    }
  }
}

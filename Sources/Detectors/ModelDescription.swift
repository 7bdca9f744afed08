import Foundation

/// `model.json`: what a model is, what it was made of, and how its threshold came about.
public struct ModelDescription: Sendable {
  /// A training picture and the hash of its file.
  public struct TrainingFile: Codable, Hashable, Sendable {
    public let path: String
    public let sha256: String

    public init(path: String, sha256: String) {
      self.path = path
      self.sha256 = sha256
    }
  }

  /// A picture that a generator made of real ones.
  public struct GeneratedFile: Codable, Hashable, Sendable {
    public let path: String
    public let sha256: String
    /// SHA-256 of the real files that it descends from; nil where nobody knows.
    public let parents: [String]?

    public init(path: String, sha256: String, parents: [String]?) {
      self.path = path
      self.sha256 = sha256
      self.parents = parents
    }

    /// What is known of its parents, and itself: a copy descends from what it is a copy of.
    public var ancestors: Set<String> { Set(parents ?? []).union([sha256]) }
  }

  /// Where a mask of ignored pixels comes from.
  public struct IgnoredPart: Codable, Hashable, Sendable {
    /// The file that was given.
    public let path: String
    public let sha256: String
    /// Whether the file is set where pictures are inspected, and not where they are ignored.
    public let isRegion: Bool
    /// Patches of a picture that are inspected, and all there are.
    public let inspectedPatches: Int
    public let patches: Int

    public init(path: String, sha256: String, isRegion: Bool, inspectedPatches: Int, patches: Int) {
      self.path = path
      self.sha256 = sha256
      self.isRegion = isRegion
      self.inspectedPatches = inspectedPatches
      self.patches = patches
    }
  }

  public static let currentFormat = 1

  public var format = Self.currentFormat
  public var configuration: any DetectorConfiguration
  /// SHA-256 of the backbone's weights file: other weights give other distances.
  public var weightsSHA256: String
  public var trainingFiles: [TrainingFile]
  /// What was trained on beside them; not in `model.json` where there is none.
  public var generatedFiles: [GeneratedFile] = []
  /// Shots asked for, nil for all; and the seed of the draw, nil for the first ones by name.
  public var shots: Int?
  public var draw: UInt64?
  public var threshold: Threshold?
  /// What the threshold can be moved with; nil for models of older programs.
  public var heldOut: HeldOutScores?
  /// What `ignored.png` in the model's folder was made from; nil where the whole picture is inspected.
  public var ignored: IgnoredPart?
  public var seed: UInt64
  public var device: String
  public var programVersion: String

  public init(
    configuration: any DetectorConfiguration, weightsSHA256: String, trainingFiles: [TrainingFile], shots: Int?,
    draw: UInt64?, threshold: Threshold?, heldOut: HeldOutScores? = nil, ignored: IgnoredPart? = nil, seed: UInt64,
    device: String, programVersion: String
  ) {
    self.configuration = configuration
    self.weightsSHA256 = weightsSHA256
    self.trainingFiles = trainingFiles
    self.shots = shots
    self.draw = draw
    self.threshold = threshold
    self.heldOut = heldOut
    self.ignored = ignored
    self.seed = seed
    self.device = device
    self.programVersion = programVersion
  }
}

extension ModelDescription: Codable {
  /// The names in `model.json`.
  private enum CodingKeys: String, CodingKey {
    case format, detector, configuration, weightsSHA256, trainingFiles, generatedFiles, shots, draw, threshold, heldOut
    case ignored, seed, device, programVersion
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func configuration<Kind: Detector>(of _: Kind.Type) throws -> any DetectorConfiguration {
      try container.decode(Kind.Configuration.self, forKey: .configuration)
    }
    let type = try container.decode(DetectorKind.self, forKey: .detector).type
    self.init(
      configuration: try configuration(of: type),
      weightsSHA256: try container.decode(String.self, forKey: .weightsSHA256),
      trainingFiles: try container.decode([TrainingFile].self, forKey: .trainingFiles),
      shots: try container.decodeIfPresent(Int.self, forKey: .shots),
      draw: try container.decodeIfPresent(UInt64.self, forKey: .draw),
      threshold: try container.decodeIfPresent(Threshold.self, forKey: .threshold),
      heldOut: try container.decodeIfPresent(HeldOutScores.self, forKey: .heldOut),
      ignored: try container.decodeIfPresent(IgnoredPart.self, forKey: .ignored),
      seed: try container.decode(UInt64.self, forKey: .seed),
      device: try container.decode(String.self, forKey: .device),
      programVersion: try container.decode(String.self, forKey: .programVersion))
    format = try container.decode(Int.self, forKey: .format)
    generatedFiles = try container.decodeIfPresent([GeneratedFile].self, forKey: .generatedFiles) ?? []
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(format, forKey: .format)
    try container.encode(kind, forKey: .detector)
    try container.encode(configuration, forKey: .configuration)
    try container.encode(weightsSHA256, forKey: .weightsSHA256)
    try container.encode(trainingFiles, forKey: .trainingFiles)
    if !generatedFiles.isEmpty { try container.encode(generatedFiles, forKey: .generatedFiles) }
    try container.encodeIfPresent(shots, forKey: .shots)
    try container.encodeIfPresent(draw, forKey: .draw)
    try container.encodeIfPresent(threshold, forKey: .threshold)
    try container.encodeIfPresent(heldOut, forKey: .heldOut)
    try container.encodeIfPresent(ignored, forKey: .ignored)
    try container.encode(seed, forKey: .seed)
    try container.encode(device, forKey: .device)
    try container.encode(programVersion, forKey: .programVersion)
  }

  public var kind: DetectorKind { configuration.kind }

  /// Of each generated file, the training files that it descends from, by number (``TrainingUnion``); nil where nobody knows.
  public func parents() -> [[Int]?] {
    generatedFiles.map { file in
      let ancestors = file.ancestors
      return file.parents.map { _ in
        trainingFiles.indices.filter { ancestors.contains(trainingFiles[$0].sha256) }
      }
    }
  }

  /// The first generated file that is known to descend from a real one.
  ///
  /// - sha256: of the real file
  public func descendant(of sha256: String) -> GeneratedFile? { generatedFiles.first { $0.ancestors.contains(sha256) } }
}

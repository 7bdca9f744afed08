import Foundation

/// `model.json`: what a model is, what it was made of, and how its threshold came about.
public struct ModelDescription: Codable, Hashable, Sendable {
  /// A training picture and the hash of its file.
  public struct TrainingFile: Codable, Hashable, Sendable {
    public let path: String
    public let sha256: String

    public init(path: String, sha256: String) {
      self.path = path
      self.sha256 = sha256
    }
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
  public var detector = "patchcore"
  public var configuration: PatchCoreConfiguration
  /// SHA-256 of the backbone's weights file: other weights give other distances.
  public var weightsSHA256: String
  public var trainingFiles: [TrainingFile]
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
    configuration: PatchCoreConfiguration, weightsSHA256: String, trainingFiles: [TrainingFile], shots: Int?,
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

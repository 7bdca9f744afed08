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
  public var seed: UInt64
  public var device: String
  public var programVersion: String

  public init(
    configuration: PatchCoreConfiguration, weightsSHA256: String, trainingFiles: [TrainingFile], shots: Int?,
    draw: UInt64?, threshold: Threshold?, seed: UInt64, device: String, programVersion: String
  ) {
    self.configuration = configuration
    self.weightsSHA256 = weightsSHA256
    self.trainingFiles = trainingFiles
    self.shots = shots
    self.draw = draw
    self.threshold = threshold
    self.seed = seed
    self.device = device
    self.programVersion = programVersion
  }
}

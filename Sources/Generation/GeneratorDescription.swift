public import Detectors
public import Generator
public import Images

/// `generator.json`: what a generator is, and what it was made of.
public struct GeneratorDescription: Codable, Hashable, Sendable {
  /// Weights that training began with.
  public struct Start: Codable, Hashable, Sendable {
    public let path: String
    public let sha256: String

    public init(path: String, sha256: String) {
      self.path = path
      self.sha256 = sha256
    }
  }

  public static let currentFormat = "flawless-generator/1"

  public var format = Self.currentFormat
  public var network: VQGANConfiguration
  public var training: VQGANTrainingConfiguration
  public var augmentation: Augmentation
  /// Products that were trained on, by the names of their folders.
  public var categories: [String]
  /// nil where training began with random weights.
  public var start: Start?
  public var trainingFiles: [ModelDescription.TrainingFile]
  /// Shots asked for of each category, nil for all; and the seed of the draw, nil for the first ones by name.
  public var shots: Int?
  public var draw: UInt64?
  public var seed: UInt64
  public var device: String
  public var programVersion: String

  public init(
    network: VQGANConfiguration, training: VQGANTrainingConfiguration, augmentation: Augmentation, categories: [String],
    start: Start?, trainingFiles: [ModelDescription.TrainingFile], shots: Int?, draw: UInt64?, seed: UInt64,
    device: String, programVersion: String
  ) {
    self.network = network
    self.training = training
    self.augmentation = augmentation
    self.categories = categories
    self.start = start
    self.trainingFiles = trainingFiles
    self.shots = shots
    self.draw = draw
    self.seed = seed
    self.device = device
    self.programVersion = programVersion
  }
}

public import Backbones
import Checkpoints
public import Datasets
public import Detectors
import Foundation
import Images

/// Trains one model from picture files: what `flawless train` and the demo do.
public struct Training: Sendable {
  public var configuration: PatchCoreConfiguration
  public var files: [String]
  /// Normal pictures that are never trained on: the threshold rests on them where there are some.
  public var validation: [String]
  public var shots: Int?
  public var draw: UInt64?
  public var seed: UInt64
  public var programVersion: String

  public init(
    configuration: PatchCoreConfiguration, files: [String], validation: [String] = [], shots: Int? = nil,
    draw: UInt64? = nil,
    seed: UInt64 = 0, programVersion: String
  ) {
    self.configuration = configuration
    self.files = files
    self.validation = validation
    self.shots = shots
    self.draw = draw
    self.seed = seed
    self.programVersion = programVersion
  }

  /// A trained model and the seconds that its parts took.
  public struct Outcome: Sendable {
    public let model: TrainedModel
    public let seconds: Seconds

    /// Writes the model's folder with the category's split beside it.
    public func save(_ category: Datasets.Category, to path: String) throws {
      let files = model.description.trainingFiles
      let split = try DatasetSplit(
        category, training: files.map(\.path), shots: model.description.shots, draw: model.description.draw,
        hashes: Dictionary(files.map { ($0.path, $0.sha256) }, uniquingKeysWith: { first, _ in first }))
      try model.save(to: path, with: [DatasetSplit.file: split.json()])
    }
  }

  /// - progress: called with the stage, steps done and steps in all; may throw to stop.
  /// - Throws: errors of pictures, device and detector, each in one sentence.
  public func run(
    _ loaded: LoadedBackbone, progress: (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }
  ) throws -> Outcome {
    var seconds = Seconds()
    let started = ContinuousClock.now
    var featuresEnded = started
    func load(_ path: String) throws -> NetworkPicture {
      let begun = ContinuousClock.now
      defer { seconds.decode += begun.duration(to: .now).seconds }
      return NetworkPicture(try Image(path: path), size: configuration.size)
    }
    let detector = try PatchCore.fit(
      configuration, backbone: loaded.backbone, pictures: files.count, load: { try load(files[$0]) },
      validation: validation.count, loadValidation: { try load(validation[$0]) },
      progress: { stage, done, total in
        if stage == .features { featuresEnded = .now }
        try progress(stage, done, total)
      })
    seconds.features = started.duration(to: featuresEnded).seconds - seconds.decode
    seconds.fit = featuresEnded.duration(to: .now).seconds
    let device = loaded.backbone.device
    let description = ModelDescription(
      configuration: configuration, weightsSHA256: loaded.weightsSHA256,
      trainingFiles: try files.map { .init(path: $0, sha256: try SHA256.hash(fileAt: $0)) }, shots: shots, draw: draw,
      threshold: detector.threshold, seed: seed, device: device.description, programVersion: programVersion)
    seconds.total = started.duration(to: .now).seconds
    return Outcome(model: TrainedModel(description: description, detector: detector), seconds: seconds)
  }
}

/// Wall-clock seconds of the parts of a run.
public struct Seconds: Codable, Hashable, Sendable {
  public var decode = 0.0
  public var features = 0.0
  public var fit = 0.0
  public var score = 0.0
  public var total = 0.0

  public init() {}

  /// The sums of two runs' parts.
  public static func + (a: Seconds, b: Seconds) -> Seconds {
    var sum = a
    sum.decode += b.decode
    sum.features += b.features
    sum.fit += b.fit
    sum.score += b.score
    sum.total += b.total
    return sum
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

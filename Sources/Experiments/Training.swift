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
  /// The part of the pictures that is not inspected; nil where there is none.
  public var ignored: IgnoredFile?
  /// The least area of a defect, stored with the threshold.
  public var minimumArea: DefectArea?
  public var programVersion: String

  public init(
    configuration: PatchCoreConfiguration, files: [String], validation: [String] = [], shots: Int? = nil,
    draw: UInt64? = nil, seed: UInt64 = 0, ignored: IgnoredFile? = nil, minimumArea: DefectArea? = nil,
    programVersion: String
  ) {
    self.configuration = configuration
    self.files = files
    self.validation = validation
    self.shots = shots
    self.draw = draw
    self.seed = seed
    self.ignored = ignored
    self.minimumArea = minimumArea
    self.programVersion = programVersion
  }

  /// A trained model and the seconds that its parts took.
  public struct Outcome: Sendable {
    public let model: TrainedModel
    public let seconds: Seconds

    /// The outcome with another least area of a defect.
    public func with(minimumArea: DefectArea?) -> Outcome {
      var (description, detector) = (model.description, model.detector)
      description.threshold?.minimumArea = minimumArea
      detector.threshold?.minimumArea = minimumArea
      return Outcome(model: TrainedModel(description: description, detector: detector), seconds: seconds)
    }

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
    func timed(_ load: () throws -> NetworkPicture) rethrows -> NetworkPicture {
      let begun = ContinuousClock.now
      defer { seconds.decode += begun.duration(to: .now).seconds }
      return try load()
    }
    let size = configuration.size
    let pictures = Prefetch(count: files.count) { [files] in NetworkPicture(try Image(path: files[$0]), size: size) }
    let heldOut = Prefetch(count: validation.count) { [validation] in
      NetworkPicture(try Image(path: validation[$0]), size: size)
    }
    var detector = try PatchCore.fit(
      configuration, backbone: loaded.backbone, pictures: files.count, ignored: ignored?.mask,
      load: { index in try timed { try pictures.element(at: index) } }, validation: validation.count,
      loadValidation: { index in try timed { try heldOut.element(at: index) } },
      progress: { stage, done, total in
        if stage == .features { featuresEnded = .now }
        try progress(stage, done, total)
      })
    detector.threshold?.minimumArea = minimumArea
    seconds.features = started.duration(to: featuresEnded).seconds - seconds.decode
    seconds.fit = featuresEnded.duration(to: .now).seconds
    let device = loaded.backbone.device
    let description = ModelDescription(
      configuration: configuration, weightsSHA256: loaded.weightsSHA256,
      trainingFiles: try files.map { .init(path: $0, sha256: try SHA256.hash(fileAt: $0)) }, shots: shots, draw: draw,
      threshold: detector.threshold, heldOut: detector.heldOut, ignored: ignored?.note(detector), seed: seed,
      device: device.description, programVersion: programVersion)
    seconds.total = started.duration(to: .now).seconds
    return Outcome(model: TrainedModel(description: description, detector: detector), seconds: seconds)
  }
}

/// Wall-clock seconds of the parts of a run.
public struct Seconds: Codable, Hashable, Sendable {
  /// Waiting for pictures: they are decoded ahead, on other threads.
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

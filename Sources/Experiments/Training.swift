public import Backbones
import Checkpoints
public import Detectors
import Foundation
import Images

/// Trains one model from picture files: what `flawless train` and the demo do.
public struct Training: Sendable {
  public var configuration: PatchCoreConfiguration
  public var files: [String]
  public var shots: Int?
  public var draw: UInt64?
  public var seed: UInt64
  /// The part of the pictures that is not inspected; nil where there is none.
  public var ignored: IgnoredFile?
  /// The least area of a defect, stored with the threshold.
  public var minimumArea: DefectArea?
  public var programVersion: String

  public init(
    configuration: PatchCoreConfiguration, files: [String], shots: Int? = nil, draw: UInt64? = nil, seed: UInt64 = 0,
    ignored: IgnoredFile? = nil, minimumArea: DefectArea? = nil, programVersion: String
  ) {
    self.configuration = configuration
    self.files = files
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
  }

  /// - progress: called with the stage, steps done and steps in all; may throw to stop.
  /// - Throws: errors of pictures, device and detector, each in one sentence.
  public func run(
    _ loaded: LoadedBackbone, progress: (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }
  ) throws -> Outcome {
    var seconds = Seconds()
    let started = ContinuousClock.now
    var featuresEnded = started
    let pictures = Prefetch(count: files.count) { [files, size = configuration.size] index in
      NetworkPicture(try Image(path: files[index]), size: size)
    }
    var detector = try PatchCore.fit(
      configuration, backbone: loaded.backbone, pictures: files.count, ignored: ignored?.mask,
      load: { index in
        let begun = ContinuousClock.now
        defer { seconds.decode += begun.duration(to: .now).seconds }
        return try pictures.element(at: index)
      },
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

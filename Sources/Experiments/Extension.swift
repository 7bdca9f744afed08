import Backbones
import Checkpoints
public import Detectors
import Foundation
import Images

/// Adds pictures to a trained model: what `flawless train --extend` does.
public struct Extension: Sendable {
  /// Pictures to add, with the hashes of their files.
  public let files: [ModelDescription.TrainingFile]
  /// Files that were passed over because the model holds their contents already, or because they are twice among the new
  /// ones: the path that it has there.
  public let known: [(path: String, other: String)]
  private let model: TrainedModel
  private let detector: PatchCore
  private let programVersion: String

  /// Hashes the files and sorts out those that are in the model.
  ///
  /// - Throws: ``ExperimentError/notExtendable(detector:)`` for a model of another detector than PatchCore,
  ///   `CheckpointError` when a file cannot be read, ``ExperimentError/nothingToAdd(pictures:)`` when none is new,
  ///   ``ExperimentError/descendant(generated:of:)`` when the model holds what was generated of a new one: its score would
  ///   not be of a model that has not seen it. Of generated pictures of unknown parents this cannot be told.
  public init(_ model: TrainedModel, files paths: [String], programVersion: String) throws {
    guard let detector = model.detector as? PatchCore else {
      throw ExperimentError.notExtendable(detector: model.detector.kind.title)
    }
    var pathOfHash = Dictionary(
      model.description.trainingFiles.map { ($0.sha256, $0.path) }
        + model.description.generatedFiles.map { ($0.sha256, $0.path) }, uniquingKeysWith: { first, _ in first })
    var files: [ModelDescription.TrainingFile] = []
    var known: [(path: String, other: String)] = []
    for path in paths {
      let hash = try SHA256.hash(fileAt: path)
      if let other = pathOfHash[hash] {
        known.append((path, other))
      } else {
        if let descendant = model.description.descendant(of: hash) {
          throw ExperimentError.descendant(generated: descendant.path, of: path)
        }
        pathOfHash[hash] = path
        files.append(.init(path: path, sha256: hash))
      }
    }
    guard !files.isEmpty else { throw ExperimentError.nothingToAdd(pictures: paths.count) }
    self.files = files
    self.known = known
    self.model = model
    self.detector = detector
    self.programVersion = programVersion
  }

  /// - progress: called with the stage, steps done and steps in all; may throw to stop.
  /// - Throws: errors of pictures, device and detector, each in one sentence.
  public func run(progress: (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }) throws -> Training.Outcome {
    var seconds = Seconds()
    let started = ContinuousClock.now
    var featuresEnded = started
    var description = model.description
    let pictures = Prefetch(count: files.count) { [files, size = description.configuration.size] index in
      NetworkPicture(try Image(path: files[index].path), size: size)
    }
    let detector = try detector.extended(
      trainedOn: description.trainingFiles.count + description.generatedFiles.count, by: files.count,
      load: { index in
        let begun = ContinuousClock.now
        defer { seconds.decode += begun.duration(to: .now).seconds }
        return try pictures.element(at: index)
      },
      progress: { stage, done, total in
        if stage == .features { featuresEnded = .now }
        try progress(stage, done, total)
      })
    seconds.features = started.duration(to: featuresEnded).seconds - seconds.decode
    seconds.fit = featuresEnded.duration(to: .now).seconds
    description.trainingFiles += files
    description.threshold = detector.threshold
    description.heldOut = detector.heldOut
    description.device = detector.backbone.device.description
    description.programVersion = programVersion
    seconds.total = started.duration(to: .now).seconds
    return Training.Outcome(model: TrainedModel(description: description, detector: detector), seconds: seconds)
  }
}

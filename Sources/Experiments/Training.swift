public import Backbones
public import Checkpoints
public import Datasets
public import Detectors
public import Foundation
import Images

/// Trains one model from picture files: what `flawless train` and the demo do.
public struct Training: Sendable {
  public var configuration: any DetectorConfiguration
  public var files: [String]
  /// Normal pictures that are never trained on: the threshold rests on them where there are some.
  public var validation: [String]
  /// Generated pictures that are trained on beside the real ones of `files`.
  public var generated: [GeneratedPictures.Picture]
  public var shots: Int?
  public var draw: UInt64?
  public var seed: UInt64
  /// The part of the pictures that is not inspected; nil where there is none.
  public var ignored: IgnoredFile?
  /// The least area of a defect, stored with the threshold.
  public var minimumArea: DefectArea?
  /// Where a training in many steps keeps its checkpoints; nil where it keeps none.
  public var workspace: Workspace?
  /// What was learnt elsewhere, taken in place of a training; nil where there is a training.
  public var learnt: (any TensorFile)?
  public var programVersion: String

  public init(
    configuration: any DetectorConfiguration, files: [String], validation: [String] = [],
    generated: [GeneratedPictures.Picture] = [], shots: Int? = nil, draw: UInt64? = nil, seed: UInt64 = 0,
    ignored: IgnoredFile? = nil, minimumArea: DefectArea? = nil, programVersion: String
  ) {
    self.configuration = configuration
    self.files = files
    self.validation = validation
    self.generated = generated
    self.shots = shots
    self.draw = draw
    self.seed = seed
    self.ignored = ignored
    self.minimumArea = minimumArea
    self.programVersion = programVersion
  }

  /// A folder for checkpoints, and how often they are written.
  public struct Workspace: Sendable {
    public var folder: URL
    /// Whether to go on with what is there, where there is something.
    public var resumes: Bool
    public var checkpointSteps: Int?
    public var checkpointMinutes: Double?

    public init(folder: URL, resumes: Bool, checkpointSteps: Int? = nil, checkpointMinutes: Double? = nil) {
      self.folder = folder
      self.resumes = resumes
      self.checkpointSteps = checkpointSteps
      self.checkpointMinutes = checkpointMinutes
    }
  }

  /// A trained model and the seconds that its parts took.
  public struct Outcome: Sendable {
    public let model: TrainedModel
    public let seconds: Seconds
    /// What is there until the model is saved; nil where nothing is.
    let workspace: TrainingWorkspace?

    init(model: TrainedModel, seconds: Seconds, workspace: TrainingWorkspace? = nil) {
      self.model = model
      self.seconds = seconds
      self.workspace = workspace
    }

    /// The outcome with another least area of a defect.
    public func with(minimumArea: DefectArea?) -> Outcome {
      var (description, detector) = (model.description, model.detector)
      description.threshold?.minimumArea = minimumArea
      detector.threshold?.minimumArea = minimumArea
      return Outcome(
        model: TrainedModel(description: description, detector: detector), seconds: seconds, workspace: workspace)
    }

    /// Writes the model's folder with the category's split in it, and the log and curve of a training in steps.
    public func save(_ category: Datasets.Category, to path: String) throws {
      let files = model.description.trainingFiles
      let generated = model.description.generatedFiles.map {
        GeneratedPictures.Picture(path: $0.path, sha256: $0.sha256, parents: $0.parents)
      }
      let split = try DatasetSplit(
        category, training: files.map(\.path), generated: generated, shots: model.description.shots,
        draw: model.description.draw,
        hashes: Dictionary(files.map { ($0.path, $0.sha256) }, uniquingKeysWith: { first, _ in first }))
      var kept = workspace?.results ?? [:]
      kept[DatasetSplit.file] = try split.json()
      try model.save(to: path, with: kept)
      workspace?.remove()
    }
  }

  /// - progress: called with the stage, steps done and steps in all; may throw to stop.
  /// - Throws: errors of pictures, device and detector, each in one sentence.
  public func run(
    _ loaded: LoadedBackbone, progress: @escaping (TrainingStage, Int, Int) throws -> Void = { _, _, _ in }
  ) throws -> Outcome {
    var seconds = Seconds()
    let started = ContinuousClock.now
    var featuresEnded = started
    func timed(_ load: () throws -> NetworkPicture) throws -> NetworkPicture {
      let begun = ContinuousClock.now
      defer { seconds.decode += begun.duration(to: .now).seconds }
      return try load()
    }
    let pictures = decoded(files + generated.map(\.path))
    let heldOut = decoded(validation)
    var description = try description(loaded)
    var fitting = Fitting(pictures: files.count) { index in try timed { try pictures.element(at: index) } }
    fitting.parents = description.parents()
    fitting.loadGenerated = { [real = files.count] index in try timed { try pictures.element(at: real + index) } }
    fitting.validation = validation.count
    fitting.loadValidation = { index in try timed { try heldOut.element(at: index) } }
    (fitting.ignored, fitting.seed) = (ignored?.mask, seed)
    fitting.learnt = learnt
    fitting.workspace = try claimedWorkspace(description)
    fitting.progress = { stage, done, total in
      if stage == .features { featuresEnded = .now }
      try progress(stage, done, total)
    }
    var detector: any Detector
    do {
      detector = try configuration.kind.type.fit(anyOf: configuration, backbone: loaded.backbone, fitting)
    } catch {
      fitting.workspace?.removeIfUnused()
      throw error
    }
    detector.threshold?.minimumArea = minimumArea
    seconds.features = started.duration(to: featuresEnded).seconds - seconds.decode
    seconds.fit = featuresEnded.duration(to: .now).seconds
    description.threshold = detector.threshold
    description.heldOut = detector.heldOut
    description.ignored = ignored?.note(detector)
    seconds.total = started.duration(to: .now).seconds
    return Outcome(
      model: TrainedModel(description: description, detector: detector), seconds: seconds, workspace: fitting.workspace)
  }

  private func decoded(_ paths: [String]) -> Prefetch<NetworkPicture> {
    Prefetch(count: paths.count) { [size = configuration.size as Int] in
      NetworkPicture(try Image(path: paths[$0]), size: size)
    }
  }

  /// What is known of the model before it is trained.
  ///
  /// - Throws: ``ExperimentError/descendant(generated:of:)`` where the threshold would rest on pictures that generated ones
  ///   descend from.
  private func description(_ loaded: LoadedBackbone) throws -> ModelDescription {
    var description = ModelDescription(
      configuration: configuration, weightsSHA256: loaded.weightsSHA256,
      trainingFiles: try files.map { .init(path: $0, sha256: try SHA256.hash(fileAt: $0)) }, shots: shots, draw: draw,
      threshold: nil, seed: seed, device: loaded.backbone.device.description, programVersion: programVersion)
    description.generatedFiles = generated.map { .init(path: $0.path, sha256: $0.sha256, parents: $0.parents) }
    for path in generated.isEmpty ? [] : validation {
      if let descendant = try description.descendant(of: SHA256.hash(fileAt: path)) {
        throw ExperimentError.descendant(generated: descendant.path, of: path)
      }
    }
    return description
  }

  /// Whether it was stopped in the middle of its steps, and can go on.
  public var isUnfinished: Bool {
    workspace.map { configuration.kind.type.trainsInSteps && TrainingWorkspace.isUnfinished($0.folder) } ?? false
  }

  /// The workspace for a training of this description.
  private func claimedWorkspace(_ description: ModelDescription) throws -> TrainingWorkspace? {
    guard let workspace, configuration.kind.type.trainsInSteps, learnt == nil else { return nil }
    struct Purpose: Encodable {
      let model: ModelDescription
      let validation: [String]
      let ignored: String?
    }
    // Another device or build may go on, though not to the same bits.
    var model = description
    (model.device, model.programVersion) = ("", "")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    let purpose = try encoder.encode(
      Purpose(
        model: model, validation: validation.map { try SHA256.hash(fileAt: $0) }, ignored: ignored?.sha256))
    var claimed = try TrainingWorkspace(workspace.folder, purpose: purpose, resuming: workspace.resumes)
    claimed.checkpointSteps = workspace.checkpointSteps
    claimed.checkpointMinutes = workspace.checkpointMinutes
    return claimed
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

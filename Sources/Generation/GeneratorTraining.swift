import Checkpoints
public import Compute
import Detectors
public import Foundation
public import Generator
public import Images
public import Networks
import Tensors

/// Trains a generator from picture files: what `flawless generate train` does.
public struct GeneratorTraining: Sendable {
  public var network: VQGANConfiguration
  public var training: VQGANTrainingConfiguration
  public var augmentation: Augmentation
  public var files: [String]
  public var categories: [String]
  /// Weights to begin with: a generator's folder, or a checkpoint of the published code; nil for random ones.
  public var start: String?
  public var shots: Int?
  public var draw: UInt64?
  public var seed: UInt64
  public var programVersion: String
  /// Where checkpoints are kept, and whether to go on with one that is there.
  public var folder: URL?
  public var resumes = false
  public var checkpointSteps: Int?
  public var checkpointMinutes: Double? = 5

  public init(
    network: VQGANConfiguration, training: VQGANTrainingConfiguration, augmentation: Augmentation, files: [String],
    categories: [String], seed: UInt64, programVersion: String
  ) {
    self.network = network
    self.training = training
    self.augmentation = augmentation
    self.files = files
    self.categories = categories
    self.seed = seed
    self.programVersion = programVersion
  }

  /// A trained generator and the seconds that it took.
  public struct Outcome {
    public let model: GeneratorModel
    public let seconds: Double
    let workspace: TrainingWorkspace?

    /// Writes the generator's folder, with the log and curve of its training.
    public func save(to path: String) throws {
      try model.save(to: path, with: workspace?.results ?? [:])
      workspace?.remove()
    }
  }

  /// - progress: called after each step; may throw to stop
  /// - Throws: `GeneratorError`, `TrainingError`, errors of pictures, files and the device.
  public func run(
    on device: any Device, progress: (TrainingProgress) throws -> Void = { _ in }
  ) throws -> Outcome {
    guard !files.isEmpty else { throw GeneratorError.setting(name: "list of pictures", reason: "is empty") }
    let started = ContinuousClock.now
    let builder = NetworkBuilder(on: device, seed: seed)
    let (begun, origin) = try beginning(builder)
    let description = GeneratorDescription(
      network: begun.configuration, training: training, augmentation: augmentation, categories: categories,
      start: origin,
      trainingFiles: try files.map { .init(path: $0, sha256: try SHA256.hash(fileAt: $0)) }, shots: shots, draw: draw,
      seed: seed, device: device.description, programVersion: programVersion)
    let workspace = try claimedWorkspace(description)
    do {
      let course = try VQGANTraining(
        begun, training, builder, perceptual: .loaded(training.perceptualLoss, on: device))
      let trainer = try course.trainer(examples: files.count, seed: seed)
      let source = try pictures(trainer.plan, size: begun.configuration.size)
      var settings = workspace?.settings(named: TrainingWorkspace.modelName) ?? LoopSettings()
      settings.averageDecay = training.averageDecay
      try TrainingLoop(trainer, settings).run(
        resuming: workspace?.resumes ?? false,
        losses: { step in
          let batch = try source.batch(step, on: device).affine(scale: 1 / 127.5, shift: -1)
          return try course.losses(step, pictures: batch)
        }, progress: progress)
      return Outcome(
        model: GeneratorModel(description: description, network: course.network),
        seconds: started.duration(to: .now).inSeconds, workspace: workspace)
    } catch {
      workspace?.removeIfUnused()
      throw error
    }
  }

  /// Whether it was stopped in the middle of its steps, and can go on.
  public var isUnfinished: Bool { folder.map(TrainingWorkspace.isUnfinished) ?? false }

  /// The network with the weights that training begins with.
  private func beginning(_ builder: NetworkBuilder) throws -> (VQGAN, GeneratorDescription.Start?) {
    guard let start else { return (try VQGAN(network, builder), nil) }
    let isOurs = GeneratorModel.isThere(start)
    let path = isOurs ? GeneratorModel.weightsPath(start) : start
    let origin = GeneratorDescription.Start(path: start, sha256: try SHA256.hash(fileAt: path))
    if isOurs {
      var found = try GeneratorModel.readDescription(start).network
      found.size = network.size
      return (try VQGAN(found, builder, file: SafetensorsFile(path: path), prefix: ""), origin)
    }
    return (try VQGAN(network, builder, file: openTensorFile(path)), origin)
  }

  /// Pictures in memory up to this, decoded anew in every epoch above it.
  private static let memoryBudget = 1 << 29

  private func pictures(_ plan: TrainingPlan, size: Int) throws -> BatchSource {
    let files = files
    let load: @Sendable (Int) throws -> FloatImage = {
      try FloatImage(Image(path: files[$0]).rgb, width: size, height: size, filter: .lanczos)
    }
    guard files.count * size * size * 12 <= Self.memoryBudget else {
      return try BatchSource(plan, examples: files.count, augmentation: augmentation, load: load)
    }
    let kept = try Prefetch(count: files.count) { try load($0) }.map { try $0.get() }
    return try BatchSource(plan, examples: files.count, augmentation: augmentation) { kept[$0] }
  }

  /// The workspace for a training of this description.
  private func claimedWorkspace(_ description: GeneratorDescription) throws -> TrainingWorkspace? {
    guard let folder else { return nil }
    // Another device or build may go on, though not to the same bits.
    var purpose = description
    (purpose.device, purpose.programVersion) = ("", "")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    var claimed = try TrainingWorkspace(folder, purpose: encoder.encode(purpose), resuming: resumes)
    (claimed.checkpointSteps, claimed.checkpointMinutes) = (checkpointSteps, checkpointMinutes)
    return claimed
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

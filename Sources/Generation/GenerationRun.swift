public import Backbones
import Checkpoints
import Compute
import Detectors
public import Foundation
import Generator
import Images
import Integrator
public import Prompts
import Tensors
public import TextImage

/// Draws pictures with a generator into a folder, and keeps those that fit: what `flawless generate sample` does.
public struct GenerationRun {
  public let model: GeneratorModel
  /// Where the generator's folder is.
  public let path: String
  public let originals: Originals
  /// Whose features say how pictures differ.
  public let backbone: any Backbone
  public var settings: GenerationSettings
  public var keyword: String?
  public var prompts: [Prompt]
  /// nil where nothing is compared with text: the first candidates are taken then.
  public var encoder: (any DifferentiableTextImageEncoder)?
  /// Normal pictures that nothing was made from, for measures.
  public var heldOut: [String] = []
  public var programVersion = ""
  /// Candidates end after so long; nil for all of them.
  public var budget: Duration?
  /// Whether to go on with candidates that an interrupted run made.
  public var resumes = false

  /// - shots: the real pictures; those that the generator was trained on unless given
  /// - Throws: `GeneratorError` when one of those is not there any more, or is another.
  public init(
    _ model: GeneratorModel, path: String, backbone: any Backbone, shots: [String]? = nil, settings: GenerationSettings,
    prompts: [Prompt] = [], encoder: (any DifferentiableTextImageEncoder)? = nil
  ) throws {
    (self.model, self.path, self.backbone, self.settings) = (model, path, backbone, settings)
    (self.prompts, self.encoder) = (prompts, encoder)
    let files = try shots ?? Self.trained(model.description)
    originals = try Originals(
      files: files, copies: settings.copies ?? ProductVariation.copies(originals: files.count),
      augmentation: model.description.augmentation, seed: settings.integrator.seed)
  }

  private static func trained(_ description: GeneratorDescription) throws -> [String] {
    try description.trainingFiles.map { file in
      guard FileManager.default.fileExists(atPath: file.path) else {
        throw GeneratorError.setting(
          name: "picture \(file.path)",
          reason: "is not there any more; name the product's pictures with --data or --normal")
      }
      guard try SHA256.hash(fileAt: file.path) == file.sha256 else {
        throw GeneratorError.setting(
          name: "picture \(file.path)", reason: "has changed since the training; name the product's pictures anew")
      }
      return file.path
    }
  }

  /// What the work is at.
  public enum Stage: String, Sendable {
    case calibration, candidates, measures
  }

  var device: any Device { model.network.lastWeight.device }

  /// Where candidates are kept until the folder is complete.
  public static func workFolder(_ output: String) -> URL {
    let path = output.hasSuffix("/") ? String(output.dropLast()) : output
    return URL(fileURLWithPath: "\(path).generating")
  }

  public static func isUnfinished(_ output: String) -> Bool { CandidateStore.isUnfinished(workFolder(output)) }

  /// Makes, judges and writes all of it; the folder appears whole or not at all.
  ///
  /// - progress: called with the stage, steps done and steps in all; may throw to stop: what was made is kept
  /// - Throws: `GeneratorError`, `IntegratorError`, errors of pictures, files and the device.
  public func run(
    to output: String, progress: (Stage, Int, Int) throws -> Void = { _, _, _ in }
  ) throws -> GenerationManifest {
    let started = ContinuousClock.now
    try GenerationManifest.checkReplaceable(output)
    let shots = try originals.files.map { ModelDescription.TrainingFile(path: $0, sha256: try SHA256.hash(fileAt: $0)) }
    let source = GenerationManifest.Source(
      path: path, weightsSHA256: try SHA256.hash(fileAt: GeneratorModel.weightsPath(path)))
    var store = try CandidateStore(
      Self.workFolder(output), purpose: purpose(shots, source), resuming: resumes)
    do {
      var sampler = try VariationalSampler(model.network, settings.sampling, originals: inputs())
      let descriptors = GenerationDescriptors(backbone)
      let calibration = try calibrated(&sampler, descriptors, progress)
      let outcome = try candidates(sampler, &store, started, progress)
      let accepted = outcome.selection.accepted.map { outcome.candidates[$0].candidate.key }
      let quality = try measured(accepted, store, descriptors, outcome.aims.last, progress)
      let manifest = GenerationManifest(
        keyword: keyword, prompt: encoder == nil ? nil : outcome.aims.last?.prompts.first, encoder: encoder?.name,
        generator: source, shots: shots, settings: settings, temperature: sampler.temperature, calibration: calibration,
        aims: encoder == nil ? [] : outcome.aims,
        pictures: try outcome.candidates.map { try picture($0, store, shots) },
        close: outcome.selection.close, isComplete: outcome.isComplete, quality: quality,
        seconds: started.duration(to: .now).inSeconds, device: device.description, programVersion: programVersion)
      try GenerationFolder(manifest, store).write(to: output)
      store.remove()
      return manifest
    } catch {
      store.removeIfUnused()
      throw error
    }
  }

  private func inputs() throws -> [Tensor] {
    try (0..<originals.count).map {
      try VariantFinish.input(originals.picture($0), size: model.network.configuration.size, on: device)
    }
  }

  /// Sets the sampler's temperature; nil where it was given.
  private func calibrated(
    _ sampler: inout VariationalSampler, _ descriptors: GenerationDescriptors,
    _ progress: (Stage, Int, Int) throws -> Void
  ) throws -> TemperatureCalibration? {
    guard settings.calibrates, originals.count > 1 else { return nil }
    try progress(.calibration, 0, 1)
    let x = try Tensor.concatenated(
      (0..<min(originals.count, Self.calibrated)).map {
        try VariantFinish.input(originals.picture($0), size: model.network.configuration.size, on: device)
      }, axis: 0)
    let finish = VariantFinish(sampler, originals, detail: settings.detail)
    let found = try TemperatureCalibration(
      sampler, originals: x, settings.calibration, finish: { try finish.small($0, around: x) },
      descriptors: descriptors.ofBatch)
    sampler.temperature = found.temperature
    try progress(.calibration, 1, 1)
    return found
  }

  /// Originals that a temperature is found with.
  private static let calibrated = 16

  private func candidates(
    _ sampler: VariationalSampler, _ store: inout CandidateStore, _ started: ContinuousClock.Instant,
    _ progress: (Stage, Int, Int) throws -> Void
  ) throws -> Integrator.Outcome {
    let finish = VariantFinish(sampler, originals, detail: settings.detail)
    let refinement = try encoder.flatMap { encoder in
      settings.refinement.steps == 0
        ? nil
        : try LatentRefinement(
          settings.refinement, network: model.network, encoder: encoder,
          perceptual: settings.refinement.perceptual == 0
            ? nil : .loaded(model.description.training.perceptualLoss, on: device),
          quantises: settings.sampling.requantises)
    }
    let variants = try LatentVariants(
      sampler, refinement: refinement, pictures: finish.input, finish: { try finish($0, $1) })
    var judged = settings.integrator
    if encoder == nil {
      // Everything is alike then.
      judged.selection.duplicateCosine = 2
      judged.rounds = 1
    }
    // The first originals are the shots as they are.
    let shots = originals.files.count
    let references = try (0..<min(shots > 1 ? shots : originals.count, Self.references)).map {
      try Image(originals.picture($0))
    }
    let integrator = try Integrator(
      judged, encoder: encoder ?? Indifference(), prompts: prompts.isEmpty ? [Prompt("")] : prompts,
      references: references.count == 1 ? references + references : references)
    let total = judged.rounds * judged.variants * originals.count
    var done = 0
    var kept = store
    defer { store = kept }
    return try integrator.run(
      originals: originals.all,
      known: { key in
        guard let found = kept.known(key) else { return nil }
        done += 1
        return found
      }, make: variants.made
    ) { scored, image in
      try kept.add(scored, image)
      done += 1
      try progress(.candidates, done, total)
      return budget.map { started.duration(to: .now) < $0 } ?? true
    }
  }

  /// Real pictures that thresholds come from: the shots, or copies of the only one.
  private static let references = 32

  private func picture(
    _ scored: ScoredCandidate, _ store: CandidateStore, _ shots: [ModelDescription.TrainingFile]
  ) throws -> GenerationManifest.Picture {
    let candidate = scored.candidate
    guard let line = store[candidate.key] else { preconditionFailure("every candidate is stored") }
    let folder = candidate.isAccepted ? GenerationFolder.accepted : GenerationFolder.rejected
    return GenerationManifest.Picture(
      file: "\(folder)/\(line.file)", sha256: line.sha256, accepted: candidate.isAccepted,
      parents: [shots[candidate.parent].sha256], candidate: candidate)
  }

  /// Everything that decides what candidates are and how they are judged.
  private func purpose(_ shots: [ModelDescription.TrainingFile], _ source: GenerationManifest.Source) throws -> Data {
    struct Purpose: Encodable {
      let shots: [String]
      let weights: String
      let settings: GenerationSettings
      let prompts: [String]
      let encoder: String?
    }
    let json = JSONEncoder()
    json.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return try json.encode(
      Purpose(
        shots: shots.map(\.sha256), weights: source.weightsSHA256, settings: settings, prompts: prompts.map(\.text),
        encoder: encoder?.name))
  }
}

/// Finds everything alike: candidates are then taken in their order.
private struct Indifference: TextImageEncoder {
  let name = "none"
  let width = 1
  func vectors(ofTexts texts: [String]) throws -> [[Float]] { texts.map { _ in [1] } }
  func vectors(ofPictures pictures: [Image]) throws -> [[Float]] { pictures.map { _ in [1] } }
}

extension Image {
  /// Grey levels of 0 … 255, rounded.
  init(_ picture: FloatImage) throws(ImageError) {
    try self.init(
      width: picture.width, height: picture.height, channels: picture.channels,
      pixels: picture.samples.map { UInt8(min(max($0, 0), 255).rounded()) })
  }
}

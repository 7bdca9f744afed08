import ArgumentParser
import Backbones
import Datasets
import Detectors
import Devices
import Experiments
import Foundation
import ToolSupport

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a detector on good pictures.",
    discussion: """
      Only good pictures are needed: in ROOT/CATEGORY/train/good, in any folder that --normal names, or in a data set's \
      own layout, which is recognised. The threshold is found with good pictures that were held out. An older model at \
      MODEL is replaced once the new one is complete; split.json in it lists the pictures.

      With --extend pictures are added to a model: patches of theirs that the memory bank does not cover yet go into it, \
      and their scores, by models without them, into the threshold. Pictures that it holds are passed over.

      With --generated a generator's pictures are trained on as well. The threshold still comes from real ones: while some \
      of these are held out, what was generated of them is too, and all whose parents nobody knows.

      Examples:
        flawless train --data mvtec --category bottle -o bottle.model
        flawless train --normal photos/good -o my-product.model
        flawless train --data mvtec --category bottle --shots 4 --draw 7 \\
          --device opencl -o bottle-4.model
        flawless train --manifest pictures.csv -o my-product.model
        flawless train --extend my-product.model --normal photos/today
        flawless train --normal photos/good --shots 4 --generated more -o 4.model
      """)

  @OptionGroup(title: "Pictures") var pictures: TrainingPictures
  @OptionGroup(title: "Pictures") var more: GeneratedOptions
  @OptionGroup var extending: ExtensionOptions
  @OptionGroup(title: "Detector") var options: DetectorOptions
  @OptionGroup(title: "Detector") var regions: RegionOptions
  @OptionGroup(title: "Run") var common: CommonOptions

  @OptionGroup(title: "Long trainings") var checkpoints: CheckpointOptions

  @Option(help: "The run's seed, stored with the model.")
  var seed: UInt64 = 0

  @Option(name: [.short, .long], help: ArgumentHelp("The model's folder.", valueName: "MODEL"))
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Write what was trained, and how long it took, as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  /// Where the model is written.
  var target: String { output ?? extending.extend ?? "" }

  func validate() throws {
    if checkpoints.resume, !options.detector.type.trainsInSteps || extending.extend != nil {
      throw ValidationError(
        "--resume goes on with trainings in steps: --detector reverse-distillation, without --extend.")
    }
    if !more.generated.isEmpty {
      if extending.extend != nil {
        throw ValidationError("--generated cannot be added with --extend; train anew on real and generated pictures.")
      }
      if options.distillationOptions.student != nil {
        throw ValidationError("--generated cannot be used with --student, which is trained already.")
      }
    }
    if target.isEmpty { throw ValidationError("Missing expected argument '--output <MODEL>'") }
  }

  func run() throws {
    let category = try pictures.dataset.load()
    let files = try category.shots(pictures.shots, draw: pictures.draw)
    try TrainedModel.checkReplaceable(target)
    try OutputFile.checkFolder(OutputFile.parent(of: target))
    try OutputFile.check(json)
    let progress = try common.progress()
    if let model = extending.extend { return try extend(model, by: files, category, progress) }
    let ignored = try regions.ignored()
    let generated = try more.load(progress)
    let device = try common.openDevice(progress)
    try pictures.dataset.announce(category, progress)
    let loaded = try LoadedBackbone(options.backbone, weights: options.weights, on: device)
    var training = Training(
      configuration: options.configuration, files: files, validation: category.validation, generated: generated,
      shots: pictures.shots, draw: pictures.draw, seed: seed, ignored: ignored, minimumArea: regions.minimumArea?.area,
      programVersion: Version.text)
    if options.detector.type.trainsInSteps, options.distillationOptions.student == nil {
      training.workspace = try checkpoints.workspace(for: target, progress)
    }
    training.learnt = try options.distillationOptions.learnt()
    progress.begin()
    let outcome = try resumable(training) {
      try training.run(loaded) { try progress.report($0.name, $1, of: $2, $0.detail) }
    }
    try Interruption.check()
    try outcome.save(category, to: target)
    progress.clear()
    defer { DeviceChoice.keepKernels(of: device) }
    if let json { try OutputFile.writeJSON(summary(outcome, category), to: json) }
    if json != "-" { try Output.line("\(Self.sentence(outcome))\nmodel: \(target)") }
  }

  /// An interruption of a training whose state is kept says how to go on.
  private func resumable(_ training: Training, _ run: () throws -> Training.Outcome) throws -> Training.Outcome {
    do { return try run() } catch is Interruption.Interrupted {
      guard training.isUnfinished else { throw Interruption.Interrupted() }
      throw Interruption.Interrupted("Interrupted; --resume goes on with the training.")
    }
  }

  /// What `--json` writes.
  func summary(_ outcome: Training.Outcome, _ category: Datasets.Category) -> [String: Any] {
    let description = outcome.model.description
    let threshold = outcome.model.detector.threshold
    return [
      "model": target, "detector": description.kind.rawValue, "category": category.name,
      "pictures": description.trainingFiles.count, "generated": description.generatedFiles.count,
      "backbone": description.configuration.backbone.rawValue, "weights_sha256": description.weightsSHA256,
      "memory_bank_rows": (outcome.model.detector as? PatchCore).map { $0.bankRows as Any } ?? NSNull(),
      "device": description.device,
      "shots": pictures.shots.map { $0 as Any } ?? NSNull(), "seed": seed,
      "threshold": threshold.map { Double($0.score) as Any } ?? NSNull(),
      "threshold_origin": threshold.map { $0.origin as Any } ?? NSNull(),
      "low_confidence": threshold.map { $0.lowConfidence as Any } ?? NSNull(),
      "seconds": outcome.seconds.total, "peak_memory_bytes": peakMemoryBytes(),
    ]
  }

  /// What was trained, in words.
  static func sentence(_ outcome: Training.Outcome) -> String {
    let description = outcome.model.description
    let (pictures, generated) = (description.trainingFiles.count, description.generatedFiles.count)
    let seconds = String(format: "%.1f", outcome.seconds.total)
    var text = "trained on \(pictures) picture\(pictures == 1 ? "" : "s")"
    if generated > 0 { text += " and \(generated) generated one\(generated == 1 ? "" : "s")" }
    text += " in \(seconds) s: "
    text += outcome.model.detector.extent
    if let threshold = outcome.model.detector.threshold {
      text += ", threshold \(String(format: "%.4g", Double(threshold.score))) from \(threshold.origin)"
      if threshold.lowConfidence { text += " (low confidence)" }
    }
    return text
  }
}

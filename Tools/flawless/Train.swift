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

      Examples:
        flawless train --data mvtec --category bottle -o bottle.model
        flawless train --normal photos/good -o my-product.model
        flawless train --data mvtec --category bottle --shots 4 --draw 7 \\
          --device opencl -o bottle-4.model
        flawless train --manifest pictures.csv -o my-product.model
      """)

  @OptionGroup(title: "Pictures") var pictures: TrainingPictures
  @OptionGroup(title: "Detector") var options: DetectorOptions
  @OptionGroup(title: "Run") var common: CommonOptions

  @Option(help: "The run's seed, stored with the model.")
  var seed: UInt64 = 0

  @Option(name: [.short, .long], help: ArgumentHelp("The model's folder.", valueName: "MODEL"))
  var output: String

  @Option(
    help: ArgumentHelp(
      "Write what was trained, and how long it took, as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func run() throws {
    let category = try pictures.dataset.load()
    let files = try category.shots(pictures.shots, draw: pictures.draw)
    try TrainedModel.checkReplaceable(output)
    try OutputFile.checkFolder(OutputFile.parent(of: output))
    try OutputFile.check(json)
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    try pictures.dataset.announce(category, progress)
    let loaded = try LoadedBackbone(options.backbone, weights: options.weights, on: device)
    let training = Training(
      configuration: options.configuration, files: files, validation: category.validation, shots: pictures.shots,
      draw: pictures.draw, seed: seed, programVersion: Version.text)
    progress.begin()
    let outcome = try training.run(loaded) { try progress.report($0.rawValue, $1, of: $2) }
    try Interruption.check()
    try outcome.save(category, to: output)
    progress.clear()
    defer { DeviceChoice.keepKernels(of: device) }
    if let json { try OutputFile.writeJSON(summary(outcome, category), to: json) }
    if json != "-" { try Output.line("\(Self.sentence(outcome))\nmodel: \(output)") }
  }

  /// What `--json` writes.
  private func summary(_ outcome: Training.Outcome, _ category: Datasets.Category) -> [String: Any] {
    let description = outcome.model.description
    let threshold = outcome.model.detector.threshold
    return [
      "model": output, "detector": description.detector, "category": category.name,
      "pictures": description.trainingFiles.count,
      "backbone": description.configuration.backbone.rawValue, "weights_sha256": description.weightsSHA256,
      "memory_bank_rows": outcome.model.detector.bankRows, "device": description.device,
      "shots": pictures.shots.map { $0 as Any } ?? NSNull(), "seed": seed,
      "threshold": threshold.map { Double($0.score) as Any } ?? NSNull(),
      "threshold_origin": threshold.map { $0.origin as Any } ?? NSNull(),
      "low_confidence": threshold.map { $0.lowConfidence as Any } ?? NSNull(),
      "seconds": outcome.seconds.total, "peak_memory_bytes": peakMemoryBytes(),
    ]
  }

  /// What was trained, in words.
  static func sentence(_ outcome: Training.Outcome) -> String {
    let pictures = outcome.model.description.trainingFiles.count
    let seconds = String(format: "%.1f", outcome.seconds.total)
    var text = "trained on \(pictures) picture\(pictures == 1 ? "" : "s") in \(seconds) s: "
    text += "\(outcome.model.detector.bankRows) patches"
    if let threshold = outcome.model.detector.threshold {
      text += ", threshold \(String(format: "%.4g", Double(threshold.score))) from \(threshold.origin)"
      if threshold.lowConfidence { text += " (low confidence)" }
    }
    return text
  }
}

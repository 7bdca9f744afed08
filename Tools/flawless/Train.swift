import ArgumentParser
import Backbones
import Datasets
import Detectors
import Experiments
import Devices
import Foundation
import ToolSupport

struct Train: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a detector on good pictures.",
    discussion: """
      Examples:
        flawless train --data mvtec --category bottle -o bottle.model
        flawless train --data mvtec --category bottle --shots 4 --device opencl -o bottle-4.model
      """)

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var options: DetectorOptions
  @OptionGroup var common: CommonOptions

  @Option(help: "Train on this many pictures: the first by name, or a random draw (default: all).")
  var shots: Int?

  @Option(help: "Draw the shots at random with this seed.")
  var draw: UInt64?

  @Option(help: "The run's seed.")
  var seed: UInt64 = 0

  @Option(name: [.short, .long], help: ArgumentHelp("The model's folder.", valueName: "MODEL"))
  var output: String

  @Option(help: ArgumentHelp("Write what was trained, and how long it took, as JSON.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    if draw != nil, shots == nil { throw ValidationError("--draw needs --shots.") }
  }

  func run() throws {
    let category = try dataset.load()
    let files = try category.shots(shots, draw: draw)
    try TrainedModel.checkReplaceable(output)
    let progress = try common.progress()
    for (path, reason) in category.skipped { progress.note("skipped \(path): \(reason)") }
    let device = try common.openDevice().device
    let loaded = try LoadedBackbone(options.backbone, weights: options.weights, on: device)
    let training = Training(
      configuration: options.configuration, files: files, shots: shots, draw: draw, seed: seed,
      programVersion: Version.text)
    let outcome = try training.run(loaded) { try progress.report($0.rawValue, $1, of: $2) }
    try outcome.model.save(to: output)
    progress.finish()
    if let json { try writeJSON(Self.summary(outcome, files.count), to: json) }
    print(Self.sentence(outcome, files.count, output))
  }

  /// What `--json` writes.
  private static func summary(_ outcome: Training.Outcome, _ pictures: Int) -> [String: Any] {
    let threshold = outcome.model.detector.threshold
    return [
      "detector": outcome.model.description.detector, "pictures": pictures,
      "memory_bank_rows": outcome.model.detector.bankRows, "device": outcome.model.description.device,
      "threshold": threshold.map { Double($0.score) as Any } ?? NSNull(),
      "threshold_origin": threshold.map { $0.origin as Any } ?? NSNull(),
      "seconds": outcome.seconds.total, "peak_memory_bytes": peakMemoryBytes(),
    ]
  }

  static func sentence(_ outcome: Training.Outcome, _ pictures: Int, _ output: String) -> String {
    let bank = outcome.model.detector.bankRows
    let seconds = String(format: "%.1f", outcome.seconds.total)
    var text = "trained on \(pictures) picture\(pictures == 1 ? "" : "s") in \(seconds) s: \(bank) patches"
    if let threshold = outcome.model.detector.threshold {
      text += ", threshold \(String(format: "%.4g", Double(threshold.score))) from \(threshold.origin)"
      if threshold.lowConfidence { text += " (low confidence)" }
    }
    return "\(text)\nmodel: \(output)"
  }
}

/// Writes a JSON object, whole or not at all; `-` is standard output.
func writeJSON(_ object: [String: Any], to path: String) throws {
  try writeData(
    JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
      + Data("\n".utf8), to: path)
}

func writeData(_ data: Data, to path: String) throws {
  guard path != "-" else {
    FileHandle.standardOutput.write(data)
    return
  }
  do { try data.write(to: URL(fileURLWithPath: path), options: .atomic) } catch {
    throw ExperimentError.unwritable(path: path, reason: "the folder is missing, full or not writable")
  }
}

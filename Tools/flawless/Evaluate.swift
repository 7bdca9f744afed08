import ArgumentParser
import Backbones
import Detectors
import Experiments
import Devices
import Foundation
import ToolSupport

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a model on test pictures with known defects.",
    discussion: """
      Example:
        flawless evaluate bottle.model --data mvtec --category bottle --json metrics.json --report report
      """)

  @Argument(help: "The model's folder.")
  var model: String

  @OptionGroup var dataset: DatasetOptions
  @OptionGroup var common: CommonOptions

  @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(
    help: ArgumentHelp("Compare maps with masks at this size: 'original', or pixels of a square.", valueName: "SIZE"))
  var evaluateSize = "original"

  @Option(help: ArgumentHelp("Write the metrics as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @Option(help: ArgumentHelp("Write every picture's scores as CSV.", valueName: "FILE"))
  var csv: String?

  @Option(help: ArgumentHelp("Write report.html into this folder.", valueName: "DIR"))
  var report: String?

  private var size: EvaluationSize? {
    evaluateSize == "original"
      ? .original : Int(evaluateSize).flatMap { (8...16384).contains($0) ? .square($0) : nil }
  }

  func validate() throws {
    guard size != nil else { throw ValidationError("--evaluate-size is 'original' or a number of pixels from 8.") }
  }

  func run() throws {
    let category = try dataset.load()
    let progress = try common.progress()
    let device = try common.openDevice().device
    let model = try TrainedModel.load(model, weights: weights, on: device)
    let evaluation = try Evaluation(model.detector, category, size: size ?? .original) {
      try progress.report("pictures", $0, of: $1)
    }
    progress.finish()
    if evaluation.withoutMask > 0 {
      progress.note("\(evaluation.withoutMask) defective pictures have no mask: they count for picture metrics only")
    }
    let metrics = MetricsFile(
      categories: [(evaluation.category, evaluation.metrics)],
      backbone: model.description.configuration.backbone.rawValue, weightsSHA256: model.description.weightsSHA256,
      device: device.description, shots: model.description.shots, seed: model.description.seed,
      seconds: evaluation.seconds, peakMemoryBytes: peakMemoryBytes())
    if let json { try writeData(metrics.json(), to: json) }
    if let csv { try writeData(Data(evaluation.csv.utf8), to: csv) }
    if let report { try writeReport(evaluation, model, device.description, report) }
    if json != "-" { print(Self.table([evaluation])) }
    if let report { print("report: \(report)/report.html") }
  }

  private func writeReport(
    _ evaluation: Evaluation, _ model: TrainedModel, _ device: String, _ folder: String
  ) throws {
    guard let threshold = model.detector.threshold else { return }
    try Report.write(
      title: "\(evaluation.category): defects found by PatchCore",
      facts: Report.facts(model.description, device: device),
      sections: [ReportSection(evaluation, threshold: threshold)], to: folder)
  }

  /// The metrics as a table, with the mean where there are several categories.
  static func table(_ evaluations: [Evaluation]) -> String {
    var table = Table(["category"] + CategoryMetrics.names.map(\.title))
    for evaluation in evaluations { table.add([evaluation.category] + evaluation.metrics.values.map(\.text)) }
    if evaluations.count > 1 {
      table.add(["mean"] + CategoryMetrics.mean(evaluations.map(\.metrics)).values.map(\.text))
    }
    return table.text
  }
}

/// Writing reports from the program: facts of the run, and the file.
enum Report {
  static func facts(_ description: ModelDescription, device: String) -> [(name: String, value: String)] {
    [
      ("detector", "PatchCore on \(description.configuration.backbone.rawValue)"),
      ("training pictures", "\(description.trainingFiles.count)"),
      ("network size", "\(description.configuration.size) x \(description.configuration.size)"), ("device", device),
      ("version", description.programVersion),
      ("date", Date().formatted(.iso8601.year().month().day())),
    ]
  }

  static func write(
    title: String, facts: [(name: String, value: String)], sections: [ReportSection], to folder: String
  ) throws {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch { throw ExperimentError.unwritable(path: folder, reason: "the folder cannot be made") }
    try writeData(
      Data(ReportPage(title: title, facts: facts, sections: sections).html().utf8), to: "\(folder)/report.html")
  }
}

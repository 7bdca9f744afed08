import ArgumentParser
import Backbones
import Datasets
import Detectors
import Devices
import Experiments
import Foundation
import ToolSupport

struct Evaluate: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score a model on test pictures with known defects.",
    discussion: """
      Prints the metrics on raw scores; --json writes them as metrics.json, --report writes one HTML page with every \
      picture, its map and its verdict, which needs no network.

      Examples:
        flawless evaluate bottle.model --data mvtec --category bottle \\
          --json metrics.json --report report
        flawless evaluate bottle.model --data mvtec --category bottle \\
          --evaluate-size 256 --json - --quiet
        flawless evaluate my-product.model --normal-test photos/good-too \\
          --abnormal photos/bad --masks photos/masks
      """)

  @Argument(help: "The model's folder.")
  var model: String

  @OptionGroup(title: "Pictures") var dataset: DatasetOptions
  @OptionGroup(title: "Run") var common: CommonOptions

  @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(
    help: ArgumentHelp("Compare maps with masks at this size: 'original', or pixels of a square.", valueName: "SIZE"))
  var evaluateSize = "original"

  @Option(help: ArgumentHelp("Write the metrics as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @Option(help: ArgumentHelp("Write every picture's scores as CSV; '-' is standard output.", valueName: "FILE"))
  var csv: String?

  @Option(help: ArgumentHelp("Write report.html into this folder.", valueName: "DIR"))
  var report: String?

  private var size: EvaluationSize? { EvaluationSize(evaluateSize) }

  func validate() throws {
    if size == nil { throw EvaluationSize.wrong }
    guard json != "-" || csv != "-" else { throw ValidationError("Only one of --json and --csv can be '-'.") }
  }

  func run() throws {
    let category = try dataset.load()
    try OutputFile.check(json)
    try OutputFile.check(csv)
    if let report { try OutputFile.checkFolder(report) }
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    try dataset.announce(category, progress)
    let model = try TrainedModel.load(model, weights: weights, on: device)
    try warnOfTrainingPictures(category, model.description, progress)
    progress.begin()
    let evaluation = try Evaluation(model.detector, category, size: size ?? .original) {
      try progress.report("test pictures", $0, of: $1)
    }
    if evaluation.withoutMask > 0 {
      try progress.note(
        "\(evaluation.withoutMask) defective pictures have no mask, or an empty one: they count for picture metrics only"
      )
    }
    try Interruption.check()
    let metrics = MetricsFile(
      categories: [(evaluation.category, evaluation.metrics)],
      detector: model.description.kind.rawValue, backbone: model.description.configuration.backbone.rawValue,
      weightsSHA256: model.description.weightsSHA256,
      device: device.description, shots: model.description.shots,
      generated: model.description.generatedFiles.count, seed: model.description.seed, seconds: evaluation.seconds,
      peakMemoryBytes: peakMemoryBytes())
    if let report { try writeReport(evaluation, model, device.description, report) }
    progress.clear()
    defer { DeviceChoice.keepKernels(of: device) }
    if let json { try OutputFile.write(metrics.json(), to: json) }
    if let csv { try OutputFile.write(Data(evaluation.csv.utf8), to: csv) }
    guard json != "-", csv != "-" else { return }
    try Output.line(Self.table([evaluation]))
    if let report { try Output.line("report: \(report)/\(Report.file)") }
  }

  /// A picture that the model was trained on, or on pictures generated of it, says nothing about others.
  private func warnOfTrainingPictures(
    _ category: Datasets.Category, _ description: ModelDescription, _ progress: ProgressReporter
  ) throws {
    let known = description.generatedFiles.reduce(into: Set(description.trainingFiles.map(\.sha256))) {
      $0.formUnion($1.ancestors)
    }
    let seen = try category.testPictures(hashedAs: known)
    guard let first = seen.first else { return }
    let generated = description.generatedFiles.isEmpty ? "" : ", or on what was generated of them"
    try progress.note(
      "warning: the model was trained on \(seen.count) of the \(category.test.count) test pictures (\(first.name)"
        + "\(seen.count > 1 ? ", …" : ""))\(generated): the metrics are too good", always: true)
  }

  private func writeReport(
    _ evaluation: Evaluation, _ model: TrainedModel, _ device: String, _ folder: String
  ) throws {
    guard let threshold = model.detector.threshold else {
      throw DetectorError.model(path: self.model, reason: "it has no threshold, which a report needs; train it again")
    }
    try Report.write(
      title: "\(evaluation.category): defects found by \(model.description.kind.title)",
      facts: Report.facts(model.description, device: device),
      sections: [ReportSection(evaluation, threshold: threshold)], to: folder)
  }

  /// The metrics as a table, with the mean where there are several categories, and what is no part of it.
  static func table(_ evaluations: [Evaluation]) -> String {
    let mean = CategoryMetrics.mean(evaluations.map(\.metrics))
    var table = Table(["category"] + mean.shown.map(\.title))
    for evaluation in evaluations {
      table.add([evaluation.category] + mean.shown.map { evaluation.metrics[$0.key].text })
    }
    let leftOut = LeftOut.all(evaluations.map { ($0.category, $0.metrics) }).filter(\.isShown)
    let notes = leftOut.map { metric in
      "\(metric.title) is not defined for "
        + metric.categories.map { "\($0.name): \($0.reason)" }.joined(separator: ", ")
    }
    if evaluations.count > 1 {
      table.add(["mean of \(evaluations.count)"] + mean.shown.map(\.value.text))
    }
    return ([table.text] + notes).joined(separator: "\n")
  }
}

import ArgumentParser
import Backbones
import Datasets
import Detectors
import Devices
import Experiments
import Foundation
import SampleData
import ToolSupport

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train and evaluate on sample data, and write a report with pictures.",
    discussion: """
      Makes the sample data set in DIR/data, trains a model for each of its products in DIR/models, evaluates them, and \
      writes DIR/metrics.json and DIR/report.html. A second run with the same seed and device uses what is there.

      Examples:
        flawless demo
        flawless demo -o demo --device opencl --seed 7
      """)

  @Option(name: [.short, .long], help: ArgumentHelp("The folder of everything it writes.", valueName: "DIR"))
  var output = "flawless-demo"

  @Option(help: "The seed of the sample data.")
  var seed: UInt64 = SampleDataset.standardSeed

  @Option(help: ArgumentHelp("The network's weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(help: ArgumentHelp("Write the metrics here as well; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @Option(help: ArgumentHelp("Write a JPEG of some defects and their maps, as in the README.", valueName: "FILE"))
  var sheet: String?

  @OptionGroup(title: "Run") var common: CommonOptions

  func run() throws {
    try OutputFile.checkFolder(output)
    try OutputFile.check(json)
    try OutputFile.check(sheet)
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    let loaded = try LoadedBackbone(PatchCoreConfiguration().backbone, weights: weights, on: device)
    let folder = DemoFolder(path: output, seed: seed, device: device.description, weightsSHA256: loaded.weightsSHA256)
    let reusesModels = try folder.claim()
    _ = try SampleDataFolder(path: folder.data, seed: seed).make(progress)

    progress.begin()
    var run = Run()
    let dataset = try Dataset(.mvtec, root: folder.data)
    for name in try dataset.categories() {
      try run.add(name, dataset.category(name), loaded, self, folder, reusesModels: reusesModels, progress)
      try Interruption.check()
    }
    let metrics = MetricsFile(
      categories: run.evaluations.map { ($0.category, $0.metrics) },
      detector: PatchCoreConfiguration.kind.rawValue, backbone: loaded.backbone.kind.rawValue,
      weightsSHA256: loaded.weightsSHA256, device: device.description, shots: nil, seed: seed, seconds: run.seconds,
      peakMemoryBytes: peakMemoryBytes())
    try OutputFile.write(metrics.json(), to: folder.metrics)
    try Report.write(
      title: "Flawless: defects found in the sample data", facts: run.facts,
      mean: CategoryMetrics.mean(run.evaluations.map(\.metrics)).shown.map(\.value.text), sections: run.sections,
      to: output)
    if let sheet { try DemoSheet.write(run.sections, to: sheet) }
    progress.clear()
    defer { DeviceChoice.keepKernels(of: device) }
    if let json { try OutputFile.write(metrics.json(), to: json) }
    if json != "-" { try printEnding(run.evaluations) }
  }

  /// What the categories have given so far.
  private struct Run {
    var evaluations: [Evaluation] = []
    var sections: [ReportSection] = []
    var facts: [(name: String, value: String)] = []
    var seconds = Seconds()

    mutating func add(
      _ name: String, _ category: Datasets.Category, _ loaded: LoadedBackbone, _ demo: Demo, _ folder: DemoFolder,
      reusesModels: Bool, _ progress: ProgressReporter
    ) throws {
      let training = Training(
        configuration: PatchCoreConfiguration(), files: category.training, seed: demo.seed,
        programVersion: Version.text)
      let path = folder.model(name)
      let model: TrainedModel
      if reusesModels, try DemoFolder.holds(path, training) {
        model = try TrainedModel.load(path, weights: demo.weights, on: loaded.backbone.device)
        try progress.note("\(name): the model is there already")
      } else {
        let outcome = try training.run(loaded) { try progress.report("\(name): \($0.name)", $1, of: $2, $0.detail) }
        try Interruption.check()
        try outcome.save(category, to: path)
        seconds = seconds + outcome.seconds
        model = outcome.model
      }
      let evaluation = try Evaluation(model.detector, category) {
        try progress.report("\(name): test pictures", $0, of: $1)
      }
      if let threshold = model.detector.threshold {
        sections.append(try ReportSection(evaluation, threshold: threshold))
      }
      facts = Report.facts(
        model.description, device: loaded.backbone.device.description, seed: demo.seed)
      seconds = seconds + evaluation.seconds
      evaluations.append(evaluation)
    }
  }

  private func printEnding(_ evaluations: [Evaluation]) throws {
    try Output.line(Evaluate.table(evaluations))
    try Output.line(
      """

      report: \(output)/\(Report.file)
      Next, on your own pictures (good ones in my-data/my-product/train/good):
        flawless train --data my-data --category my-product -o my-product.model
        flawless predict my-product.model new-pictures -o results
      """)
  }
}

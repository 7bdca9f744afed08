import ArgumentParser
import Backbones
import Datasets
import Detectors
import Experiments
import Devices
import Foundation
import SampleData
import ToolSupport

struct Demo: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the sample data set, train on it, evaluate, and write a report with pictures.",
    discussion: """
      Example:
        flawless demo -o demo --device opencl
      """)

  @Option(name: [.short, .long], help: ArgumentHelp("The folder of everything it writes.", valueName: "DIR"))
  var output = "flawless-demo"

  @Option(help: "The seed of the sample data.")
  var seed: UInt64 = SampleDataset.standardSeed

  @OptionGroup var common: CommonOptions

  func run() throws {
    let progress = try common.progress()
    let device = try common.openDevice().device
    let data = "\(output)/data"
    if !FileManager.default.fileExists(atPath: data) {
      try SampleDataset(seed: seed).write(to: URL(fileURLWithPath: data)) { done, total in
        try progress.report("sample pictures", done, of: total)
      }
    }
    let loaded = try LoadedBackbone(.efficientNetLite0, on: device)
    var evaluations: [Evaluation] = []
    var sections: [ReportSection] = []
    var facts: [(name: String, value: String)] = []
    var seconds = Seconds()
    for name in try MVTecDataset(root: data).categories() {
      let category = try MVTecDataset(root: data).category(name)
      let training = Training(
        configuration: PatchCoreConfiguration(), files: category.training, seed: seed, programVersion: Version.text)
      let outcome = try training.run(loaded) { try progress.report("\(name): \($0.rawValue)", $1, of: $2) }
      try outcome.model.save(to: "\(output)/models/\(name)")
      let evaluation = try Evaluation(outcome.model.detector, category) {
        try progress.report("\(name): test pictures", $0, of: $1)
      }
      if let threshold = outcome.model.detector.threshold {
        sections.append(try ReportSection(evaluation, threshold: threshold))
      }
      facts = Report.facts(outcome.model.description, device: device.description)
      seconds = seconds + outcome.seconds + evaluation.seconds
      evaluations.append(evaluation)
    }
    progress.finish()
    let metrics = MetricsFile(
      categories: evaluations.map { ($0.category, $0.metrics) }, backbone: loaded.backbone.kind.rawValue,
      weightsSHA256: loaded.weightsSHA256, device: device.description, shots: nil, seed: seed, seconds: seconds,
      peakMemoryBytes: peakMemoryBytes())
    try writeData(metrics.json(), to: "\(output)/metrics.json")
    try Report.write(
      title: "Flawless: defects found in the sample data", facts: facts, sections: sections, to: output)
    printEnding(evaluations)
  }

  private func printEnding(_ evaluations: [Evaluation]) {
    print(Evaluate.table(evaluations))
    print(
      """

      report: \(output)/report.html
      Next, on your own pictures (good ones in my-data/my-product/train/good):
        flawless train --data my-data --category my-product -o my-product.model
        flawless predict my-product.model new-pictures -o results
      """)
  }
}

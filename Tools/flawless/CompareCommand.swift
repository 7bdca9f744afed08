import ArgumentParser
import Compute
import Detectors
import Devices
import Experiments
import Foundation
import Metrics
import ToolSupport

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Compare models on the same test pictures: which is better, and how sure that is.",
    discussion: """
      Every model is compared with the first one. A difference comes with its 95 % interval over draws of the test \
      pictures, the same for all models: where the interval holds 0, other pictures might have turned the difference.

      Examples:
        flawless compare old.model new.model --data mvtec --category bottle
        flawless compare plain.model generated.model --data mvtec \\
          --category pill --csv draws.csv --json -
      """)

  @Argument(help: ArgumentHelp("Folders of models, the one to compare with first.", valueName: "MODEL"))
  var models: [String]

  @OptionGroup(title: "Pictures") var dataset: DatasetOptions
  @OptionGroup(title: "Run") var common: CommonOptions

  @Option(help: ArgumentHelp("The networks' weights file (default: from the cache).", valueName: "FILE"))
  var weights: String?

  @Option(
    help: ArgumentHelp("Compare maps with masks at this size: 'original', or pixels of a square.", valueName: "SIZE"))
  var evaluateSize = "256"

  @Option(help: ArgumentHelp("Draws of the test pictures.", valueName: "COUNT"))
  var draws = 1000

  @Option(help: "The seed of the draws.")
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("Write the figures as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @Option(
    help: ArgumentHelp(
      "Write the figures of every draw as CSV; draw 0 is of the pictures as they are.", valueName: "FILE"))
  var csv: String?

  func validate() throws {
    if models.count < 2 { throw ValidationError("Name at least two models.") }
    if !(1...100_000).contains(draws) { throw ValidationError("--draws must be between 1 and 100000.") }
    if EvaluationSize(evaluateSize) == nil { throw EvaluationSize.wrong }
  }

  func run() throws {
    let category = try dataset.load()
    try OutputFile.check(json)
    try OutputFile.check(csv)
    let size = EvaluationSize(evaluateSize) ?? .square(256)
    let progress = try common.progress()
    let device = try common.openDevice(progress)
    try dataset.announce(category, progress)
    progress.begin()
    let evaluations = try models.map { path in
      let model = try TrainedModel.load(path, weights: weights, on: device)
      return (
        path,
        try Evaluation(model.detector, category, size: size) { try progress.report("test pictures", $0, of: $1, path) }
      )
    }
    var random = PhiloxStream(RandomKey(seed: seed))
    let comparison = try Comparison(evaluations, size: size, draws: draws, using: &random)
    progress.clear()
    defer { DeviceChoice.keepKernels(of: device) }
    if let csv { try OutputFile.write(Data(comparison.csv.utf8), to: csv) }
    if let json { try OutputFile.writeJSON(comparison.object, to: json) }
    if json != "-", csv != "-" { try Output.line(Self.table(comparison)) }
  }

  private static func table(_ comparison: Comparison) -> String {
    var table = Table(["model"] + Comparison.Figure.allCases.flatMap { [$0.title, "difference", "95 % interval"] })
    for (index, row) in comparison.rows.enumerated() {
      table.add(
        [row.model]
          + Comparison.Figure.allCases.flatMap { figure in
            let difference = index == 0 ? nil : comparison.difference(index, figure)
            return [
              row.metrics[figure.rawValue].text, difference.map { String(format: "%+.4f", $0.value) } ?? "",
              difference.map { String(format: "%+.4f … %+.4f", $0.interval.low, $0.interval.high) } ?? "",
            ]
          })
    }
    return table.text
  }
}

extension EvaluationSize {
  /// 'original', or the side of a square.
  init?(_ text: String) {
    if text == "original" {
      self = .original
    } else if let side = Int(text), (8...16384).contains(side) {
      self = .square(side)
    } else {
      return nil
    }
  }

  static let wrong = ValidationError("--evaluate-size is 'original' or a number of pixels from 8 to 16384.")
}

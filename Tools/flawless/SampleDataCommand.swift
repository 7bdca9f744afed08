import ArgumentParser
import Datasets
import Foundation
import SampleData
import ToolSupport

struct SampleDataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-data",
    abstract: "Write a procedural data set in MVTec AD's layout.",
    discussion: """
      Three products, good and defective, with masks: to try Flawless without a download. The same seed gives the \
      same pictures on every machine.

      Examples:
        flawless sample-data -o sample
        flawless sample-data -o sample-7 --seed 7 --json -
      """)

  @Option(name: [.short, .long], help: ArgumentHelp("The data set's folder.", valueName: "DIR"))
  var output: String

  @Option(help: "The seed of the pictures.")
  var seed: UInt64 = SampleDataset.standardSeed

  @Option(help: ArgumentHelp("Write what was made as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  @OptionGroup(title: "Run") var reporting: ReportingArguments

  func run() throws {
    try OutputFile.check(json)
    try OutputFile.checkFolder(OutputFile.parent(of: output))
    let progress = try reporting.progress()
    let folder = SampleDataFolder(path: output, seed: seed)
    let made = try folder.make(progress)
    progress.clear()
    if let json { try OutputFile.writeJSON(summary(), to: json) }
    if json != "-" { try Output.line("sample data: \(output)\(made ? "" : " (as it was)")") }
  }

  private func summary() throws -> [String: Any] {
    let dataset = try Dataset(.mvtec, root: output)
    var categories: [String: Any] = [:]
    for name in try dataset.categories() {
      let category = try dataset.category(name)
      let defective = category.test.count { $0.label.isDefective }
      categories[name] = [
        "train_good": category.training.count, "test_good": category.test.count - defective,
        "test_defective": defective,
      ]
    }
    return ["folder": output, "seed": seed, "categories": categories]
  }
}

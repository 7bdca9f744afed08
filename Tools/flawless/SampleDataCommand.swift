import ArgumentParser
import Foundation
import SampleData
import ToolSupport

struct SampleDataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-data",
    abstract: "Write a procedural data set in MVTec AD's layout: three products, good and defective, with masks.")

  @Option(name: [.short, .long], help: ArgumentHelp("The data set's folder.", valueName: "DIR"))
  var output: String

  @Option(help: "The seed: the same pictures on every machine.")
  var seed: UInt64 = SampleDataset.standardSeed

  @Flag(help: "Print no progress.")
  var quiet = false

  func run() throws {
    let progress = try ProgressReporter(quiet: quiet, log: nil)
    try SampleDataset(seed: seed).write(to: URL(fileURLWithPath: output)) { done, total in
      try progress.report("sample pictures", done, of: total)
    }
    progress.finish()
    print("sample data: \(output)")
  }
}

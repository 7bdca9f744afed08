import ArgumentParser
import Foundation
import SampleData
import ToolSupport

struct SampleDataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample-data",
    abstract: "Write a procedural data set in MVTec AD's layout: three products, good and defective, with masks.",
    discussion: """
      255 pictures of 512 x 512 pixels (about 120 MB): 'fabric', 'flange' and 'blister', each with 40 training pictures, \
      15 good test pictures and 3 kinds of 10 defective ones. The same seed draws the same pictures on every machine. \
      DIR must not exist yet, or be empty; a run that is stopped leaves nothing behind.

      Examples:
        flawless sample-data -o sample
        flawless train --data sample --category flange -o flange.model
      """)

  @Option(name: [.short, .long], help: ArgumentHelp("The data set's folder: a new or an empty one.", valueName: "DIR"))
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

import ArgumentParser
import ToolSupport

/// The command and its subcommands.
struct Flawless: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "flawless",
    abstract: "Finds defects in pictures of products, trained on a handful of good ones.",
    discussion: """
      Examples:
        flawless demo -o demo
        flawless train --data mvtec --category bottle -o bottle.model
        flawless evaluate bottle.model --data mvtec --category bottle \\
          --report report
        flawless predict bottle.model new-pictures -o results

      Exit codes: 0 done, 1 failed, 2 wrong use, 3 no usable device, \
      7 internal error, 130 interrupted.
      """,
    version: Version.text,
    subcommands: [
      Demo.self, SampleDataCommand.self, DatasetsCommand.self, Train.self, Evaluate.self, CompareCommand.self,
      Predict.self, ThresholdCommand.self, PromptsCommand.self, GenerateCommand.self, ExportCommand.self,
      DevicesCommand.self, Weights.self,
    ])
}

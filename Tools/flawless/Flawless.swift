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
        flawless train --dataset mvtec --data mvtec --category bottle -o bottle.model
        flawless evaluate bottle.model --dataset mvtec --data mvtec --category bottle --report report
        flawless predict bottle.model new-pictures -o results
      """,
    version: Version.text,
    subcommands: [
      Demo.self, SampleDataCommand.self, Train.self, Evaluate.self, Predict.self, DevicesCommand.self, Weights.self,
    ])
}

import ArgumentParser
import Foundation
import OpCatalogue

/// How each case is run; shared with the child processes.
struct CaseArguments: ParsableArguments {
  @Option(help: "Seed of all random data; a case's own text is mixed in.")
  var seed: UInt64 = 42
  @Option(
    name: .customLong("guard"),
    help: ArgumentHelp("Elements behind every array that nothing may touch.", valueName: "COUNT"))
  var guardCount = 1024
  @Option(
    name: .customLong("repeat"),
    help: ArgumentHelp("Runs of each case, which must give the same bits.", valueName: "COUNT"))
  var repeats = 2
  @Option(help: ArgumentHelp("A factor for every bound.", valueName: "X"))
  var toleranceScale = 1.0

  func validate() throws {
    guard repeats >= 1 else { throw ValidationError("--repeat must be at least 1.") }
    guard guardCount >= 0 else { throw ValidationError("--guard must not be negative.") }
    guard toleranceScale > 0, toleranceScale.isFinite else {
      throw ValidationError("--tolerance-scale must be positive.")
    }
  }

  var options: CaseOptions {
    var options = CaseOptions()
    options.seed = seed
    options.guardCount = guardCount
    options.repeats = repeats
    options.toleranceScale = toleranceScale
    return options
  }

  /// The same as arguments of a child.
  var arguments: [String] {
    ["--seed=\(seed)", "--guard=\(guardCount)", "--repeat=\(repeats)", "--tolerance-scale=\(toleranceScale)"]
  }
}

import ArgumentParser
import Compute
import OpCatalogue
import ToolSupport
import Variants

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the devices with their variants, and the operations with their sizes.",
    discussion: "Example:\n  kernel-bench list")

  func run() throws {
    let opened = try VariantSelection().open()
    if let problem = opened.openCLProblem { try Output.line("OpenCL: \(problem)") }
    for variant in opened.variants {
      let traits = variant.device.traits
      try Output.line(
        "\(variant.name)  \(variant.deviceName): \(traits.computeUnits) cores, vectors of \(traits.vectorWidth)")
    }
    try Output.line()
    for operation in OpCatalogue.operations {
      try Output.line("\(operation.name)  \(operation.functions.joined(separator: ", "))")
    }
  }
}

import ArgumentParser
import Compute
import Devices
import Foundation
import OpCatalogue
import ToolSupport

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List devices with their self-test, and operations with their cases.",
    discussion: "Example:\n  parity list")

  func run() throws {
    let report = DeviceReport.gather()
    if let problem = report.openCLProblem { try Output.line("OpenCL: \(problem).") }
    for entry in report.entries {
      let shapes = entry.platform == nil ? "blas" : "cpu, gpu"
      try Output.line(
        "\(entry.name)  \(entry.traits.name)  variants \(shapes)  self-test \(entry.failure.map { "FAILED: \($0)" } ?? "passed")"
      )
    }
    var table = Table(["operation", "device functions", "suite", "cases", "kinds of data"], leftColumns: 2)
    for operation in OpCatalogue.operations {
      let made = try operation.suite.map { try operation.makeCase($0) }
      let kinds = Fill.allCases.filter { fill in made.contains { $0.fills.contains(fill) } }
      table.add([
        operation.name, operation.functions.joined(separator: ", "), "\(made.count)",
        "\(made.reduce(0) { $0 + $1.fills.count })", kinds.map(\.rawValue).joined(separator: ","),
      ])
    }
    try Output.line()
    try Output.line(table.text)
  }
}

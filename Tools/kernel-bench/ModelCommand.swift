import ArgumentParser
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct ModelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model",
    abstract: "Compare what the simulator Oclgrind counts with what the headers of GPU kernels state.",
    discussion: """
      The header of each kernel has formulas of what its GPU shape does: words that it loads and stores in global and in \
      local memory, and floating-point operations, from the arguments of a launch. Small cases run on Oclgrind (Debian's \
      package oclgrind) with its --inst-counts; a count that is more than the tolerance away from the formula is a \
      finding (exit 1), and so are a kernel without a model, and a header whose local memory, work-group, occupancy or \
      intensity is not what is found. Cells of the table are counted/stated, a result each. Without Oclgrind the check \
      is skipped, which is said.

      Examples:
        kernel-bench model
        kernel-bench model --ops 'soft*' --kernel-dir Kernels
      """)

  @OptionGroup var operations: OperationArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Use the kernels of this folder instead of the built-in ones.", valueName: "DIR"))
  var kernelDir: String?
  @Option(help: ArgumentHelp("How far a count may be from its model.", valueName: "PERCENT"))
  var tolerance = 10.0
  @Option(help: ArgumentHelp("Oclgrind's driver library.", valueName: "FILE"))
  var oclgrind = "/usr/lib/oclgrind/liboclgrind-rt-icd.so"
  @Option(help: ArgumentHelp("Seconds that the child process may take.", valueName: "S"))
  var timeout = 600.0
  @Option(help: ArgumentHelp("Write counts and models as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    guard tolerance >= 0, timeout > 0 else {
      throw ValidationError("--tolerance must not be negative, and --timeout must be positive.")
    }
  }

  func run() throws {
    try OutputFile.check(json)
    let models = try KernelModels(texts: KernelFolder.texts(in: kernelDir))
    guard FileManager.default.fileExists(atPath: oclgrind) else {
      try Output.line("skipped: \(oclgrind) is not there (package oclgrind)\n0 passed, 0 failed, 1 skipped")
      return
    }
    let chosen = try operations.operations()
    let cases = try ModelCases.texts(chosen)
    guard !cases.isEmpty else { throw Failure("No case of these operations is counted.") }
    try reporting.progress().note("Counting \(cases.count) cases on Oclgrind.")
    let check = ModelCheck(
      models: models, kernelFolder: kernelDir, library: oclgrind, tolerance: tolerance / 100, timeout: timeout)
    try report(check.checked(cases, isWhole: chosen.count == OpCatalogue.operations.count))
  }

  private func report(_ result: ModelCheck.Result) throws {
    let failed = result.rows.count { !$0.wrong.isEmpty }
    if let json {
      var document = RunDescription.object
      document["rows"] = try result.rows.map { try RunDescription.object($0) }
      document["findings"] = result.findings
      try OutputFile.writeJSON(document, to: json)
    }
    if json != "-" {
      var table = Table(ModelRow.header, leftColumns: 2)
      for row in result.rows { table.add(row.cells) }
      try Output.line(table.text)
      for finding in result.findings { try Output.line("FAILED: \(finding)") }
      try Output.line("\(result.rows.count - failed) passed, \(failed + result.findings.count) failed, 0 skipped")
    }
    if failed + result.findings.count > 0 { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

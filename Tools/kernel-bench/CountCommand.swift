import ArgumentParser
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct CountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count", abstract: "Count the instructions of kernels on PoCL, and compare them with a record.",
    discussion: """
      Valgrind's tool Callgrind counts, with one thread, so that figures repeat to the last digit: lost vectors, lost \
      unrolling and spilled registers show whatever else the machine does. Caches, memory and other devices are not \
      seen. Valgrind hides AVX-512: vectors have 8 floats there. Compiling under Valgrind takes minutes, once; what is \
      compiled is kept in the user's cache.

      A count that is more than the tolerance away from the record is a finding (exit 1). Records are kept by target, \
      by PoCL's version and by --ops; without one for these, that is said and counts as skipped.

      Examples:
        kernel-bench count --baseline Tools/kernel-bench/counts.json
        kernel-bench count --ops multiply
        kernel-bench count --update-baseline Tools/kernel-bench/counts.json
      """)

  @OptionGroup var operations: OperationArguments
  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Compare with this record.", valueName: "FILE"))
  var baseline: String?
  @Option(help: ArgumentHelp("Record what is found, beside the records of other targets.", valueName: "FILE"))
  var updateBaseline: String?
  @Option(help: ArgumentHelp("A change that counts.", valueName: "PERCENT"))
  var tolerance = 0.1
  @Option(help: ArgumentHelp("Sizes of tiles instead of the built-in ones: 'VW=4 TILE=4'.", valueName: "SIZES"))
  var choice = ""
  @Option(help: ArgumentHelp("Seconds that a child process may take.", valueName: "S"))
  var timeout = 1800.0
  @Option(help: ArgumentHelp("Write the counts as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    guard tolerance >= 0, timeout > 0 else {
      throw ValidationError("--tolerance must not be negative, and --timeout must be positive.")
    }
    guard TilingChoice(choice) != nil else {
      throw ValidationError("'\(choice)' is no choice of tiles; it looks like 'VW=8 TILE=6'.")
    }
  }

  func run() throws {
    try OutputFile.check(json)
    try OutputFile.check(updateBaseline)
    let known = try baseline.map(InstructionCounts.read)
    if let reason = try OpenCLVariant.open(devices).skipped { return try Self.skip(reason) }
    let counter = InstructionCounter(
      operations: try operations.operations(), device: devices.device,
      variant: devices.variant == "all" ? "cpu" : devices.variant, kernelFolder: devices.kernels.kernelDir,
      choice: choice, timeout: timeout)
    try reporting.progress().note("Counting under Valgrind; the first time, compiling takes minutes.")
    let counted = try counter.counted()
    guard let result = counted.result else { return try Self.skip(counted.skipped ?? "") }
    if let updateBaseline { try record(result, in: updateBaseline) }
    try report(result, known?.baselines[result.key])
  }

  private static func skip(_ reason: String) throws {
    try Output.line("skipped: \(reason)\n0 passed, 0 failed, 1 skipped")
  }

  private func record(_ result: InstructionCounter.Result, in path: String) throws {
    var counts =
      FileManager.default.fileExists(atPath: path) ? try InstructionCounts.read(path) : InstructionCounts()
    counts.baselines[result.key] = result.kernels
    try OutputFile.writeJSON(RunDescription.object(counts), to: path)
  }

  private func report(_ result: InstructionCounter.Result, _ before: [String: Int]?) throws {
    let changes = InstructionCounts.changes(
      from: before ?? result.kernels, to: result.kernels, tolerance: tolerance / 100)
    let findings = changes.count { $0.verdict != .same }
    if let json {
      var document = RunDescription.object
      document["key"] = result.key
      document["kernels"] = try changes.map { try RunDescription.object($0) }
      try OutputFile.writeJSON(document, to: json)
    }
    if json != "-" {
      var table = Table(["kernel", "before", "now", "change", "verdict"])
      for change in changes { table.add(before == nil ? change.row.replacing(with: "-", in: [1, 3, 4]) : change.row) }
      try Output.line("\(result.key)\n\(table.text)")
      let isSkipped = baseline != nil && before == nil
      if isSkipped { try Output.line("skipped: no baseline of \(result.key)") }
      try Output.line("\(changes.count - findings) passed, \(findings) failed, \(isSkipped ? 1 : 0) skipped")
    }
    if findings > 0 { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

extension [String] {
  fileprivate func replacing(with text: String, in columns: Set<Int>) -> [String] {
    enumerated().map { columns.contains($0.offset) ? text : $0.element }
  }
}

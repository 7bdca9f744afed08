import ArgumentParser
import Benchmarking
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct PairedCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ab", abstract: "Compare two folders of kernels, or two variants, in turn and in one process.",
    discussion: """
      Blocks run in the order A B B A or B A A B; the ratio's interval comes from the sign test. A also runs against \
      itself, in turn with that: where it is not found equal, the verdict is 'too noisy' (exit 6). 'slower' must be found \
      twice (exit 1); 'too noisy' and 'ambiguous' three times, with more pairs each time. An ambiguous case counts under \
      --strict only (exit 5).

      Examples:
        kernel-bench ab --a base/Kernels --b Kernels --ops convolve
        kernel-bench ab --a variant=blas --b variant=cpu --ops multiply
      """)

  @Option(help: ArgumentHelp("What is compared with: a folder of kernels, or variant=NAME.", valueName: "DIR|variant"))
  var a: String
  @Option(help: ArgumentHelp("What is judged.", valueName: "DIR|variant"))
  var b: String
  @OptionGroup var operations: OperationArguments
  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(
    help: ArgumentHelp(
      "Parameters instead of the built-in ones: a list separated by ';', or a file with one case a line.",
      valueName: "LIST|FILE"))
  var shapes: String?
  @Option(help: ArgumentHelp("Pairs of each case, at least 6.", valueName: "COUNT"))
  var pairs = 31
  @Option(help: ArgumentHelp("Milliseconds of a block at least.", valueName: "MS"))
  var blockMs = 5.0
  @Option(help: ArgumentHelp("Slower by this is too slow, where arithmetic bounds.", valueName: "PERCENT"))
  var threshold = 3.0
  @Option(help: ArgumentHelp("The same where memory bounds.", valueName: "PERCENT"))
  var thresholdMem = 5.0
  @Option(help: "Seed of all random data.")
  var seed: UInt64 = 42
  @Flag(help: "End with exit code 5 where a case is ambiguous.")
  var strict = false
  @Option(help: ArgumentHelp("Write every case as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    guard pairs >= 6 else { throw ValidationError("--pairs must be at least 6: fewer have no interval.") }
    guard blockMs > 0, threshold > 0, thresholdMem > 0 else {
      throw ValidationError("--block-ms and the thresholds must be positive.")
    }
  }

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    let cases = try BenchmarkShapes.cases(operations.operations(), shapes: shapes)
    guard !cases.isEmpty else { throw Failure("No case fits these options, so nothing was compared.") }
    let bench = PairedBench(
      a: try PairedSide(text: a).open(devices), b: try PairedSide(text: b).open(devices), pairs: pairs,
      timer: BlockTimer(block: blockMs / 1000), seed: seed, thresholds: (threshold / 100, thresholdMem / 100))
    var records: [PairedRecord] = []
    for (index, made) in cases.enumerated() {
      records.append(bench.record(made))
      try progress.report("cases", index + 1, of: cases.count)
    }
    try report(records)
  }

  private func report(_ records: [PairedRecord]) throws {
    let status = Self.status(records, strict: strict)
    if let json {
      var document = RunDescription.object
      document["pairs"] = try records.map { try RunDescription.object($0) }
      try OutputFile.writeJSON(document, to: json)
    }
    if json != "-" {
      var table = Table(PairedRecord.header)
      for record in records { table.add(record.row) }
      try Output.line(table.text)
      for record in records where !record.message.isEmpty { try Output.line("\(record.id): \(record.message)") }
      let failed = records.count { PairedRecord.failures.contains($0.verdict) }
      let skipped = records.count { ["too noisy", "ambiguous"].contains($0.verdict) }
      try Output.line("\(records.count - failed - skipped) passed, \(failed) failed, \(skipped) skipped")
    }
    if status != .done { throw ExitCode(status.rawValue) }
  }

  private static func status(_ records: [PairedRecord], strict: Bool) -> ExitStatus {
    let verdicts = Set(records.map(\.verdict))
    if !verdicts.isDisjoint(with: PairedRecord.failures) { return .failed }
    if verdicts.contains("too noisy") { return .tooNoisy }
    return strict && verdicts.contains("ambiguous") ? .ambiguous : .done
  }
}

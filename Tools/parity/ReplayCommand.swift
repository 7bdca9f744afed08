import ArgumentParser
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Run one case and show it closely.",
    discussion: "Example:\n  parity replay 'op=convolve h=5 w=7 c=3 o=4 k=3 p=1 data=integer' --dump case")

  @Argument(help: "The case, as a report prints it.")
  var text: String
  @OptionGroup var devices: VariantArguments
  @OptionGroup var cases: CaseArguments
  @Option(help: ArgumentHelp("What is checked: values, or adjoint (as 'parity grad' does).", valueName: "CHECK"))
  var check = CaseCheck.values
  @Option(help: ArgumentHelp("Write inputs, references and outputs as text files into this folder.", valueName: "DIR"))
  var dump: String?

  func run() throws {
    devices.kernels.applyHere()
    let opened = try devices.selection.open()
    guard !opened.variants.isEmpty else {
      throw UsageError("There is no variant '\(devices.variant)' on '\(devices.device)'.")
    }
    let (made, fill) = try OpCatalogue.makeCase(parsing: text)
    try Output.line("\(made.text(fill)) seed=\(cases.seed)")
    for array in made.arrays { try Output.line("  \(array.role) \(array.name) \(array.shape)") }
    try Output.line("  \(made.floatingPointOperations) FLOPs, \(made.bytesMoved) bytes")
    let executor = CaseExecutor(variants: opened.variants, options: cases.options, check: check)
    let records = try executor.records(for: made.text(fill))
    for record in records {
      try Output.line("\(record.variant) (\(record.device)): \(record.status.rawValue)")
      try Output.line(
        "  error \(record.ratio.map { "\($0)" } ?? "inf") of its bound, nrmse \(record.nrmse.map { "\($0)" } ?? "-"), "
          + "bits \(record.bits)")
      if record.isFailure { try Output.line(CaseReport.explanation(record, among: records)) }
    }
    if let dump { try CaseDump(made, fill, options: cases.options).write(to: dump, opened.variants) }
    let failed = records.count(where: \.isFailure)
    try Output.line("\(records.count - failed) passed, \(failed) failed, 0 skipped")
    if failed > 0 { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

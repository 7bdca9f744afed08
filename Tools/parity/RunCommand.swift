import ArgumentParser
import OpCatalogue
import ToolSupport

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Run the fixed suite on every variant.",
    discussion: """
      Examples:
        parity run
        parity run --device cpu --ops multiply
        parity run --ops convolve --shapes 'h=9 w=9 c=3 o=4 k=3 p=1;h=5 w=5 c=1 o=1 k=1'
        parity run --update-baseline errors.json
      """)

  @OptionGroup var selection: SelectionArguments
  @OptionGroup var cases: CaseArguments
  @OptionGroup var report: ReportArguments
  @Flag(help: "Only the smallest cases of each operation.")
  var tiny = false
  @Flag(help: "Print the cases and run nothing.")
  var list = false

  func run() throws {
    let texts = try selection.texts(tiny: tiny)
    guard !list else { return try Output.line(texts.joined(separator: "\n")) }
    try SuiteRun(selection: selection, cases: cases, report: report).run(texts, title: "cases")
  }
}

struct NaNCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nan", abstract: "Check that NaN and infinity reach the outputs they must, and no others.",
    discussion: "Example:\n  parity nan --ops 'conv*,softmax'")

  @OptionGroup var selection: SelectionArguments
  @OptionGroup var cases: CaseArguments
  @OptionGroup var report: ReportArguments

  func run() throws {
    let texts = try selection.texts(kinds: [.poison, .infinite])
    try SuiteRun(selection: selection, cases: cases, report: report).run(texts, title: "cases")
  }
}

struct ReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay", abstract: "Run one case and show it closely.",
    discussion: "Example:\n  parity replay 'op=convolve h=5 w=7 c=3 o=4 k=3 p=1 data=integer' --dump case")

  @Argument(help: "The case, as a report prints it.")
  var text: String
  @Option(help: "all, cpu (BLAS), opencl, opencl:<platform>:<device> or opencl:<part of a name>.")
  var device = "all"
  @Option(help: "blas, cpu, gpu or all.")
  var variant = "all"
  @OptionGroup var cases: CaseArguments
  @Option(help: ArgumentHelp("Write inputs, references and outputs as text files into this folder.", valueName: "DIR"))
  var dump: String?

  func run() throws {
    let opened = try VariantSelection(device: device, variant: variant).open()
    guard !opened.variants.isEmpty else { throw UsageError("There is no variant '\(variant)' on '\(device)'.") }
    let (made, fill) = try OpCatalogue.makeCase(parsing: text)
    try Output.line("\(made.text(fill)) seed=\(cases.seed)")
    for array in made.arrays { try Output.line("  \(array.role) \(array.name) \(array.shape)") }
    try Output.line("  \(made.floatingPointOperations) FLOPs, \(made.bytesMoved) bytes")
    let executor = CaseExecutor(variants: opened.variants, options: cases.options)
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

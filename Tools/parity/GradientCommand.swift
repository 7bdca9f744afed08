import ArgumentParser
import OpCatalogue
import ToolSupport

struct GradientCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grad", abstract: "Check derivatives, and the adjoint identity of linear operations.",
    discussion: """
      For an operation J that is linear in its first argument, ⟨J·v, y⟩ = ⟨v, Jᵀ·y⟩ for random v and y. J·v comes from \
      the device, Jᵀ·y from a reference that scatters instead of gathering: wrong strides, paddings and offsets show on \
      shapes of any size.

      Example:
        parity grad --ops 'conv*,resample'
      """)

  @OptionGroup var selection: SelectionArguments
  @OptionGroup var cases: CaseArguments
  @OptionGroup var report: ReportArguments

  func run() throws {
    try report.check()
    let progress = try report.reporting.progress()
    let opened = try selection.selection.open()
    guard !opened.variants.isEmpty else { throw UsageError("There is no such variant.") }
    if let problem = opened.openCLProblem { try progress.note("Only the CPU path is tested: \(problem)") }
    var results = CaseReport(seed: cases.seed)
    let texts = try selection.texts(kinds: [.normal])
    for (index, text) in texts.enumerated() {
      let (made, fill) = try OpCatalogue.makeCase(parsing: text)
      guard made.isLinear else { continue }
      for variant in opened.variants {
        var record = CaseRecord(
          made, fill, seed: cases.seed, variant: variant.name, device: variant.deviceName, status: .passed)
        do {
          let gap = try made.adjointGap(fill, on: variant.device, cases.options)
          record.ratio = gap.error.isFinite ? gap.error / (gap.bound * cases.toleranceScale) : nil
          record.elements = 1
          if !(gap.error <= gap.bound * cases.toleranceScale) {
            record.status = .failed
            record.message = "⟨J·v, y⟩ differs from ⟨v, Jᵀ·y⟩ by \(gap.error), more than \(gap.bound)"
          }
        } catch {
          record.status = .failed
          record.message = "\(error)"
        }
        results.add([record])
        if record.isFailure { try progress.note(CaseReport.explanation(record, among: []), always: true) }
      }
      try progress.report("adjoints", index + 1, of: texts.count)
    }
    if report.json != "-" {
      try Output.line(results.table)
      try Output.line(results.closingLine)
    }
    if let json = report.json { try OutputFile.writeJSON(results.json([:]), to: json) }
    guard results.status == .done else { throw ExitCode(results.status.rawValue) }
  }
}

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
  @OptionGroup var suite: SuiteArguments
  @OptionGroup var runner: RunnerArguments
  @OptionGroup var report: ReportArguments

  func run() throws {
    let texts = try selection.texts(kinds: [.normal]) { operation in
      try suite.parameters(operation.suite).filter { try operation.makeCase($0).isLinear }
    }
    try SuiteRun(runner: runner, suite: suite, report: report, check: .adjoint).run(texts)
  }
}

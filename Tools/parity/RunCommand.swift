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
  @OptionGroup var suite: SuiteArguments
  @OptionGroup var runner: RunnerArguments
  @OptionGroup var report: ReportArguments
  @Flag(help: "Only the smallest cases of each operation.")
  var tiny = false
  @Flag(help: "Print the cases and run nothing.")
  var list = false

  func run() throws {
    let texts = try selection.texts { operation in
      try suite.parameters(tiny ? Array(operation.suite.prefix(operation.tinyCount)) : operation.suite)
    }
    guard !list else { return try Output.line(texts.joined(separator: "\n")) }
    try SuiteRun(runner: runner, suite: suite, report: report).run(texts)
  }
}

struct NaNCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nan", abstract: "Check that NaN and infinity reach the outputs they must, and no others.",
    discussion: "Example:\n  parity nan --ops 'conv*,softmax'")

  @OptionGroup var selection: SelectionArguments
  @OptionGroup var suite: SuiteArguments
  @OptionGroup var runner: RunnerArguments
  @OptionGroup var report: ReportArguments
  private static let kinds: [Fill] = [.poison, .infinite]

  func validate() throws {
    guard selection.kinds?.isSubset(of: Self.kinds) ?? true else {
      throw ValidationError("parity nan takes --data poison or infinite; parity run takes the others.")
    }
  }

  func run() throws {
    let texts = try selection.texts(kinds: Self.kinds) { try suite.parameters($0.suite) }
    try SuiteRun(runner: runner, suite: suite, report: report).run(texts)
  }
}

import ArgumentParser
import Foundation
import ToolSupport

/// Where results go; shared by the subcommands that run cases.
struct ReportArguments: ParsableArguments {
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Write every case as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?
  @Option(help: ArgumentHelp("Write a JUnit report.", valueName: "FILE"))
  var junit: String?
  @Option(help: ArgumentHelp("Write the table as Markdown.", valueName: "FILE"))
  var md: String?

  func check() throws { for path in [json, junit, md] { try OutputFile.check(path) } }

  /// Writes the files, prints the table, and throws the exit code of a run that did not pass.
  func finish(
    _ results: CaseReport, _ variants: [(name: String, device: String)], _ openCLProblem: String?
  ) throws {
    if let json {
      try OutputFile.writeJSON(
        results.json([
          "variants": Dictionary(uniqueKeysWithValues: variants.map { ($0.name, $0.device) }),
          "opencl_problem": openCLProblem.map { $0 as Any } ?? NSNull(),
        ]), to: json)
    }
    if let junit { try OutputFile.write(Data(results.junit.utf8), to: junit) }
    if let md { try OutputFile.write(Data(results.markdown.utf8), to: md) }
    if json != "-" {
      try Output.line(results.table)
      for reason in results.skipped { try Output.line("skipped: \(reason)") }
      let doubtful = results.records.filter { $0.status == .mistrusted }
      for record in doubtful.prefix(10) { try Output.line("mistrusted: \(record.text): \(record.message)") }
      try Output.line(results.closingLine)
    }
    guard results.status == .done else { throw ExitCode(results.status.rawValue) }
  }
}

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
  @Flag(help: "Stop at the first failure.")
  var failFast = false
  @Option(help: ArgumentHelp("Warn where an error has grown threefold over this record.", valueName: "FILE"))
  var baseline: String?
  @Option(help: ArgumentHelp("Record the errors of this run.", valueName: "FILE"))
  var updateBaseline: String?

  func check() throws { for path in [json, junit, md, updateBaseline] { try OutputFile.check(path) } }
}

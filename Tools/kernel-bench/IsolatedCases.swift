import Benchmarking
import Foundation
import OpCatalogue
import ToolSupport

/// Runs each case in a child of this command with the same options: a crash or hang is that case's result, and the others
/// still run.
struct IsolatedCases {
  private let variants: [String]
  private let timeout: Double
  private let folder = try? TemporaryFolder()
  private let arguments: [String]
  /// Options of this process that the child must not have, and those of them with a value.
  private static let withheld: [(name: String, hasValue: Bool)] = [
    ("--isolate", false), ("--timeout", true), ("--ops", true), ("--shapes", true), ("--axes", true),
    ("--json", true), ("--md", true), ("--log", true), ("--quiet", false), ("--roofs", true),
  ]

  init(_ roofs: [String: Roofs], variants: [String], timeout: Double) throws {
    self.variants = variants
    self.timeout = timeout
    guard let folder else { throw Failure("There is no room for temporary files.") }
    try JSONEncoder().encode(roofs).write(to: URL(fileURLWithPath: folder.path("roofs")))
    arguments = Self.passedOn(Array(CommandLine.arguments.dropFirst())) + ["--quiet", "--roofs", folder.path("roofs")]
  }

  /// This process's arguments without the withheld ones.
  static func passedOn(_ arguments: [String]) -> [String] {
    var (kept, skipsNext) = ([String](), false)
    for argument in arguments {
      if skipsNext {
        skipsNext = false
      } else if let option = withheld.first(where: { argument == $0.name || argument.hasPrefix($0.name + "=") }) {
        skipsNext = option.hasValue && argument == option.name
      } else {
        kept.append(argument)
      }
    }
    return kept
  }

  func records(_ made: OpCase) throws -> [BenchRecord] {
    guard let folder else { return [] }
    let json = folder.path("case.json")
    try? FileManager.default.removeItem(atPath: json)
    let outcome = try ChildProcess(
      arguments: arguments + ["--ops", made.operation, "--shapes", made.parameters.description, "--json", json],
      timeout: timeout
    ).run()
    if [.code(0), .code(ExitStatus.failed.rawValue)].contains(outcome.end), let run = try? RunFile.read(json) {
      return run.cases
    }
    return variants.map { variant in
      var record = BenchRecord(made, variant: variant)
      record.status = outcome.end == .late ? .timeout : .crash
      record.message = outcome.explanation
      return record
    }
  }
}

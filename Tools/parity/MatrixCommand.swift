import ArgumentParser
import Foundation
import OpCatalogue
import ToolSupport

struct MatrixCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "matrix", abstract: "Run a small suite under every setting of PoCL; all must give the same bits.",
    discussion: """
      Compilation methods, schedulers, numbers of threads and limits of work-groups, each in a child process. Another \
      result under one of them is a missing barrier, a read outside of a buffer, or a fault of PoCL.

      Example:
        parity matrix --small
      """)

  @OptionGroup var selection: SelectionArguments
  @OptionGroup var cases: CaseArguments
  @OptionGroup var report: ReportArguments
  @Flag(help: "Three cases of each operation instead of all tiny ones.")
  var small = false

  struct Cell {
    let name: String
    let environment: [String: String]
  }

  /// The first one is what the others are compared with.
  static let cells: [Cell] = [
    Cell(name: "default", environment: [:]),
    Cell(name: "basic", environment: ["POCL_DEVICES": "basic"]),
    Cell(name: "1 thread", environment: ["POCL_MAX_PTHREAD_COUNT": "1"]),
    Cell(name: "loops", environment: ["POCL_WORK_GROUP_METHOD": "loops"]),
    Cell(name: "loopvec", environment: ["POCL_WORK_GROUP_METHOD": "loopvec"]),
    Cell(name: "groups of 64", environment: ["POCL_MAX_WORK_GROUP_SIZE": "64"]),
    Cell(name: "1 GB", environment: ["POCL_MEMORY_LIMIT": "1"]),
  ]

  func run() throws {
    try report.check()
    let progress = try report.reporting.progress()
    var selection = selection
    if selection.device == "all" { selection.device = "opencl" }
    let texts = try small ? few() : selection.texts(tiny: true)
    var results = CaseReport(seed: cases.seed)
    var first: [String: CaseRecord] = [:]
    for (index, cell) in Self.cells.enumerated() {
      let runner = try CaseRunner(
        selection.selection, cases, isolated: true, timeout: selection.timeout,
        environment: selection.environment.merging(cell.environment) { $1 })
      for (place, text) in texts.enumerated() {
        let records = try runner.records(for: text).map { record in
          var record = record
          let key = "\(record.variant) \(text)"
          if index == 0 { first[key] = record }
          // The vectoriser may sum in another order only where the source lets it; ours fixes every order.
          if let reference = first[key], record.status == .passed, record.bits != reference.bits {
            record.status = .failed
            record.message = "other bits than with PoCL's own settings"
          }
          record.parameters += " [\(cell.name)]"
          return record
        }
        results.add(records)
        for record in records where record.isFailure {
          let variables = cell.environment.map { "\($0.key)=\($0.value) " }.joined()
          try progress.note(
            "FAILED under \(cell.name): \(text) on \(record.variant): \(record.message)\n"
              + "  replay: \(variables)parity replay '\(text)' --variant \(record.variant) --seed \(cases.seed)",
            always: true)
        }
        try progress.report(cell.name, place + 1, of: texts.count)
      }
      runner.finish()
      if index == Self.cells.count - 1 {
        try SuiteRun(selection: selection, cases: cases, report: report).finish(
          results, runner.variants, runner.openCLProblem)
      }
    }
  }

  private func few() throws -> [String] {
    try selection.operations().flatMap { operation in
      // From the tiny ones' end: the first are of size 1.
      try operation.suite.prefix(operation.tinyCount).suffix(3).compactMap { parameters in
        let made = try operation.makeCase(parameters)
        return made.fills.first.map { made.text($0) }
      }
    }
  }
}

import ArgumentParser
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct MatrixCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "matrix", abstract: "Run a small suite under every setting of PoCL; all must give the same bits.",
    discussion: """
      Compilation methods, schedulers, numbers of threads, limits and the order of work-groups, each in a child process. Another \
      result under one of them is a missing barrier, a read outside of a buffer, or a fault of PoCL.

      Example:
        parity matrix --small
      """)

  @OptionGroup var selection: SelectionArguments
  @OptionGroup var runner: RunnerArguments
  @OptionGroup var report: ReportArguments
  @Flag(help: "Three cases of each operation instead of all tiny ones.")
  var small = false

  struct Cell {
    let name: String
    let environment: [String: String]
    var reversesGroups = false
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
    Cell(name: "reversed groups", environment: [:], reversesGroups: true),
  ]

  /// Work-groups take the problem from its end: one that leans on an earlier one's result differs.
  private static let reversal = """
    size_t reversed_group(uint d) { return get_num_groups(d) - 1 - get_group_id(d); }
    size_t reversed_item(uint d) { return reversed_group(d) * get_local_size(d) + get_local_id(d); }
    #define get_group_id reversed_group
    #define get_global_id reversed_item

    """

  func validate() throws {
    guard runner.isolate else {
      throw ValidationError("Every setting needs a child process, so --no-isolate does not go with parity matrix.")
    }
  }

  func run() throws {
    try report.check()
    let progress = try report.reporting.progress()
    var runner = runner
    if runner.devices.device == "all" { runner.devices.device = "opencl" }
    let texts = try texts()
    guard !texts.isEmpty else { throw Failure("No case fits these options, so nothing was tested.") }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parity-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    var results = CaseReport(seed: runner.cases.seed)
    var first: [String: CaseRecord] = [:]
    var variants: [(name: String, device: String)] = []
    cells: for (index, cell) in Self.cells.enumerated() {
      var runner = runner
      if cell.reversesGroups { runner.devices.kernels.kernelDir = try reversed(runner, folder) }
      let cases = try runner.runner(environment: cell.environment)
      variants = cases.variants
      for (place, text) in texts.enumerated() {
        let records = try cases.records(for: text).map { record in
          var record = record
          let key = "\(record.variant) \(text)"
          if index == 0 { first[key] = record }
          // The vectoriser may sum in another order only where the source lets it; ours fixes every order.
          if let reference = first[key], record.status == .passed, record.bits != reference.bits {
            record.status = .failed
            record.message = "other bits than with PoCL's own settings"
          }
          return record
        }
        for record in records where record.isFailure {
          let variables = cell.environment.map { "\($0.key)=\($0.value) " }.joined()
          try progress.note(
            "FAILED under \(cell.name): \(text) on \(record.variant): \(record.message)\n"
              + "  replay: \(variables)\(record.replay)", always: true)
        }
        results.add(
          records.map { record in
            var record = record
            record.parameters += " [\(cell.name)]"
            return record
          })
        if runner.failFast, records.contains(where: \.isFailure) { break cells }
        try progress.report(cell.name, place + 1, of: texts.count)
      }
      cases.finish()
    }
    try report.finish(results, variants, nil)
  }

  /// A copy of the kernels in use that reverses the groups.
  private func reversed(_ runner: RunnerArguments, _ folder: URL) throws -> String {
    if let own = runner.devices.kernels.kernelDir {
      try FileManager.default.copyItem(atPath: own, toPath: folder.path)
    } else {
      try KernelFolder.write(to: folder)
    }
    let prelude = folder.appendingPathComponent("prelude.cl")
    let text = try String(contentsOf: prelude, encoding: .utf8)
    try (text + Self.reversal).write(to: prelude, atomically: true, encoding: .utf8)
    return folder.path
  }

  /// The tiny cases, or three of each operation with one kind of data.
  private func texts() throws -> [String] {
    let tiny = { (operation: Op) in Array(operation.suite.prefix(operation.tinyCount)) }
    guard small else { return try selection.texts(tiny) }
    var seen: Set<String> = []
    // From the tiny ones' end: the first are of size 1.
    return try selection.texts { tiny($0).suffix(3) }.filter { text in
      seen.insert(text.components(separatedBy: " data=")[0]).inserted
    }
  }
}

import ArgumentParser
import ComputeCPU
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// A child that runs cases: a crash or hang ends it, not the run.
///
/// It reads a case a line, `variant,variant|op=…`, and answers with lines that begin with ``mark``: `ready`, then for each
/// case `begin variant` and a record for each variant, and `end`.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "worker", shouldDisplay: false)
  static let mark = "\u{1}"

  @Option var device = "all"
  @Option var variant = "all"
  @Option var check = CaseCheck.values
  @Flag var exactBuffers = false
  /// A shared library of C loops in place of the program's own.
  @Option var loops: String?
  @OptionGroup var cases: CaseArguments

  func run() throws {
    if let loops { try CPULoops.replace(with: loops) }
    let opened = try VariantSelection(device: device, variant: variant, exactBuffers: exactBuffers).open()
    let executor = CaseExecutor(variants: opened.variants, options: cases.options, check: check)
    let names = opened.variants.map { "\($0.name)=\($0.deviceName)" }.joined(separator: "\t")
    try Self.say("ready \(names)\t\(opened.openCLProblem ?? "")")
    var input = LineInput()
    while let line = try input.next() {
      let parts = line.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 2 else { throw UsageError("The line '\(line)' is no request.") }
      var failure: (any Error)?
      do {
        let records = try executor.records(for: parts[1], names: parts[0].split(separator: ",").map(String.init)) {
          name in
          // Before each, so that a crash is charged to the right variant.
          do { try Self.say("begin \(name)") } catch { failure = error }
        }
        for record in records {
          try Self.say("record " + String(decoding: JSONEncoder().encode(record), as: UTF8.self))
        }
      } catch let error as CaseError { try Self.say("refused \(error)") }
      if let failure { throw failure }
      try Self.say("end")
    }
  }

  static func say(_ text: String) throws { try Output.line(mark + text) }
}

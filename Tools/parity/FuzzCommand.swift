import ArgumentParser
import Compute
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct FuzzCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz", abstract: "Run random cases; failing ones are made as small as they can be.",
    discussion: """
      Every case is legal by construction and depends on the seed and its number alone.

      Examples:
        parity fuzz --time 60s
        parity fuzz --cases 500 --seed 7 --ops 'conv*,multiply'
      """)

  @OptionGroup var selection: SelectionArguments
  @OptionGroup var runner: RunnerArguments
  @OptionGroup var report: ReportArguments
  @Option(
    help: ArgumentHelp(
      "Stop after this long, such as 60s or 5m (default: 60s, unless --cases is given).", valueName: "TIME"))
  var time: String?
  @Option(name: .customLong("cases"), help: ArgumentHelp("Stop after this many cases.", valueName: "N"))
  var count: Int?

  func validate() throws {
    if let time, Self.seconds(time) == nil { throw ValidationError("'\(time)' is no time; write 60s or 5m.") }
    if let count, count < 1 { throw ValidationError("--cases must be at least 1.") }
  }

  func run() throws {
    try report.check()
    let operations = try selection.names.operations()
    let progress = try report.reporting.progress()
    let cases = try runner.runner()
    if let problem = cases.openCLProblem { try progress.note("Only the CPU path is tested: \(problem)") }
    try progress.note("seed \(runner.cases.seed)")
    let limit = time.flatMap(Self.seconds) ?? (count == nil ? 60 : .infinity)
    let start = ContinuousClock.now
    var results = CaseReport(seed: runner.cases.seed)
    var number = 0
    while number < count ?? .max {
      let elapsed = (ContinuousClock.now - start) / .seconds(1)
      guard elapsed < limit else { break }
      if let text = draw(number, operations) {
        let records = try cases.records(for: text)
        results.add(records)
        for record in records where record.isFailure {
          try progress.note(CaseReport.explanation(record, among: records), always: true)
          let smaller = try Shrinking(runner: cases, variant: record.variant).smallest(record)
          if smaller.text != text { try progress.note("  shrunk: \(smaller.replay)", always: true) }
        }
        if runner.failFast, records.contains(where: \.isFailure) { break }
      }
      number += 1
      let (done, total) = count.map { (number, $0) } ?? (Int(elapsed), Int(limit))
      try progress.report(count == nil ? "seconds" : "cases", done, of: total)
    }
    cases.finish()
    try report.finish(results, cases.variants, cases.openCLProblem)
  }

  /// The case of a number; nil where the draw is too much work, or an operation takes none of the kinds of data asked for.
  private func draw(_ number: Int, _ operations: [Op]) -> String? {
    var random = CaseRandom(key: "fuzz \(number)", seed: runner.cases.seed)
    let operation = random.pick(operations)
    guard let made = try? operation.makeCase(operation.random(&random)), made.work <= min(selection.maxWork, 2_000_000)
    else { return nil }
    let fills = made.fills.filter { selection.kinds?.contains($0) ?? true }
    return fills.isEmpty ? nil : made.text(random.pick(fills))
  }

  static func seconds(_ text: String) -> Double? {
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600]
    guard let last = text.last else { return nil }
    let number = units[last] == nil ? text : String(text.dropLast())
    return Double(number).map { $0 * (units[last] ?? 1) }.flatMap { $0 > 0 && $0.isFinite ? $0 : nil }
  }
}

/// Makes a failing case smaller: each number is halved or lowered, each option dropped, as long as it still fails.
struct Shrinking {
  let runner: CaseRunner
  let variant: String
  /// Runs that it may take.
  private static let limit = 300

  /// The record of the smallest case found that fails as the given one does.
  func smallest(_ record: CaseRecord) throws -> CaseRecord {
    var (best, runs, progressed) = (record, 0, true)
    while progressed, runs < Self.limit {
      progressed = false
      for candidate in Self.candidates(best.text) {
        // Candidates that do not fit together are no cases.
        guard (try? OpCatalogue.makeCase(parsing: candidate)) != nil else { continue }
        runs += 1
        if let failed = try runner.records(for: candidate, names: [variant]).first(where: \.isFailure) {
          best = failed
          progressed = true
          break
        }
        guard runs < Self.limit else { break }
      }
    }
    return best
  }

  /// Smaller cases, the boldest steps first.
  static func candidates(_ text: String) -> [String] {
    guard let parameters = try? Parameters(parsing: text) else { return [] }
    var found: [Parameters] = []
    for item in parameters.items where item.name != "op" && item.name != "data" {
      var without = parameters
      without[item.name] = nil
      found.append(without)
      guard let value = Int(item.value) else { continue }
      for smaller in [1, value / 2, value - 1] where smaller >= 0 && smaller < value {
        found.append(parameters.with(item.name, "\(smaller)"))
      }
    }
    for fill in ["constant", "onehot", "integer"] where parameters["data"] != fill {
      guard let made = try? OpCatalogue.makeCase(parsing: text).case,
        made.fills.contains(where: { $0.rawValue == fill })
      else { continue }
      // Last in the list, so that data only gets simpler.
      if parameters["data"] == "normal" || parameters["data"] == "positive" {
        found.append(parameters.with("data", fill))
      }
    }
    return found.map(\.description)
  }
}

import ArgumentParser
import Benchmarking
import Foundation
import ToolSupport

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Compare two JSON files of 'run', case by case.",
    discussion: """
      The lower tenth of the times is compared (the lower quarter where memory bounds), each corrected by the speed of \
      plain arithmetic around it. SLOW and FAST are more than the threshold and three times the noise of either file. \
      Times of two runs on a shared machine differ by much more than their noise: this is a report, and 'kernel-bench ab' \
      is the right gate.

      Example:
        kernel-bench compare old.json new.json
      """)

  @Argument(help: "The earlier run.")
  var old: String
  @Argument(help: "The later run.")
  var new: String
  @Option(help: ArgumentHelp("A difference that counts.", valueName: "PERCENT"))
  var threshold = 3.0
  @Option(help: ArgumentHelp("End with exit code 1 where a case is SLOW, GONE or BROKEN: slow.", valueName: "WHEN"))
  var failOn: FailOn?

  enum FailOn: String, CaseIterable, ExpressibleByArgument { case slow }

  private struct Document: Decodable { let cases: [BenchRecord] }

  func validate() throws {
    guard threshold > 0 else { throw ValidationError("--threshold must be positive.") }
  }

  func run() throws {
    let (before, after) = (try cases(old), try cases(new))
    let known = Dictionary(before.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    let present = Set(after.map(\.id))
    var (rows, logarithms) = ([[String]](), [Double]())
    for record in after {
      let result = Self.judged(known[record.id], record, threshold: threshold / 100)
      rows.append([
        record.id, result.ratio.map { String(format: "%.3f", $0) } ?? "-",
        result.noise.map { String(format: "%.1f%%", 100 * $0) } ?? "-", result.status,
      ])
      if let ratio = result.ratio { logarithms.append(log(ratio)) }
    }
    for record in before where !present.contains(record.id) { rows.append([record.id, "-", "-", "GONE"]) }
    guard !logarithms.isEmpty else { throw Failure("The files have no timed case in common.") }
    var table = Table(["case", "new/old", "noise", "status"])
    for row in rows { table.add(row) }
    try Output.line(table.text)
    let mean = exp(logarithms.reduce(0, +) / Double(logarithms.count))
    try Output.line(String(format: "geometric mean of \(logarithms.count) cases: %.3f", mean))
    if failOn == .slow, rows.contains(where: { ["SLOW", "GONE", "BROKEN"].contains($0[3]) }) {
      throw ExitCode(ExitStatus.failed.rawValue)
    }
  }

  private func cases(_ path: String) throws -> [BenchRecord] {
    guard let data = FileManager.default.contents(atPath: path) else { throw Failure("'\(path)' cannot be read.") }
    do { return try JSONDecoder().decode(Document.self, from: data).cases } catch {
      throw Failure("'\(path)' is no JSON of 'kernel-bench run'.")
    }
  }

  private static func judged(
    _ old: BenchRecord?, _ new: BenchRecord, threshold: Double
  ) -> (ratio: Double?, noise: Double?, status: String) {
    guard let old else { return (nil, nil, "NEW") }
    guard let after = new.stats else { return (nil, nil, "BROKEN") }
    guard let before = old.stats else { return (nil, nil, "NEW") }
    let isMemoryBound = new.bound == .memory || new.bound == .cache
    var ratio = isMemoryBound ? after.p25 / before.p25 : after.p10 / before.p10
    if let speed = new.calibration, let earlier = old.calibration { ratio *= speed / earlier }
    let noise = [before, after].map { ($0.p75 - $0.p25) / 2 / $0.median }.max() ?? 0
    let size = max(ratio, 1 / ratio) - 1
    guard size > threshold else { return (ratio, noise, size.isNaN ? "BROKEN" : "SAME") }
    guard size > 3 * noise else { return (ratio, noise, "AMBG") }
    return (ratio, noise, ratio > 1 ? "SLOW" : "FAST")
  }
}

extension BenchRecord {
  /// The speed of plain arithmetic around the case.
  fileprivate var calibration: Double? {
    guard let calibrationBefore, let calibrationAfter else { return nil }
    return (calibrationBefore + calibrationAfter) / 2
  }
}

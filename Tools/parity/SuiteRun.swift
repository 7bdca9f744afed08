import Foundation
import OpCatalogue
import ToolSupport

/// Runs a list of cases with progress, prints the report, and ends with its status.
struct SuiteRun {
  let runner: RunnerArguments
  let suite: SuiteArguments
  let report: ReportArguments
  var check = CaseCheck.values

  func run(_ texts: [String]) throws {
    try report.check()
    try OutputFile.check(suite.updateBaseline)
    let progress = try report.reporting.progress()
    guard !texts.isEmpty else { throw Failure("No case fits these options, so nothing was tested.") }
    let baseline = try suite.baseline.map { try ErrorBaseline(path: $0) }
    let cases = try runner.runner(check)
    var results = CaseReport(seed: runner.cases.seed)
    if let problem = cases.openCLProblem {
      results.skip("OpenCL: \(problem)")
      try progress.note("Only the CPU path is tested: \(problem)")
    }
    for (name, device) in cases.variants { try progress.note("\(name): \(device)") }
    try progress.note("seed \(runner.cases.seed)")
    for (index, text) in texts.enumerated() {
      let records = try cases.records(for: text)
      results.add(records)
      for record in records where record.isFailure {
        try progress.note(CaseReport.explanation(record, among: records), always: true)
      }
      if runner.failFast, records.contains(where: \.isFailure) { break }
      try progress.report("cases", index + 1, of: texts.count)
    }
    cases.finish()
    for warning in baseline?.warnings(results.records) ?? [] { try progress.note(warning, always: true) }
    if let path = suite.updateBaseline { try ErrorBaseline(results.records).write(to: path) }
    try report.finish(results, cases.variants, cases.openCLProblem)
  }
}

/// The largest error of each operation at each size on each variant in an earlier run, as a part of its bound: over all
/// kinds of data, so that a record is small enough to stand in a repository.
struct ErrorBaseline {
  private let ratios: [String: Double]

  init(_ records: [CaseRecord]) {
    var ratios: [String: Double] = [:]
    for record in records where record.status == .passed {
      guard let ratio = record.ratio else { continue }
      let key = "\(record.variant) \(record.op) \(record.parameters)"
      ratios[key] = max(ratios[key] ?? 0, (ratio * 1e3).rounded() / 1e3)
    }
    self.ratios = ratios
  }

  init(path: String) throws {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("The baseline '\(path)' cannot be read.")
    }
    do { ratios = try JSONDecoder().decode([String: Double].self, from: data) } catch {
      throw Failure("The baseline '\(path)' is no record of errors; make one with --update-baseline.")
    }
  }

  func write(to path: String) throws { try OutputFile.writeJSON(ratios, to: path) }

  /// Growth below a twentieth of the bound is noise of another order of sums.
  func warnings(_ records: [CaseRecord]) -> [String] {
    ErrorBaseline(records).ratios.sorted { $0.key < $1.key }.compactMap { key, new in
      guard let old = ratios[key], new > 0.05, new > 3 * old else { return nil }
      return "error regression: \(key) grew from \(old) to \(new) of its bound"
    }
  }
}

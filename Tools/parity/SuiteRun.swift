import ArgumentParser
import Foundation
import OpCatalogue
import ToolSupport

/// Runs a list of cases with progress, prints the report, and ends with its status.
struct SuiteRun {
  let selection: SelectionArguments
  let cases: CaseArguments
  let report: ReportArguments

  func run(_ texts: [String], title: String) throws {
    try report.check()
    let progress = try report.reporting.progress()
    guard !texts.isEmpty else { throw Failure("No case fits these options, so nothing was tested.") }
    let runner = try selection.runner(cases)
    var results = CaseReport(seed: cases.seed)
    if let problem = runner.openCLProblem {
      results.skip("OpenCL: \(problem)")
      try progress.note("Only the CPU path is tested: \(problem)")
    }
    for (name, device) in runner.variants { try progress.note("\(name): \(device)") }
    try progress.note("seed \(cases.seed)")
    let baseline = try report.baseline.map { try ErrorBaseline(path: $0) }
    for (index, text) in texts.enumerated() {
      let records = try runner.records(for: text)
      results.add(records)
      for record in records where record.isFailure {
        try progress.note(CaseReport.explanation(record, among: records), always: true)
      }
      for warning in baseline?.warnings(records) ?? [] { try progress.note(warning, always: true) }
      if report.failFast, records.contains(where: \.isFailure) { break }
      try progress.report(title, index + 1, of: texts.count)
    }
    runner.finish()
    try finish(results, runner.variants, runner.openCLProblem)
  }

  func finish(
    _ results: CaseReport, _ variants: [(name: String, device: String)], _ openCLProblem: String?
  ) throws {
    if let json = report.json {
      try OutputFile.writeJSON(
        results.json([
          "variants": Dictionary(uniqueKeysWithValues: variants.map { ($0.name, $0.device) }),
          "opencl_problem": openCLProblem.map { $0 as Any } ?? NSNull(),
        ]), to: json)
    }
    if let junit = report.junit { try OutputFile.write(Data(results.junit.utf8), to: junit) }
    if let md = report.md { try OutputFile.write(Data(results.markdown.utf8), to: md) }
    if let path = report.updateBaseline { try ErrorBaseline(results.records).write(to: path) }
    if report.json != "-" {
      try Output.line(results.table)
      for reason in results.skipped { try Output.line("skipped: \(reason)") }
      let doubtful = results.records.filter { $0.status == .mistrusted }
      for record in doubtful.prefix(10) { try Output.line("mistrusted: \(record.text): \(record.message)") }
      try Output.line(results.closingLine)
    }
    guard results.status == .done else { throw ExitCode(results.status.rawValue) }
  }
}

/// Errors of an earlier run, by case and variant, as parts of their bounds.
struct ErrorBaseline {
  private var ratios: [String: Double]

  init(_ records: [CaseRecord]) {
    ratios = [:]
    for record in records where record.status == .passed {
      ratios["\(record.variant) \(record.text)"] = record.ratio.map { ($0 * 1e4).rounded() / 1e4 }
    }
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
    records.compactMap { record in
      guard record.status == .passed, let old = ratios["\(record.variant) \(record.text)"], let new = record.ratio,
        new > 0.05, new > 3 * old
      else { return nil }
      return "error regression: \(record.text) on \(record.variant) grew from \(old) to "
        + "\(String(format: "%.4f", new)) of its bound"
    }
  }
}

import Foundation
import OpCatalogue
import ToolSupport

/// All records of a run, and the ways to print them.
struct CaseReport {
  private(set) var records: [CaseRecord] = []
  private(set) var skipped: [String] = []
  let seed: UInt64

  init(seed: UInt64) { self.seed = seed }

  mutating func add(_ more: [CaseRecord]) { records += more }
  mutating func skip(_ reason: String) { skipped.append(reason) }

  var failures: [CaseRecord] { records.filter(\.isFailure) }

  /// 4 where a child crashed or hung, 1 where a case failed or nothing was tested.
  var status: ExitStatus {
    if records.contains(where: { $0.status == .crash || $0.status == .timeout }) { return .childCrashed }
    return failures.isEmpty && !records.isEmpty ? .done : .failed
  }

  /// Cases that prove little count as skipped.
  var closingLine: String {
    let passed = records.count { $0.status == .passed }
    let others = records.count { $0.status == .mistrusted || $0.status == .skipped } + skipped.count
    return "\(passed) passed, \(failures.count) failed, \(others) skipped"
  }

  // MARK: the table

  private struct Row {
    let cells: [String]
  }

  /// One row an operation and variant, with its worst case.
  private var rows: [[String]] {
    var order: [String] = []
    var groups: [String: [CaseRecord]] = [:]
    for record in records {
      let key = "\(record.op) \(record.variant)"
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(record)
    }
    return order.sorted().compactMap { key in groups[key].flatMap(row) }
  }

  private func row(_ group: [CaseRecord]) -> [String]? {
    func rank(_ record: CaseRecord) -> Double { record.isFailure ? .infinity : record.ratio ?? .infinity }
    guard let worst = group.max(by: { rank($0) < rank($1) }) else { return nil }
    let rms = group.filter { $0.nrmseBound != nil }.max {
      ($0.nrmse ?? .infinity) / ($0.nrmseBound ?? 1) < ($1.nrmse ?? .infinity) / ($1.nrmseBound ?? 1)
    }
    let failed = group.count(where: \.isFailure)
    return [
      worst.op, worst.variant, "\(group.count)", failed > 0 ? "FAIL \(failed)" : "ok",
      rms.map { Self.short($0.nrmse) } ?? "-", rms.map { Self.short($0.nrmseBound) } ?? "-",
      worst.ratio.map { String(format: "%.2f", $0) } ?? (worst.isFailure ? "inf" : "0.00"),
      group.compactMap(\.pairRatio).max().map { String(format: "%.2f", $0) } ?? "-",
      group.allSatisfy(\.bitIdentical) ? "ok" : "DIFFER",
      String(format: "%.1fs", group.reduce(0) { $0 + $1.runMilliseconds } / 1000),
      "\(worst.parameters) data=\(worst.data)",
    ]
  }

  private static let header = [
    "op", "variant", "cases", "result", "nrmse", "bound", "ratio", "pair", "bits", "time", "worst case",
  ]

  private static func short(_ value: Double?) -> String { value.map { String(format: "%.1e", $0) } ?? "-" }

  var table: String {
    var table = Table(Self.header, leftColumns: 2)
    for row in rows { table.add(row) }
    return table.text
  }

  var markdown: String {
    let lines = [Self.header, Self.header.map { _ in "---" }] + rows
    return lines.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n") + "\n"
  }

  /// What went wrong in a case, and the line that runs it again.
  static func explanation(_ record: CaseRecord, among siblings: [CaseRecord]) -> String {
    var lines = ["FAILED \(record.op) on \(record.variant): \(record.parameters) data=\(record.data)"]
    lines.append("  \(record.status == .failed ? "" : "\(record.status.rawValue): ")\(record.message)")
    if let index = record.worstIndex, record.status == .failed {
      lines.append(
        "  worst element \(index): got \(record.got.map { "\($0)" } ?? "no number"), "
          + "want \(record.want.map { "\($0)" } ?? "no number"); guard \(record.guardIntact ? "intact" : "HIT")")
    }
    let good = siblings.filter { $0.variant != record.variant && $0.text == record.text && $0.status == .passed }
    if !good.isEmpty { lines.append("  right on \(good.map(\.variant).joined(separator: ", "))") }
    lines.append("  replay: \(record.replay)")
    return lines.joined(separator: "\n")
  }

  // MARK: files

  func json(_ header: [String: Any]) throws -> [String: Any] {
    let encoded = try JSONSerialization.jsonObject(with: JSONEncoder().encode(records))
    var object = header
    object["schema"] = "parity/1"
    object["seed"] = seed
    object["version"] = Version.text
    object["cases"] = encoded
    object["host"] = [
      "system": ProcessInfo.processInfo.operatingSystemVersionString,
      "cores": ProcessInfo.processInfo.activeProcessorCount,
    ]
    object["skipped"] = skipped
    object["totals"] = [
      "passed": records.count { $0.status == .passed }, "failed": failures.count,
      "mistrusted": records.count { $0.status == .mistrusted }, "skipped": skipped.count,
    ]
    object["environment"] = ProcessInfo.processInfo.environment.filter { name, _ in
      ["POCL_", "OCL_", "FLAWLESS_", "OPENBLAS_"].contains { name.hasPrefix($0) }
    }
    return object
  }

  var junit: String {
    func escaped(_ text: String) -> String {
      text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
        .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }
    let cases = records.map { record in
      let head =
        "  <testcase classname=\"parity.\(record.op).\(record.variant)\" name=\"\(escaped(record.parameters)) "
        + "data=\(record.data)\" time=\"\(record.runMilliseconds / 1000)\""
      if record.isFailure {
        return "\(head)><failure message=\"\(escaped(record.message))\">\(escaped(record.replay))</failure></testcase>"
      }
      return record.status == .passed
        ? "\(head)/>" : "\(head)><skipped message=\"\(escaped(record.message))\"/></testcase>"
    }
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuite name="parity" tests="\(records.count)" failures="\(failures.count)" skipped="\(records.count { $0.status == .mistrusted || $0.status == .skipped })">
      \(cases.joined(separator: "\n"))
      </testsuite>

      """
  }
}

import ComputeOpenCL
import Foundation
import ToolSupport

/// What one of the gate's three checks has found.
struct GateCheck: Encodable {
  enum Verdict: String, Encodable {
    case fine, changed, skipped
    case tooNoisy = "too noisy"
  }

  let name: String
  var verdict: Verdict
  /// What is worse, or why nothing was checked.
  var findings: [String] = []
  /// What is different, and no worse.
  var notes: [String] = []

  /// More instructions are a finding, fewer ones a note.
  static func counts(
    _ base: InstructionCounter.Result, _ head: InstructionCounter.Result, tolerance: Double
  ) -> GateCheck {
    var check = GateCheck(name: "count", verdict: .fine)
    let changes = InstructionCounts.changes(from: base.kernels, to: head.kernels, tolerance: tolerance)
    for change in changes where change.verdict != .same {
      let words = "\(change.row.joined(separator: "  "))"
      if change.verdict == .more { check.findings.append(words) } else { check.notes.append(words) }
    }
    if !check.findings.isEmpty { check.verdict = .changed }
    return check
  }

  /// More memory for an item or a group, or smaller groups, are findings.
  static func resources(_ base: [String: KernelResources], _ head: [String: KernelResources]) -> GateCheck {
    var check = GateCheck(name: "static", verdict: .fine)
    for (name, after) in head.sorted(by: { $0.key < $1.key }) {
      guard let before = base[name], before != after else { continue }
      let words = "\(name): was \(before), is \(after)"
      let isWorse =
        after.privateBytes > before.privateBytes || after.localBytes > before.localBytes
        || after.groupLimit < before.groupLimit
      if isWorse { check.findings.append(words) } else { check.notes.append(words) }
    }
    if !check.findings.isEmpty { check.verdict = .changed }
    return check
  }

  static func pairs(_ records: [PairedRecord], strict: Bool) -> GateCheck {
    var check = GateCheck(name: "ab", verdict: .fine)
    for record in records {
      let words = record.row.joined(separator: "  ") + (record.message.isEmpty ? "" : ": \(record.message)")
      let isFinding = PairedRecord.failures.contains(record.verdict) || (strict && record.verdict == "ambiguous")
      if isFinding { check.findings.append(words) } else if record.verdict != "same" { check.notes.append(words) }
    }
    let isNoisy = records.contains { $0.verdict == "too noisy" }
    check.verdict = !check.findings.isEmpty ? .changed : isNoisy ? .tooNoisy : .fine
    return check
  }

  /// What the gate as a whole says.
  static func status(_ checks: [GateCheck]) -> ExitStatus {
    if checks.contains(where: { $0.verdict == .changed }) { return .failed }
    return checks.contains { $0.verdict == .tooNoisy } ? .tooNoisy : .done
  }
}

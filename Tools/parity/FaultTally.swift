import ToolSupport

/// How runs under faults ended, by function.
struct FaultTally {
  private(set) var passed = 0
  private(set) var failures: [String] = []
  private(set) var skipped: [String] = []
  var hasCrashed = false
  private var order: [String] = []
  private var counts: [String: [String: Int]] = [:]

  mutating func skip(_ reason: String) { skipped.append(reason) }

  mutating func pass(_ group: String, _ kind: String) {
    passed += 1
    count(group, kind)
  }

  mutating func fail(_ what: String, _ group: String, _ kind: String) {
    failures.append(what)
    count(group, "failed")
  }

  private mutating func count(_ group: String, _ kind: String) {
    if counts[group] == nil { order.append(group) }
    counts[group, default: [:]][kind, default: 0] += 1
  }

  var table: Table {
    let kinds = ["right", "typed", "fallback", "failed"]
    var table = Table(["fault", "right answer", "typed error", "fallback", "failed"])
    for group in order { table.add([group] + kinds.map { "\(counts[group]?[$0] ?? 0)" }) }
    return table
  }
}

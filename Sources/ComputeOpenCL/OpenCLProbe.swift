import Compute
import Foundation

/// Looks for what drivers are known to get wrong, one thing at a time. It takes longer than a self-test, and says more:
/// which part fails, by how much, and what the device merely lacks.
package struct OpenCLProbe {
  package struct Finding: Codable, Sendable {
    package enum Verdict: String, Codable, Sendable {
      case right
      /// Without it everything still works, perhaps slower or less exact.
      case quirk
      case wrong
    }

    package var name: String
    package var verdict: Verdict
    package var detail: String

    package init(name: String, verdict: Verdict, detail: String) {
      self.name = name
      self.verdict = verdict
      self.detail = detail
    }
  }

  private typealias Check = @Sendable (OpenCLProbe) throws -> (Finding.Verdict, String)

  /// In this order; what comes first has to work for the later ones.
  private static let checks: [(name: String, check: Check)] = [
    ("round trip", { try $0.roundTrip() }), ("compiler", { try $0.compiler() }),
    ("functions", { try $0.functions() }), ("NaN and infinity", { try $0.rules() }),
    ("tree reduction", { try $0.tree() }), ("integers", { try $0.integers() }),
    ("unaligned vectors", { try $0.vectors() }), ("half storage", { try $0.halves() }),
    ("repeated launches", { try $0.repeats() }), ("offsets beyond 2 GiB", { try $0.farOffsets() }),
    ("profiling", { try $0.profiling() }),
  ]

  /// What programs can do without.
  private static let optional: Set = ["half storage", "profiling"]

  let device: OpenCLDevice

  package init(_ device: OpenCLDevice) { self.device = device }

  /// - report: is told each finding as it is made, so that one that hangs is known by those before it
  package func run(_ report: (Finding) throws -> Void) throws {
    for (name, check) in Self.checks {
      let finding: Finding
      do {
        let (verdict, detail) = try check(self)
        finding = Finding(name: name, verdict: verdict, detail: detail)
      } catch let error as DeviceError {
        finding = Finding(name: name, verdict: Self.optional.contains(name) ? .quirk : .wrong, detail: "\(error)")
      }
      try report(finding)
    }
  }

  // MARK: memory and compiler

  private func roundTrip() throws -> (Finding.Verdict, String) {
    let sent = (0..<1024).map { Float($0) * 0.5 - 100 }
    let received = try Storage(sent, on: device).values()
    return received == sent ? (.right, "4096 bytes") : (.wrong, "4096 bytes come back changed")
  }

  private func compiler() throws -> (Finding.Verdict, String) {
    let start = ContinuousClock.now
    let (largest, multiple) = try device.kernels.groupSizes(of: "probe_functions")
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    let vectors = device.traits.vectorWidth
    return (
      .right,
      String(format: "%.2f s; ", seconds)
        + "groups of \(largest) at most, in multiples of \(multiple); vectors of \(vectors) floats"
    )
  }

  /// NaN where nothing is written.
  func output(_ count: Int) throws -> Storage {
    try Storage([Float](repeating: .nan, count: count), on: device)
  }
}

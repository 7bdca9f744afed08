import Benchmarking
import Compute
import Foundation
import OpCatalogue

/// What came of one case of a paired comparison.
struct PairedRecord: Codable {
  var id: String
  /// A verdict, or `wrong` where B computes something else, or `failed`.
  var verdict: String
  var message = ""
  var threshold = 0.0
  /// B's time over A's.
  var ratio: Double?
  var lower: Double?
  var upper: Double?
  var coverage: Double?
  /// The same of A with itself.
  var controlLower: Double?
  var controlUpper: Double?
  /// Seconds a launch, medians.
  var secondsA: Double?
  var secondsB: Double?

  private enum CodingKeys: String, CodingKey {
    case id, verdict, message, threshold, ratio, lower, upper, coverage
    case controlLower = "control_lower"
    case controlUpper = "control_upper"
    case secondsA = "a_seconds"
    case secondsB = "b_seconds"
  }
}

/// Times B against A in turn, and A against itself.
struct PairedBench {
  let a: BenchedVariant
  let b: BenchedVariant
  let pairs: Int
  let timer: BlockTimer
  let seed: UInt64
  /// Of operations that arithmetic bounds, and of those that memory bounds.
  let thresholds: (compute: Double, memory: Double)
  /// With 10 pairs the interval would be all but the extremes, and a busy machine always too noisy.
  private var controlPairs: Int { max(pairs * 2 / 3, 10) }
  /// Operations a byte from which arithmetic bounds an operation, on most devices.
  private static let computeIntensity = 8.0
  private static let differenceBound = 1e-5

  func record(_ made: OpCase) -> PairedRecord {
    var record = PairedRecord(id: "\(made.operation) \(made.parameters)", verdict: "failed")
    do { try measure(made, &record) } catch { record.message = "\(error)" }
    return record
  }

  private func measure(_ made: OpCase, _ record: inout PairedRecord) throws {
    let inputs = made.hostInputs(.normal, seed: seed)
    let first = try LoadedCase(made, inputs, on: a.device)
    let twin = try LoadedCase(made, inputs, on: a.device)
    let other = try LoadedCase(made, inputs, on: b.device)
    let (runA, runTwin, runB) = (
      CaseBench.work(first, on: a.device), CaseBench.work(twin, on: a.device), CaseBench.work(other, on: b.device)
    )
    for run in [runA, runTwin, runB] { try run(1) }
    let error = CaseBench.difference(try other.outputs(), try first.outputs())
    guard error <= Self.differenceBound else {
      record.verdict = "wrong"
      record.message = "B's result differs from A's by \(error) in the root mean square"
      return
    }
    let model = WorkModel(floatingPointOperations: made.floatingPointOperations, bytes: made.bytesMoved)
    record.threshold = model.intensity >= Self.computeIntensity ? thresholds.compute : thresholds.memory
    let launches = (a: try timer.launches(runA), b: try timer.launches(runB))
    record.verdict = try PairedRatios.settled {
      var random = SystemRandomNumberGenerator()
      let controls = try timer.pairs(
        controlPairs, using: &random, a: { try runA(launches.a) }, b: { try runTwin(launches.a) })
      let timed = try timer.pairs(pairs, using: &random, a: { try runA(launches.a) }, b: { try runB(launches.b) })
      let perLaunch = timed.map { (a: $0.a / Double(2 * launches.a), b: $0.b / Double(2 * launches.b)) }
      let control = PairedRatios(controls.map { $0.b / $0.a })
      let ratios = PairedRatios(perLaunch.map { $0.b / $0.a })
      let verdict = ratios.verdict(threshold: record.threshold, control: control)
      record.take(ratios, control)
      record.secondsA = SampleStatistics(perLaunch.map(\.a)).median
      record.secondsB = SampleStatistics(perLaunch.map(\.b)).median
      return verdict
    }.rawValue
  }
}

extension PairedRecord {
  /// JSON has no infinities, so these are left out.
  fileprivate mutating func take(_ ratios: PairedRatios, _ control: PairedRatios) {
    func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
    (ratio, lower, upper) = (finite(ratios.median), finite(ratios.lower), finite(ratios.upper))
    (controlLower, controlUpper) = (finite(control.lower), finite(control.upper))
    coverage = ratios.coverage
  }

  /// Verdicts that make a run fail.
  static let failures: Set = ["slower", "wrong", "failed"]

  static let header = ["case", "ratio B/A", "interval", "A with itself", "A us", "B us", "verdict"]

  var row: [String] {
    func text(_ value: Double?, _ format: String = "%.3f") -> String {
      value.map { String(format: format, $0) } ?? "-"
    }
    return [
      id, text(ratio), "\(text(lower)) … \(text(upper))", "\(text(controlLower)) … \(text(controlUpper))",
      text(secondsA.map { $0 * 1e6 }, "%.1f"), text(secondsB.map { $0 * 1e6 }, "%.1f"), verdict,
    ]
  }
}

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
  /// Where arrays lie makes a difference of up to 2 %, which stays as long as they lie there: so they move every few pairs.
  private static let pairsPerPlace = 3
  /// Bytes of earlier arrays that are kept, since a device would give their places out again.
  private static let keptBytes = 1 << 28
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
    var sides = try Sides(made, inputs, a.device, b.device)
    let error = CaseBench.difference(try sides.b.outputs(), try sides.a.outputs())
    guard error <= Self.differenceBound else {
      record.verdict = "wrong"
      record.message = "B's result differs from A's by \(error) in the root mean square"
      return
    }
    let model = WorkModel(floatingPointOperations: made.floatingPointOperations, bytes: made.bytesMoved)
    record.threshold = model.intensity >= Self.computeIntensity ? thresholds.compute : thresholds.memory
    let launches = (a: try timer.launches(sides.runA), b: try timer.launches(sides.runB))
    var kept: [Sides] = []
    record.verdict = try PairedRatios.settled { attempt in
      var random = SystemRandomNumberGenerator()
      var (controls, timed) = ([Double](), [(a: Double, b: Double)]())
      for pair in 0..<(pairs * (attempt + 1)) {
        if pair % Self.pairsPerPlace == 0 {
          kept.append(sides)
          sides = try Sides(made, inputs, a.device, b.device)
          if kept.count * 3 * made.bytesMoved > Self.keptBytes { kept.removeFirst() }
        }
        // In turn, so that what disturbs one disturbs the other.
        controls += try timer.pairs(
          1, using: &random, a: { try sides.runA(launches.a) }, b: { try sides.runTwin(launches.a) },
          warmA: { try sides.runA(1) }, warmB: { try sides.runTwin(1) }
        ).map { $0.b / $0.a }
        timed += try timer.pairs(
          1, using: &random, a: { try sides.runA(launches.a) }, b: { try sides.runB(launches.b) },
          warmA: { try sides.runA(1) }, warmB: { try sides.runB(1) }
        ).map { (a: $0.a / Double(2 * launches.a), b: $0.b / Double(2 * launches.b)) }
      }
      let (control, ratios) = (PairedRatios(controls), PairedRatios(timed.map { $0.b / $0.a }))
      record.take(ratios, control)
      record.secondsA = SampleStatistics(timed.map(\.a)).median
      record.secondsB = SampleStatistics(timed.map(\.b)).median
      return ratios.verdict(threshold: record.threshold, control: control)
    }.rawValue
  }
}

/// A, A again and B, each with arrays of its own, which have run once.
private struct Sides {
  let a, twin, b: LoadedCase
  let runA, runTwin, runB: BlockTimer.Work

  init(_ made: OpCase, _ inputs: OpCase.Inputs, _ deviceA: any Device, _ deviceB: any Device) throws {
    // In any order, so that none has the better places more often.
    var loaded: [Int: LoadedCase] = [:]
    for side in (0..<3).shuffled() { loaded[side] = try LoadedCase(made, inputs, on: side == 2 ? deviceB : deviceA) }
    guard let a = loaded[0], let twin = loaded[1], let b = loaded[2] else { preconditionFailure("All were loaded.") }
    (self.a, self.twin, self.b) = (a, twin, b)
    runA = CaseBench.work(a, on: deviceA)
    runTwin = CaseBench.work(twin, on: deviceA)
    runB = CaseBench.work(b, on: deviceB)
    for run in [runA, runTwin, runB] { try run(1) }
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

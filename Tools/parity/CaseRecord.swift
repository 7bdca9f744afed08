import Compute
import Foundation
import OpCatalogue

/// What a report says of one case on one variant.
struct CaseRecord: Codable {
  enum Status: String, Codable { case passed, failed, mistrusted, skipped, crash, timeout }

  var op: String
  var variant: String
  var device = ""
  var parameters: String
  var data: String
  var seed: UInt64
  var status: Status
  var message = ""
  var elements = 0
  /// The largest error as a part of its bound; null when something exact differs.
  var ratio: Double?
  var nrmse: Double?
  var nrmseBound: Double?
  var worstIndex: Int?
  var got: Double?
  var want: Double?
  var bitIdentical = true
  var guardIntact = true
  /// The first run with what it compiled, and the fastest one.
  var firstMilliseconds = 0.0
  var runMilliseconds = 0.0
  var check = CaseCheck.values
  /// The largest difference from the variants before, as a part of what two errors may add up to.
  var pairRatio: Double?
  /// A hash of the outputs' bits.
  var bits = ""

  private enum CodingKeys: String, CodingKey {
    case op, variant, device, parameters, data, seed, check, status, message, elements, ratio, nrmse, got, want, bits
    case nrmseBound = "nrmse_bound"
    case worstIndex = "worst_index"
    case bitIdentical = "bit_identical"
    case guardIntact = "guard"
    case firstMilliseconds = "first_ms"
    case runMilliseconds = "run_ms"
    case pairRatio = "pair_ratio"
  }

  /// Options that a replay needs beside the text, the variant and the seed; known to the parent only.
  var replayOptions = ""

  /// The line that runs this case again.
  var text: String { "op=\(op) \(parameters) data=\(data)" }
  var replay: String {
    "parity replay '\(text)' --variant \(variant) --seed \(seed)"
      + (check == .values ? "" : " --check \(check.rawValue)") + replayOptions
  }
  var isFailure: Bool { [.failed, .crash, .timeout].contains(status) }

  init(
    _ made: OpCase, _ fill: Fill, seed: UInt64, variant: String, device: String, status: Status, message: String = ""
  ) {
    op = made.operation
    parameters = made.parameters.description
    data = fill.rawValue
    self.seed = seed
    self.variant = variant
    self.device = device
    self.status = status
    self.message = message
  }

  /// A case that ended its worker, or kept it too long.
  init(text: String, seed: UInt64, variant: String, status: Status, message: String) {
    let words = text.split(separator: " ").map(String.init)
    op = words.first.map { String($0.dropFirst(3)) } ?? ""
    parameters = words.dropFirst().dropLast().joined(separator: " ")
    data = words.last.map { String($0.dropFirst(5)) } ?? ""
    self.seed = seed
    self.variant = variant
    self.status = status
    self.message = message
  }

  mutating func take(_ result: CaseResult) {
    status = Status(rawValue: result.status.rawValue) ?? .failed
    message = result.message
    elements = result.outputs.reduce(0) { $0 + $1.count }
    ratio = Self.finite(result.comparison.excess)
    nrmse = Self.finite(result.comparison.rms)
    nrmseBound = result.comparison.rmsBound
    worstIndex = result.comparison.worst?.index
    got = result.comparison.worst.flatMap { Self.finite($0.found) }
    want = result.comparison.worst.flatMap { Self.finite($0.expected) }
    bitIdentical = result.isRepeatable
    guardIntact = result.isGuardIntact
    firstMilliseconds = result.firstSeconds * 1000
    runMilliseconds = result.seconds * 1000
    bits = Self.hash(result.outputs)
  }

  /// An adjoint gap and its bound.
  mutating func take(_ gap: (error: Double, bound: Double), scale: Double) {
    elements = 1
    ratio = Self.finite(gap.error / (gap.bound * scale))
    guard !(gap.error <= gap.bound * scale) else { return }
    status = .failed
    message = "⟨J·v, y⟩ differs from ⟨v, Jᵀ·y⟩ by \(gap.error), more than \(gap.bound)"
  }

  /// JSON has no infinities.
  private static func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }

  private static func hash(_ outputs: [HostArray]) -> String {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for output in outputs { for word in output.bits { hash = (hash ^ UInt64(word)) &* 0x100_0000_01B3 } }
    return String(hash, radix: 16)
  }
}

public import Compute
import Foundation

/// What came of one case on one device.
public struct CaseResult: Sendable {
  public enum Status: String, Sendable { case passed, failed, mistrusted }

  public var status = Status.passed
  /// The worst output's comparison.
  public var comparison = Comparison()
  public var message = ""
  /// Whether repeated runs gave the same bits, and whether the zones around the arrays and the inputs were left alone.
  public var isRepeatable = true
  public var isGuardIntact = true
  /// Of the first run, with what it compiled, and of the fastest one.
  public var firstSeconds = 0.0
  public var seconds = 0.0
  /// The outputs of the first run.
  public var outputs: [HostArray] = []
}

/// How cases are run.
public struct CaseOptions: Sendable {
  public var seed: UInt64 = 42
  /// Elements before and behind every array that nothing may touch.
  public var guardCount = 1024
  public var repeats = 2
  /// Elements between the zone before an array and the array: each run takes the next one, each case begins at another.
  /// A device's alignment rounds them up.
  public var offsets = [0, 1, 3, 16]
  /// A factor for every tolerance.
  public var toleranceScale = 1.0

  public init() {}
}

extension OpCase {
  /// Inputs and what is expected of the outputs, worked out once for all devices.
  public struct Prepared: Sendable {
    public let fill: Fill
    let inputs: HostArrays
    public let expected: [Expected]

    /// What goes into the array at a position.
    public func input(_ index: Int) -> HostArray { inputs.arrays[index] }
  }

  public func prepared(_ fill: Fill, seed: UInt64) -> Prepared {
    let inputs = inputs(fill, seed: seed)
    return Prepared(fill: fill, inputs: inputs, expected: reference(inputs, fill))
  }

  /// Runs on a device and compares; every array lies between zones of a NaN that no computation makes.
  public func result(_ prepared: Prepared, on device: any Device, _ options: CaseOptions) throws -> CaseResult {
    var random = CaseRandom(key: "offset " + text(prepared.fill), seed: options.seed)
    let turn = random.int(0...max(options.offsets.count - 1, 0))
    var first = try once(prepared, on: device, options, turn)
    for number in 1..<max(options.repeats, 1) {
      let again = try once(prepared, on: device, options, turn + number)
      if first.outputs.map(\.bits) != again.outputs.map(\.bits) { first.isRepeatable = false }
      first.isGuardIntact = first.isGuardIntact && again.isGuardIntact
      first.seconds = min(first.seconds, again.seconds)
    }
    judge(&first, prepared, options)
    return first
  }

  private func once(
    _ prepared: Prepared, on device: any Device, _ options: CaseOptions, _ turn: Int
  ) throws -> CaseResult {
    let offset = options.offsets.isEmpty ? 0 : options.offsets[turn % options.offsets.count]
    let start = ContinuousClock.now
    let guarded = try prepared.inputs.arrays.enumerated().map { index, values in
      try GuardedArray(values, number: index, offset: offset, guardCount: options.guardCount, on: device)
    }
    try run(device, DeviceArrays(arrays: guarded.map(\.array)))
    var result = CaseResult()
    for (index, array) in guarded.enumerated() {
      let values = try array.contents(&result.isGuardIntact)
      if arrays[index].role == .input {
        result.isGuardIntact = result.isGuardIntact && values.bits == prepared.inputs.arrays[index].bits
      } else {
        result.outputs.append(values)
      }
    }
    result.firstSeconds = (ContinuousClock.now - start) / .seconds(1)
    result.seconds = result.firstSeconds
    return result
  }

  private func judge(_ result: inout CaseResult, _ prepared: Prepared, _ options: CaseOptions) {
    let comparisons = zip(result.outputs, prepared.expected).map { Comparison($0, $1.scaled(options.toleranceScale)) }
    // Outputs that differ first, then the largest ratio.
    let worst = comparisons.indices.max { a, b in
      (comparisons[a].passed ? 0 : 1, comparisons[a].ratio) < (comparisons[b].passed ? 0 : 1, comparisons[b].ratio)
    }
    guard let worst else { preconditionFailure("The case \(operation) has no outputs.") }
    let comparison = comparisons[worst]
    result.comparison = comparison
    let array = arrays[outputs[worst]]
    if !comparison.passed {
      result.status = .failed
      result.message =
        comparison.wrong.isEmpty
        ? "\(array.name): rms \(comparison.rms) > \(comparison.rmsBound ?? .nan)"
        : "\(array.name)\(array.shape): \(comparison.pattern(array.shape))"
    }
    if !result.isGuardIntact {
      result.status = .failed
      result.message = "wrote outside of its outputs. " + result.message
    } else if !result.isRepeatable, result.status != .failed {
      result.status = .failed
      result.message = "two runs gave different bits"
    }
    let isTelling = isUniformByNature || [.onehot, .poison, .infinite].contains(prepared.fill)
    if result.status == .passed, !isTelling, comparisons.allSatisfy(\.isUniform) {
      result.status = .mistrusted
      result.message = "more than 90 % of the expected values are equal"
    }
  }

  /// How far two devices' floats are from each other, as a part of what two errors within their bounds may add up to: √2
  /// of a bound on many roundings, since these are independent, and all of both where it covers one or two roundings
  /// (2 ulp), which may go opposite ways. Nil where there are no floats; indices may differ between near ties.
  public func disagreement(_ one: CaseResult, _ other: CaseResult, _ prepared: Prepared, _ options: CaseOptions)
    -> Double?
  {
    var largest: Double?
    for (index, expected) in prepared.expected.enumerated() {
      guard case .floats(let values, let allowed, _) = expected.scaled(options.toleranceScale),
        case .floats(let a) = one.outputs[index], case .floats(let b) = other.outputs[index]
      else { continue }
      // At the edge of Float32's range one may be infinite and the other not, and anything where there is no limit.
      let inRange = zip(values, allowed).map {
        $0.isInfinite || $0.isNaN || (abs($0) < Double(Float.greatestFiniteMagnitude) / 2 && $1 != .infinity)
      }
      let found = zip(a, inRange).map { $1 ? $0 : 0 }
      let wanted = zip(b, inRange).map { $1 ? Double($0) : 0 }
      let together = zip(values, allowed).map { $1 * ($1 <= 2 * ulp($0) ? 2 : 2.0.squareRoot()) }
      largest = max(largest ?? 0, Comparison(.floats(found), .floats(wanted, allowed: together)).ratio)
    }
    return largest
  }
}

extension Expected {
  func scaled(_ factor: Double) -> Expected {
    guard factor != 1, case .floats(let values, let allowed, let rms) = self else { return self }
    return .floats(values, allowed: allowed.map { $0 * factor }, rms: rms.map { $0 * factor })
  }
}

/// A device array between zones.
private struct GuardedArray {
  let array: DeviceArrays.Element
  /// Quiet NaNs with a payload that no arithmetic gives, but which comes through arithmetic: another one for each array, so
  /// that what is read beyond one of them and written beyond another one shows.
  private let mark: UInt32

  /// - number: the array's among those of the case
  init(_ values: HostArray, number: Int, offset: Int, guardCount: Int, on device: any Device) throws {
    mark = 0x7FC5_A500 + UInt32(number)
    guard let device = device as? any Device & PartitionedMemory else {
      preconditionFailure("\(device) cannot put arrays between zones.")
    }
    let step = max(device.partAlignment / 4, 1)
    let before = (guardCount + offset + step - 1) / step * step
    switch values {
    case .floats(let values):
      let mark = Float(bitPattern: mark)
      array = .floats(
        try Storage(
          values, between: [Float](repeating: mark, count: before), and: [Float](repeating: mark, count: guardCount),
          on: device))
    case .integers(let values):
      let mark = Int32(bitPattern: mark)
      array = .integers(
        try IndexStorage(
          values, between: [Int32](repeating: mark, count: before), and: [Int32](repeating: mark, count: guardCount),
          on: device))
    }
  }

  func contents(_ intact: inout Bool) throws -> HostArray {
    switch array {
    case .floats(let storage):
      let (values, zones) = try storage.valuesAndZones()
      intact = intact && zones.allSatisfy { $0.bitPattern == mark }
      return .floats(values)
    case .integers(let storage):
      let (values, zones) = try storage.valuesAndZones()
      intact = intact && zones.allSatisfy { UInt32(bitPattern: $0) == mark }
      return .integers(values)
    }
  }
}

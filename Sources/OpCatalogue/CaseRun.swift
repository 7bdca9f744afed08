public import Compute
import Foundation

/// What came of one case on one device.
public struct CaseResult: Sendable {
  public enum Status: String, Sendable { case passed, failed, mistrusted }

  public var status = Status.passed
  /// The worst output's comparison.
  public var comparison: Comparison
  public var message = ""
  /// Whether repeated runs gave the same bits, and whether the zones behind the arrays and the inputs were left alone.
  public var isRepeatable = true
  public var isGuardIntact = true
  public var seconds = 0.0
  /// The outputs of the first run.
  public var outputs: [HostArray] = []
}

/// How cases are run.
public struct CaseOptions: Sendable {
  public var seed: UInt64 = 42
  /// Elements behind every array that nothing may touch.
  public var guardCount = 1024
  public var repeats = 2
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

  /// Runs on a device and compares; every array lies before a zone of a NaN that no computation makes.
  public func result(_ prepared: Prepared, on device: any Device, _ options: CaseOptions) throws -> CaseResult {
    var all: [CaseResult] = []
    var first: [HostArray]?
    for _ in 0..<max(options.repeats, 1) {
      let start = ContinuousClock.now
      let guarded = try prepared.inputs.arrays.map { try GuardedArray($0, guardCount: options.guardCount, on: device) }
      try run(device, DeviceArrays(arrays: guarded.map(\.array)))
      var found: [HostArray] = []
      var intact = true
      for (index, array) in guarded.enumerated() {
        let values = try array.contents(&intact)
        if arrays[index].role == .input {
          intact = intact && values.bits == prepared.inputs.arrays[index].bits
        } else {
          found.append(values)
        }
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if let first {
        if first.map(\.bits) != found.map(\.bits) { all[0].isRepeatable = false }
        all[0].isGuardIntact = all[0].isGuardIntact && intact
      } else {
        first = found
        var result = judged(found, prepared, options)
        result.isGuardIntact = intact
        result.seconds = seconds
        all = [result]
      }
    }
    return concluded(all[0])
  }

  private func judged(_ found: [HostArray], _ prepared: Prepared, _ options: CaseOptions) -> CaseResult {
    let comparisons = zip(found, prepared.expected).map { Comparison($0, $1.scaled(options.toleranceScale)) }
    // Outputs that differ first, then the largest ratio.
    let worst = comparisons.indices.max { a, b in
      (comparisons[a].passed ? 0 : 1, comparisons[a].ratio) < (comparisons[b].passed ? 0 : 1, comparisons[b].ratio)
    }
    guard let worst else { preconditionFailure("The case \(operation) has no outputs.") }
    var result = CaseResult(comparison: comparisons[worst])
    result.outputs = found
    let array = arrays[outputs[worst]]
    if !comparisons[worst].passed {
      result.status = .failed
      let comparison = comparisons[worst]
      if comparison.wrong.isEmpty {
        result.message = "\(array.name): rms \(comparison.rms) > \(comparison.rmsBound ?? .nan)"
      } else {
        result.message = "\(array.name)\(array.shape): \(comparison.pattern(array.shape))"
      }
    } else if !isUniformByNature, ![.onehot, .poison, .infinite].contains(prepared.fill),
      comparisons.allSatisfy(\.isUniform)
    {
      result.status = .mistrusted
      result.message = "more than 90 % of the expected values are equal"
    }
    return result
  }

  private func concluded(_ result: CaseResult) -> CaseResult {
    var result = result
    if !result.isGuardIntact {
      result.status = .failed
      result.message = "wrote outside of its outputs. " + result.message
    } else if !result.isRepeatable, result.status != .failed {
      result.status = .failed
      result.message = "two runs gave different bits"
    }
    return result
  }
}

extension Expected {
  func scaled(_ factor: Double) -> Expected {
    guard factor != 1, case .floats(let values, let allowed, let rms) = self else { return self }
    return .floats(values, allowed: allowed.map { $0 * factor }, rms: rms.map { $0 * factor })
  }
}

/// A device array with a zone behind it.
private struct GuardedArray {
  let array: DeviceArrays.Element
  /// Quiet NaNs with a payload that no arithmetic gives.
  private static let mark: UInt32 = 0x7FC5_A5A5

  init(_ values: HostArray, guardCount: Int, on device: any Device) throws {
    switch values {
    case .floats(let values):
      let zone = [Float](repeating: Float(bitPattern: Self.mark), count: guardCount)
      array = .floats(try Storage(values, guardedBy: zone, on: device))
    case .integers(let values):
      let zone = [Int32](repeating: Int32(bitPattern: Self.mark), count: guardCount)
      array = .integers(try IndexStorage(values, guardedBy: zone, on: device))
    }
  }

  func contents(_ intact: inout Bool) throws -> HostArray {
    switch array {
    case .floats(let storage):
      let (values, zone) = try storage.valuesAndGuard()
      intact = intact && zone.allSatisfy { $0.bitPattern == Self.mark }
      return .floats(values)
    case .integers(let storage):
      let (values, zone) = try storage.valuesAndGuard()
      intact = intact && zone.allSatisfy { UInt32(bitPattern: $0) == Self.mark }
      return .integers(values)
    }
  }
}

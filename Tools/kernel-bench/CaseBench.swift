import Benchmarking
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue

/// Verifies and times one case on every variant.
struct CaseBench {
  let variants: [BenchedVariant]
  let roofs: [String: Roofs]
  let measuring: MeasuringArguments
  let verifies: Bool
  let comparesWithBLAS: Bool
  /// Multiplications up to which the Float64 reference is worked out.
  static let referenceWork = 30_000_000
  /// The largest rms error against another variant, as in `parity network`, and the part of indices that near ties may
  /// exchange.
  static let pairBound = 1e-5
  static let exchangedIndices = 1e-3

  func records(_ made: OpCase) -> [BenchRecord] {
    let fill = Fill.normal
    let inputs = made.hostInputs(fill, seed: measuring.seed)
    var loaded: [(variant: BenchedVariant, case: LoadedCase)] = []
    var records: [BenchRecord] = []
    for variant in variants {
      var record = BenchRecord(made, variant: variant.name)
      do {
        let bound = try LoadedCase(made, inputs, on: variant.device)
        try first(&record, bound, variant)
        loaded.append((variant, bound))
      } catch {
        record.status = .failed
        if case DeviceError.build = error { record.status = .buildFailed }
        record.message = "\(error)"
      }
      records.append(record)
    }
    let outputs = loaded.map { ($0.variant.name, try? $0.case.outputs()) }
    var timed: [BenchRecord] = []
    for index in records.indices {
      guard let place = loaded.first(where: { $0.variant.name == records[index].variant }) else {
        timed.append(records[index])
        continue
      }
      do { if verifies { try verify(&records[index], place.case, inputs, fill, outputs) } } catch {
        records[index].status = .failed
        records[index].message = "\(error)"
      }
      timed += measuring.temperatures.map { timing(records[index], $0, place.variant, place.case, loaded) }
    }
    return timed
  }

  /// The first run, with what it builds.
  private func first(_ record: inout BenchRecord, _ bound: LoadedCase, _ variant: BenchedVariant) throws {
    let device = variant.device as? OpenCLDevice
    let known = device?.compileTimes.programs.count ?? 0
    let seconds = try BlockTimer().seconds(1) { _ in
      try bound.launch()
      try variant.device.synchronize()
    }
    record.firstMilliseconds = seconds * 1000
    guard let built = device?.compileTimes.programs.dropFirst(known) else { return }
    record.buildMilliseconds = built.reduce(0) { $0 + $1.seconds } * 1000
    if !built.isEmpty { record.isFromCache = built.allSatisfy(\.isFromCache) }
  }

  private func timing(
    _ verified: BenchRecord, _ temperature: BenchRecord.Temperature, _ variant: BenchedVariant, _ bound: LoadedCase,
    _ loaded: [(variant: BenchedVariant, case: LoadedCase)]
  ) -> BenchRecord {
    var record = verified
    record.temperature = temperature
    if temperature == .cold { record.id += " cold" }
    guard record.status == .ok else { return record }
    do { try time(&record, variant, bound, loaded) } catch {
      record.status = .failed
      record.message = "\(error)"
    }
    return record
  }

  private func verify(
    _ record: inout BenchRecord, _ bound: LoadedCase, _ inputs: OpCase.Inputs, _ fill: Fill,
    _ all: [(String, [HostArray]?)]
  ) throws {
    let outputs = try bound.outputs()
    var verification = BenchRecord.Verification(against: "nothing", passed: true)
    if bound.made.work <= Self.referenceWork {
      let comparison = bound.made.comparison(outputs, inputs, fill)
      verification = BenchRecord.Verification(
        against: "float64", nrmse: comparison.rms.isFinite ? comparison.rms : nil, bound: comparison.rmsBound,
        passed: comparison.passed)
    } else if let (name, other) = all.first(where: { $0.0 != record.variant && $0.1 != nil }), let other {
      let error = Self.difference(outputs, other)
      verification = BenchRecord.Verification(
        against: name, nrmse: error.isFinite ? error : nil, bound: Self.pairBound, passed: error <= Self.pairBound)
    } else {
      record.message = "not verified: too large for the Float64 reference, and no other variant is here"
    }
    record.verified = verification
    if !verification.passed {
      record.status = .wrong
      record.message = "the result differs from that of \(verification.against)"
    }
  }

  /// The largest rms(difference) / rms(values) of the outputs; infinite where too many indices differ.
  static func difference(_ found: [HostArray], _ other: [HostArray]) -> Double {
    var largest = 0.0
    for pair in zip(found, other) {
      switch pair {
      case (.floats(let a), .floats(let b)):
        // A coreset's first distance is infinite.
        let places = a.indices.filter { a[$0] != b[$0] }
        let errors = places.reduce(0.0) { $0 + pow(Double(a[$1]) - Double(b[$1]), 2) }
        let squares = b.reduce(0.0) { $0 + ($1.isFinite ? Double($1) * Double($1) : 0) }
        let error = errors == 0 ? 0 : (errors / squares).squareRoot()
        if !(error <= largest) { largest = error.isNaN ? .infinity : error }
      case (.integers(let a), .integers(let b)):
        let different = Double(zip(a, b).count { $0 != $1 })
        if different > exchangedIndices * Double(a.count) { largest = .infinity }
      default: largest = .infinity
      }
    }
    return largest
  }

  private func time(
    _ record: inout BenchRecord, _ variant: BenchedVariant, _ bound: LoadedCase,
    _ loaded: [(variant: BenchedVariant, case: LoadedCase)]
  ) throws {
    guard let roofs = roofs[variant.name] else { return }
    let timer = measuring.blocks
    let calibration = try Calibration(variant.device)
    let work = Self.work(bound, on: variant.device)
    try work(1)
    let before = try calibration.measure()
    let clock = LaunchClock(variant.device, kind: measuring.timer)
    let seconds: [Double]
    if record.temperature == .cold {
      record.block = 1
      seconds = try coldSamples(work, on: variant.device, roofs, clock)
    } else {
      record.block = try timer.launches(work)
      seconds = try clock.samples(timer, record.block, count: measuring.samples, minimum: measuring.minTime, work)
    }
    record.timer = clock.name
    if clock.isDistrusted { record.message = "the driver's clock is not to be trusted, so the host's was read" }
    let after = try calibration.measure()
    (record.calibrationBefore, record.calibrationAfter) = (before, after)
    if Calibration.isUnstable(before, after) { record.status = .unstable }
    record.take(seconds, roofs, rated: measuring.stat)
    if comparesWithBLAS, record.temperature != .cold, variant.name != "blas",
      let blas = loaded.first(where: { $0.variant.name == "blas" })
    {
      let other = Self.work(blas.case, on: blas.variant.device)
      let otherLaunches = try timer.launches(other)
      let launches = record.block
      var random = SystemRandomNumberGenerator()
      let pairs = try timer.pairs(
        Self.pairsWithBLAS, using: &random, a: { try work(launches) }, b: { try other(otherLaunches) })
      record.blasRatio =
        PairedRatios(pairs.map { $0.b / Double(otherLaunches) / ($0.a / Double(launches)) }).median
    }
  }

  private static let pairsWithBLAS = 7
  /// Bytes that are written between cold launches, unless the caches are larger.
  private static let leastFlush = 64 << 20

  /// Single launches, each after twice as much as the caches hold was written.
  private func coldSamples(
    _ work: BlockTimer.Work, on device: any Device & RoofKernels, _ roofs: Roofs, _ clock: LaunchClock
  ) throws -> [Double] {
    let bytes = min(max(2 * roofs.cacheBytes, Self.leastFlush), device.traits.largestBuffer)
    let count = bytes / 4 / (2 * roofStrip) * roofStrip
    let (x, y) = (try Storage([Float](repeating: 1, count: count), on: device), try Storage(count: count, on: device))
    return try (0..<measuring.samples).map { _ in
      try device.roofCopy(x, into: y)
      try device.synchronize()
      return try clock.seconds(1, work)
    }
  }

  static func work(_ bound: LoadedCase, on device: any Device) -> BlockTimer.Work {
    { launches in
      for _ in 0..<launches { try bound.launch() }
      try device.synchronize()
    }
  }
}

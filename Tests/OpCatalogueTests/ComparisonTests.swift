import Compute
import ComputeCPU
import Locking
import OpCatalogue
import Testing

@Suite("Comparing outputs with references")
struct ComparisonTests {
  private func compare(_ found: [Float], _ values: [Double], allowed: Double = 0.1, rms: Double? = nil) -> Comparison {
    Comparison(.floats(found), .floats(values, allowed: values.map { _ in allowed }, rms: rms))
  }

  @Test func errorsWithinTheBoundPass() {
    let comparison = compare([1, 2.05, 3], [1, 2, 3])
    #expect(comparison.passed)
    #expect(abs(comparison.ratio - 0.5) < 1e-5)
    #expect(comparison.worst?.index == 1)
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity, 2.2])
  func anythingElseFails(_ found: Float) {
    let comparison = compare([1, found, 3], [1, 2, 3])
    #expect(!comparison.passed)
    #expect(comparison.wrong == [1])
  }

  @Test func aMissingNaNFails() {
    #expect(!compare([1, 2], [.nan, 2]).passed)
    #expect(compare([1, 2], [.nan, 2]).nanMismatches == 1)
    #expect(compare([.nan, 2], [.nan, 2]).passed)
  }

  @Test func infinitiesMustAgreeInSign() {
    #expect(compare([.infinity], [.infinity]).passed)
    #expect(!compare([-.infinity], [.infinity]).passed)
    #expect(!compare([3e38], [.infinity]).passed)
    // Beyond Float32's range infinity is right, with that sign.
    #expect(compare([.infinity], [1e39]).passed)
    #expect(!compare([-.infinity], [1e39]).passed)
  }

  @Test func exactMeansExact() {
    #expect(compare([1, -0.0], [1, 0], allowed: 0).passed)
    #expect(!compare([Float(1).nextUp], [1], allowed: 0).passed)
  }

  @Test func manySmallErrorsFailTheNorm() {
    let values = [Double](repeating: 1, count: 100)
    let found = [Float](repeating: 1.01, count: 100)
    #expect(compare(found, values, rms: 0.02).passed)
    let comparison = compare(found, values, rms: 0.005)
    #expect(!comparison.passed)
    #expect(comparison.excess > 1)
  }

  @Test func otherCountsFail() {
    #expect(!compare([1, 2], [1, 2, 3]).passed)
    #expect(!compare([], [1]).passed)
  }

  @Test func thePatternNamesTheCommonAxis() {
    var found = [Float](repeating: 0, count: 24)
    for row in 0..<4 { found[row * 6 + 5] = 1 }
    let pattern = compare(found, [Double](repeating: 0, count: 24)).pattern([4, 2, 3])
    #expect(pattern == "4 of 24 wrong, all with axis 1 = 1, all with axis 2 = 2")
  }

  /// A bound that lets a lost term pass would find nothing: K = 4096, the last product dropped.
  @Test func aLostTermExceedsTheBoundOfASum() throws {
    let made = try OpCatalogue.makeCase(parsing: "op=multiply m=8 n=16 k=4096 data=normal").case
    let prepared = made.prepared(.normal, seed: 1)
    guard case .floats(let a) = prepared.input(0), case .floats(let b) = prepared.input(1),
      case .floats(let values, _, _) = prepared.expected[0]
    else {
      Issue.record("a product is of floats")
      return
    }
    var lost = values
    for row in 0..<8 {
      for column in 0..<16 { lost[row * 16 + column] -= Double(a[row * 4096 + 4095]) * Double(b[4095 * 16 + column]) }
    }
    let comparison = Comparison(.floats(lost.map(Float.init)), prepared.expected[0])
    #expect(comparison.rms > 1000 * (comparison.rmsBound ?? .infinity))
    #expect(comparison.wrong.count > 100)
  }

  // MARK: what a run adds

  private func tried(
    _ arrays: [OpArray], _ run: @escaping @Sendable (any Device, DeviceArrays) throws -> Void,
    expected: [Double] = [2, 3]
  ) throws -> CaseResult {
    let made = OpCase(
      operation: "test", parameters: [:], arrays: arrays, fills: [.normal], run: run,
      reference: { _, _ in [.floats(expected, allowed: expected.map { _ in 0 })] })
    return try made.result(made.prepared(.normal, seed: 1), on: CPUDevice(threads: 1), CaseOptions())
  }

  @Test func writingBehindAnOutputFails() throws {
    let right: [Float] = [2, 3]
    let good = try tried([.output("y", [2])]) { _, a in try a[0].replace(with: right) }
    #expect(good.status == .passed)
    let long: [Float] = [2, 3, 4]
    let bad = try tried([.output("y", [2])]) { device, a in
      try long.withUnsafeBytes { try device.upload($0, to: a[0].memory) }
    }
    #expect(bad.status == .failed)
    #expect(bad.message.hasPrefix("wrote outside of its outputs"))
  }

  @Test func writingBeforeAnOutputFails() throws {
    let early: [Float] = [1, 2, 3]
    let result = try tried([.output("y", [2])]) { device, a in
      let cpu = try #require(device as? CPUDevice)
      let before = try cpu.part(of: a[0].memory, at: -4, byteCount: 12)
      try early.withUnsafeBytes { try device.upload($0, to: before) }
    }
    #expect(result.status == .failed)
    #expect(result.message.hasPrefix("wrote outside of its outputs"))
  }

  @Test func runsMoveTheArrays() throws {
    let places = Locked(Set<Int>())
    let made = OpCase(
      operation: "test", parameters: [:], arrays: [.output("y", [1])], fills: [.normal],
      run: { device, a in
        _ = places.withLock { $0.insert(Int(bitPattern: a[0].memory.pointer) % 64) }
        try a[0].replace(with: [1])
      }, reference: { _, _ in [.floats([1], allowed: [0])] })
    var options = CaseOptions()
    (options.offsets, options.repeats) = ([0, 1, 3], 3)
    _ = try made.result(made.prepared(.normal, seed: 1), on: CPUDevice(threads: 1), options)
    #expect(places.withLock { $0 } == [0, 4, 12])
  }

  /// Errors of many roundings are independent, so √2 of the bound is what two may differ by; two single roundings may go
  /// opposite ways.
  @Test(arguments: [(0.5, 1.5, true), (0.25, 1.75, false), (.nan, 1, false)] as [(Float, Float, Bool)])
  func devicesMayDifferByLessThanBothBounds(_ one: Float, _ other: Float, _ agree: Bool) throws {
    let results = Locked([one, other])
    let made = OpCase(
      operation: "test", parameters: [:], arrays: [.output("y", [1])], fills: [.normal],
      run: { _, a in try a[0].replace(with: [results.withLock { $0.removeFirst() }]) },
      reference: { _, _ in [.floats([1], allowed: [0.75])] })
    let device = CPUDevice(threads: 1)
    var options = CaseOptions()
    options.repeats = 1
    let prepared = made.prepared(.normal, seed: 1)
    let first = try made.result(prepared, on: device, options)
    let second = try made.result(prepared, on: device, options)
    let ratio = try #require(made.disagreement(first, second, prepared, options))
    #expect((ratio <= 1) == agree)
  }

  @Test func changingAnInputFails() throws {
    let right: [Float] = [2, 3]
    let result = try tried([.input("x", [2]), .output("y", [2])]) { device, a in
      try a[1].replace(with: right)
      try a[0].replace(with: right)
    }
    #expect(result.status == .failed)
    #expect(!result.isGuardIntact)
  }

  @Test func anOutputLeftUnwrittenFails() throws {
    #expect(try tried([.output("y", [2])]) { _, _ in }.status == .failed)
  }

  @Test func otherBitsInASecondRunFail() throws {
    let runs = Locked(0)
    let made = OpCase(
      operation: "test", parameters: [:], arrays: [.output("y", [1])], fills: [.normal],
      run: { _, a in
        let number = runs.withLock { count in
          count += 1
          return count
        }
        try a[0].replace(with: [Float(number)])
      }, reference: { _, _ in [.floats([1], allowed: [100])] })
    let result = try made.result(made.prepared(.normal, seed: 1), on: CPUDevice(threads: 1), CaseOptions())
    #expect(result.status == .failed)
    #expect(result.message == "two runs gave different bits")
  }

  @Test func uniformReferencesAreMistrusted() throws {
    let zeros = [Double](repeating: 0, count: 20)
    let result = try tried([.output("y", [20])], { device, a in try device.fill(a[0], with: 0) }, expected: zeros)
    #expect(result.status == .mistrusted)
  }
}

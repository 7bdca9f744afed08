/// Values for tests: reproducible, without a pattern that a wrong stride would keep.
public struct Reproducible: Sendable {
  private var state: UInt64

  public init(_ seed: Int) { state = UInt64(bitPattern: Int64(seed)) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  private mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// Uniform in [−1, 1).
  public mutating func floats(_ count: Int) -> [Float] {
    (0..<count).map { _ in Float(Int32(truncatingIfNeeded: next() >> 32) >> 8) / 8_388_608 }
  }

  /// Whole numbers in −range … range: sums of their products are exact in Float32.
  public mutating func integers(_ count: Int, range: Int = 4) -> [Float] {
    (0..<count).map { _ in Float(Int(next() >> 33) % (2 * range + 1) - range) }
  }
}

/// The largest difference over the largest reference value; NaN when anything is NaN, which passes no limit.
public func relativeError(_ found: [Float], _ expected: [Double]) -> Double {
  guard found.count == expected.count, !found.isEmpty else { return .infinity }
  let scale = expected.reduce(0) { max($0, abs($1)) }
  let differences = zip(found, expected).map { abs(Double($0) - $1) }
  guard !differences.contains(where: \.isNaN) else { return .nan }
  return (differences.max() ?? 0) / (scale > 0 ? scale : 1)
}

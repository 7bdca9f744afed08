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

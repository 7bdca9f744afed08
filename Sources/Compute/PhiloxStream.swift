/// Random numbers on the host from the same words as ``RandomKernels``: Philox4x32-10 (Salmon et al. 2011, "Parallel random
/// numbers: as easy as 1, 2, 3") with counter (block, 0, stream, step) under the seed as key. For shuffling and augmentation.
public struct PhiloxStream: RandomNumberGenerator, Sendable {
  private let key: RandomKey
  private var block: UInt64 = 0
  private var words: [UInt32] = []

  public init(_ key: RandomKey) { self.key = key }

  /// The next two words, the first one in the lower half.
  public mutating func next() -> UInt64 {
    if words.isEmpty {
      words = Self.words(
        [UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32), key.stream, key.step],
        key: [UInt32(truncatingIfNeeded: key.seed), UInt32(truncatingIfNeeded: key.seed >> 32)])
      block += 1
    }
    let (low, high) = (words.removeFirst(), words.removeFirst())
    return UInt64(high) << 32 | UInt64(low)
  }

  /// Between 0 and 1, 1 left out.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// The numbers 0 ..< count in a random order (Fisher and Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for index in order.indices.dropLast() {
      order.swapAt(index, index + Int(next() % UInt64(count - index)))
    }
    return order
  }

  /// One block of four words.
  package static func words(_ counter: [UInt32], key: [UInt32]) -> [UInt32] {
    var (c, k) = (counter, key)
    for _ in 0..<10 {
      let (first, second) = (c[0].multipliedFullWidth(by: 0xD251_1F53), c[2].multipliedFullWidth(by: 0xCD9E_8D57))
      c = [second.high ^ c[1] ^ k[0], second.low, first.high ^ c[3] ^ k[1], first.low]
      k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
    }
    return c
  }
}

import Compute
import TestSupport
import Testing

@Suite("Random numbers on the host")
struct PhiloxStreamTests {
  /// The vectors of Random123's `kat_vectors`, ten rounds of philox4x32.
  @Test(
    arguments: [
      ([0, 0, 0, 0], [0, 0], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
      (
        [0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF, 0xFFFF_FFFF], [0xFFFF_FFFF, 0xFFFF_FFFF],
        [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
      ),
      (
        [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0],
        [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
      ),
    ] as [([UInt32], [UInt32], [UInt32])])
  func knownAnswers(_ counter: [UInt32], _ key: [UInt32], _ expected: [UInt32]) {
    #expect(PhiloxStream.words(counter, key: key) == expected)
  }

  @Test(arguments: TestDevice.all)
  func theWordsAreThoseOfDevices(_ tested: TestDevice) throws {
    let key = RandomKey(seed: 0x1234_5678_9ABC_DEF0, stream: 3, step: 7)
    let values = try Storage(count: 10, on: tested.device)
    try tested.device.fillRandom(.uniform, key, into: values)
    var stream = PhiloxStream(key)
    let words = (0..<5).flatMap { _ -> [UInt32] in
      let pair = stream.next()
      return [UInt32(truncatingIfNeeded: pair), UInt32(truncatingIfNeeded: pair >> 32)]
    }
    #expect(try values.values() == words.map { (Float($0 >> 9) + 0.5) * 0x1p-23 })
  }

  @Test func permutationsHoldEveryNumberOnceAndDifferByStep() {
    for count in [0, 1, 2, 17, 1000] {
      var stream = PhiloxStream(RandomKey(seed: 1))
      #expect(stream.permutation(count).sorted() == Array(0..<count))
    }
    var (first, second) = (PhiloxStream(RandomKey(seed: 1, step: 1)), PhiloxStream(RandomKey(seed: 1, step: 2)))
    #expect(first.permutation(100) != second.permutation(100))
  }

  @Test func unitsLieBetweenNoughtAndOneEvenly() {
    var stream = PhiloxStream(RandomKey(seed: 9))
    let values = (0..<10_000).map { _ in stream.unit() }
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    let mean = values.reduce(0, +) / 10_000
    // The mean's deviation is 1 / √(12 · 10 000): four of these.
    #expect(abs(mean - 0.5) <= 0.0116)
  }
}

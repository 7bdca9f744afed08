import Compute
import Testing

@testable import OpCatalogue

@Suite("Random numbers")
struct RandomReferenceTests {
  /// The known answers that come with the authors' Random123.
  @Test(
    arguments: [
      ([0, 0, 0, 0], [0, 0], [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]),
      (
        [UInt32](repeating: .max, count: 4), [UInt32](repeating: .max, count: 2),
        [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
      ),
      (
        [0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344], [0xA409_3822, 0x299F_31D0],
        [0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1]
      ),
    ] as [([UInt32], [UInt32], [UInt32])])
  func wordsAreThoseOfPhilox(_ counter: [UInt32], _ key: [UInt32], _ words: [UInt32]) {
    #expect(RandomReference.words(counter, key) == words)
  }

  @Test func normalNumbersHaveTheirMoments() {
    let values = RandomReference.normal(RandomKey(seed: 7, stream: 3, step: 1), 200_000).map(\.value)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    let kurtosis =
      values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) * ($1 - mean) * ($1 - mean) } / Double(values.count)
      / (variance * variance)
    // Four deviations of each estimate.
    #expect(abs(mean) <= 4 / 447.0)
    #expect(abs(variance - 1) <= 4 * 1.414 / 447)
    #expect(abs(kurtosis - 3) <= 4 * 4.9 / 447)
    #expect(values.map(abs).max() ?? .nan <= 5.78)
  }

  /// Neighbouring streams, steps and seeds share no numbers.
  @Test func keysAreApart() {
    let keys = [
      RandomKey(seed: 1), RandomKey(seed: 2), RandomKey(seed: 1 << 32), RandomKey(seed: 1, stream: 1),
      RandomKey(seed: 1, step: 1),
    ]
    let numbers = Set(keys.flatMap { RandomReference.uniform($0, 1000) })
    // Of 5 000 out of 2²³ some one or two coincide.
    #expect(numbers.count >= 4980)
  }
}

import Testing

@testable import SampleData

struct RandomStreamTests {
  /// Known answers of the Random123 library (kat_vectors, philox4x32 10).
  @Test func philoxGivesTheKnownAnswers() {
    let zero = RandomStream.philox(SIMD4(0, 0, 0, 0), SIMD2(0, 0))
    #expect(zero == SIMD4(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8))
    let ones = RandomStream.philox(SIMD4(repeating: .max), SIMD2(repeating: .max))
    #expect(ones == SIMD4(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD))
    let pi = RandomStream.philox(
      SIMD4(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344), SIMD2(0xA409_3822, 0x299F_31D0))
    #expect(pi == SIMD4(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1))
  }

  @Test func streamsOfOtherSeedsPicturesPurposesAndAttemptsDiffer() {
    func first(_ seed: UInt64, _ picture: Int, _ purpose: RandomStream.Purpose, _ attempt: Int) -> UInt32 {
      var stream = RandomStream(seed: seed, picture: picture, purpose: purpose, attempt: attempt)
      return stream.word()
    }
    let words = [
      first(1, 0, .specimen, 0), first(2, 0, .specimen, 0), first(1 << 32, 0, .specimen, 0),
      first(1, 1, .specimen, 0), first(1, 0, .defect, 0), first(1, 0, .defect, 1),
    ]
    #expect(Set(words).count == words.count)
  }

  /// A draw that always gave the first place once put every defect into the first capsule.
  @Test(arguments: [1, 2, 7]) func indicesReachEveryPlace(count: Int) {
    var stream = RandomStream(seed: 5, picture: 0, purpose: .specimen)
    let drawn = Set((0..<200).map { _ in stream.index(below: count) })
    #expect(drawn == Set(0..<count))
  }

  @Test func uniformsAndBellsHaveTheirMoments() {
    var stream = RandomStream(seed: 5, picture: 0, purpose: .specimen)
    let count = 4000
    let uniforms = (0..<count).map { _ in Double(stream.unit()) }
    let bells = (0..<count).map { _ in Double(stream.bell()) }
    /// Four standard errors of the mean of 4000 values of deviation 1.
    let limit = 0.064
    #expect(abs(uniforms.reduce(0, +) / Double(count) - 0.5) <= limit)
    #expect(abs(bells.reduce(0, +) / Double(count)) <= limit)
    #expect(abs(bells.reduce(0) { $0 + $1 * $1 } / Double(count) - 1) <= 1.5 * limit)
    #expect(uniforms.allSatisfy { $0 >= 0 && $0 < 1 })
  }
}

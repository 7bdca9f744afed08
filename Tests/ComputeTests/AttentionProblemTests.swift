import Compute
import Testing

@Suite("What attention costs")
struct AttentionProblemTests {
  /// Queries, keys, causal, and the pairs counted by hand.
  @Test(arguments: [
    (3, 4, false, 12), (4, 4, true, 10), (3, 5, true, 6), (5, 3, true, 12), (1, 7, true, 1), (7, 1, true, 7),
  ])
  func scoresAreThoseOfTheKeysSeen(_ queries: Int, _ keys: Int, _ isCausal: Bool, _ expected: Int) throws {
    let p = try AttentionProblem(batch: 2, heads: 3, queries: queries, keys: keys, width: 5, isCausal: isCausal)
    #expect(p.scoreCount == 6 * expected)
    #expect(p.floatingPointOperations == 4 * 5 * 6 * expected)
    #expect(p.bytesMoved == 4 * 6 * (10 * queries + 10 * keys + queries))
  }
}

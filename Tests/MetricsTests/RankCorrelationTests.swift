import Metrics
import Testing

/// Values of more scores are SciPy's, in `GeneratorTests`.
@Suite("Rank correlation")
struct RankCorrelationTests {
  @Test func theOrderAloneCounts() {
    #expect(RankCorrelation.spearman([1, 2, 3], [-5, 0, 1e30]) == .defined(1))
    #expect(RankCorrelation.spearman([1, 2, 3], [1, 0, -.infinity]) == .defined(-1))
    // 1 − 6 Σd² / n (n² − 1), without ties.
    let found = RankCorrelation.spearman([1, 2, 3, 4], [2, 1, 4, 3]).value ?? .nan
    #expect(abs(found - 0.6) <= 1e-15)
  }

  @Test func tiesShareTheirRank() {
    // Ranks 1½, 1½, 3 and 1, 2, 3: 1.5 / √(1.5 · 2).
    let found = RankCorrelation.spearman([0, -0.0, 1], [1, 2, 3]).value ?? .nan
    #expect(abs(found - 1.5 / 3.0.squareRoot()) <= 1e-15)
  }

  @Test func withoutAnOrderThereIsNone() {
    #expect(RankCorrelation.spearman([], []).reason == "fewer than two items have no order")
    #expect(RankCorrelation.spearman([1], [1]).reason == "fewer than two items have no order")
    #expect(RankCorrelation.spearman([1, 1], [1, 2]).reason == "all scores of a kind are equal")
    #expect(RankCorrelation.spearman([1, .nan], [1, 2]).reason == "a score is not a number")
  }
}

import Benchmarking
import Foundation
import Testing

struct StatisticsTests {
  @Test func quantilesAreLinearBetweenOrderStatistics() {
    let statistics = SampleStatistics([3, 1, 2, 5, 4])
    #expect(statistics.minimum == 1)
    #expect(statistics.median == 3)
    #expect(abs(statistics.p10 - 1.4) < 1e-12)
    #expect(abs(statistics.p90 - 4.6) < 1e-12)
    #expect(statistics.p25 == 2 && statistics.p75 == 4)
    #expect(statistics.mean == 3)
    #expect(abs(statistics.variation - 2.5.squareRoot() / 3) < 1e-12)
    #expect(SampleStatistics([7]).p90 == 7)
  }

  /// Known ranks: 31 pairs 10 and 22, 15 pairs 4 and 12, 10 pairs 2 and 9.
  @Test(arguments: [(31, 10, 0.9706), (15, 4, 0.9648), (10, 2, 0.9785), (6, 1, 0.96875)])
  func signTestRanks(count: Int, rank: Int, coverage: Double) throws {
    let found = try #require(PairedRatios.ranks(count: count, confidence: 0.95))
    #expect(found.rank == rank)
    #expect(abs(found.coverage - coverage) < 1e-4)
  }

  @Test func tooFewPairsHaveNoInterval() {
    #expect(PairedRatios.ranks(count: 5, confidence: 0.95) == nil)
    #expect(PairedRatios([1, 1, 1, 1, 1]).lower == -.infinity)
  }

  @Test func intervalComesFromOrderStatistics() {
    let ratios = PairedRatios((1...15).map { Double($0) }.shuffled())
    #expect(ratios.median == 8)
    #expect(ratios.lower == 4 && ratios.upper == 12)
  }

  private let quiet = PairedRatios([Double](repeating: 1, count: 10))

  @Test(arguments: [
    (1.05, PairedRatios.Verdict.slower), (1.02, .same), (0.9, .faster), (0.98, .same), (.nan, .tooNoisy),
    (.infinity, .tooNoisy),
  ])
  func verdictOfEqualRatios(ratio: Double, verdict: PairedRatios.Verdict) {
    #expect(PairedRatios([Double](repeating: ratio, count: 31)).verdict(threshold: 0.03, control: quiet) == verdict)
  }

  @Test func intervalAcrossTheThresholdIsAmbiguous() {
    let ratios = PairedRatios((0..<31).map { 1.0 + 0.002 * Double($0) })
    #expect(ratios.verdict(threshold: 0.03, control: quiet) == .ambiguous)
  }

  @Test(arguments: [
    [Double](repeating: 1.01, count: 10), (0..<10).map { 0.9 + 0.02 * Double($0) },
    [Double](repeating: .nan, count: 10),
  ])
  func noVerdictWhereAIsNotA(control: [Double]) {
    let slow = PairedRatios([Double](repeating: 2, count: 31))
    #expect(slow.verdict(threshold: 0.03, control: PairedRatios(control)) == .tooNoisy)
  }
}

import Benchmarking
import Testing

struct CandidateRaceTests {
  private func race(_ speeds: [Double], rounds: Int) -> CandidateRace {
    var race = CandidateRace(candidates: speeds.count)
    for _ in 0..<rounds { race.add(race.survivors.map { speeds[$0] }) }
    return race
  }

  @Test func theFastestWins() {
    let race = race([1.1, 0.9, 0.95, 1.2, 0.8, 1], rounds: 7)
    #expect(race.winner == 4)
    #expect(race.median(4) == 0.8)
    // Half is out after two rounds, and half of the rest after four.
    #expect(race.ratios.map(\.count) == [2, 7, 4, 2, 7, 2])
  }

  @Test func nobodyWinsWhoGainsNextToNothing() { #expect(race([0.98, 1], rounds: 7).winner == nil) }

  @Test(arguments: [1.31, 5, .infinity, .nan])
  func theHopelessLeaveAfterTwoRounds(ratio: Double) {
    let race = race([ratio, 0.9], rounds: 3)
    #expect(race.survivors == [1])
    #expect(race.ratios[0].count == 2)
  }

  /// One round that was disturbed does not decide.
  @Test func theMedianCounts() {
    var race = CandidateRace(candidates: 1)
    for ratio in [0.9, 0.9, 1.5, 0.9, 0.9] { race.add([ratio]) }
    #expect(race.winner == 0)
  }

  @Test func withoutCandidatesNobodyWins() {
    var race = CandidateRace(candidates: 0)
    race.add([])
    #expect(race.winner == nil)
  }
}

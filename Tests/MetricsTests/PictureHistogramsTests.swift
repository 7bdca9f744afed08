import Testing

@testable import Metrics

/// The share of pairs of a positive and a negative in which the positive is higher, ties counting half.
private func pairwise(_ positives: [Float], _ negatives: [Float]) -> Double {
  var sum = 0.0
  for positive in positives {
    for negative in negatives { sum += positive > negative ? 1 : positive == negative ? 0.5 : 0 }
  }
  return sum / Double(positives.count * negatives.count)
}

@Suite struct PictureHistogramsTests {
  private func scores(_ count: Int, _ random: inout SystemLike) -> [Float] {
    (0..<count).map { _ in Float(Int.random(in: 0..<40, using: &random)) / 7 }
  }

  @Test(arguments: [1, 2, 7, 31])
  func aurocOfDrawsIsThatOfAllPairs(pictures: Int) throws {
    var random = SystemLike(state: UInt64(pictures))
    let parts = (0..<pictures).map { picture in
      (positives: scores(picture % 3, &random), negatives: scores(5 - picture % 4, &random))
    }
    let all = parts.flatMap { $0.positives + $0.negatives }
    var histograms = PictureHistograms(scores: all)
    for part in parts { histograms.add(positives: part.positives, negatives: part.negatives) }
    for _ in 0..<5 {
      let times = (0..<pictures).map { _ in Int.random(in: 0..<3, using: &random) }
      let positives = zip(parts, times).flatMap { part, count in (0..<count).flatMap { _ in part.positives } }
      let negatives = zip(parts, times).flatMap { part, count in (0..<count).flatMap { _ in part.negatives } }
      let found = histograms.auroc(times: times)
      guard !positives.isEmpty, !negatives.isEmpty else {
        #expect(found == nil)
        continue
      }
      #expect(abs(try #require(found) - pairwise(positives, negatives)) <= 1e-12)
    }
  }

  @Test func fewBinsAreNearTheExactArea() throws {
    var random = SystemLike(state: 3)
    let positives = (0..<2000).map { _ in Float.random(in: 0.3..<1.3, using: &random) }
    let negatives = (0..<3000).map { _ in Float.random(in: 0..<1, using: &random) }
    var histograms = PictureHistograms(scores: positives + negatives, bins: 256)
    histograms.add(positives: positives, negatives: negatives)
    #expect(histograms.edges.count <= 256)
    #expect(abs(try #require(histograms.auroc(times: [1])) - pairwise(positives, negatives)) <= 1e-3)
  }

  @Test func scoresOutsideTheSampleFallIntoTheOutermostBins() {
    var histograms = PictureHistograms(scores: [1, 2, 3])
    histograms.add(positives: [9], negatives: [-9])
    #expect(histograms.auroc(times: [2]) == 1)
  }

  @Test func drawsKeepTheNumberOfEachGroup() {
    var random = SystemLike(state: 5)
    let groups = [true, false, false, true, false, false, false]
    let draws = PictureDraws(groups: groups, draws: 200, using: &random)
    #expect(draws.times.count == 200)
    for times in draws.times {
      #expect(zip(times, groups).reduce(0) { $0 + ($1.1 ? $1.0 : 0) } == 2)
      #expect(times.reduce(0, +) == 7)
    }
    // Every picture is left out of some draw, and is in some draw more than once.
    for picture in groups.indices {
      #expect(draws.times.contains { $0[picture] == 0 })
      #expect(draws.times.contains { $0[picture] > 1 })
    }
  }

  @Test func sameSeedDrawsTheSame() {
    var (first, second) = (SystemLike(state: 9), SystemLike(state: 9))
    let groups = (0..<23).map { $0 % 4 }
    let one = PictureDraws(groups: groups, draws: 20, using: &first)
    #expect(one.times == PictureDraws(groups: groups, draws: 20, using: &second).times)
  }

  /// As numpy.percentile([3, 1, 4, 1, 5, 9, 2, 6], [2.5, 97.5]) and of one value.
  @Test func intervalIsNumpysPercentiles() {
    let interval = PercentileInterval([3, 1, 4, 1, 5, 9, 2, 6])
    #expect(abs(interval.low - 1) <= 1e-12)
    #expect(abs(interval.high - 8.475) <= 1e-12)
    #expect(PercentileInterval([2]).low == 2)
    #expect(PercentileInterval([2]).high == 2)
  }
}

/// Steele, Lea and Flood's generator: the tests' draws are the same on every run.
private struct SystemLike: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

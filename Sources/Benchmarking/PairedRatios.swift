/// The median of ratios measured in pairs, with the interval that the sign test gives: no distribution is assumed.
///
/// With ratios in order, the ones of ranks r and n + 1 − r enclose the median unless fewer than r lie on one side of it,
/// which has probability 2 P(X < r) for X ~ Binomial(n, ½).
public struct PairedRatios: Hashable, Sendable {
  public let count: Int
  public let median: Double
  /// The interval's ends; infinite where a ratio is no number, or too few pairs were measured.
  public let lower, upper: Double
  /// The probability that the interval holds the true median.
  public let coverage: Double

  /// - ratios: B's time over A's, one a pair
  /// - confidence: what the coverage shall be at least
  public init(_ ratios: [Double], confidence: Double = 0.95) {
    count = ratios.count
    guard !ratios.isEmpty, ratios.allSatisfy({ $0.isFinite && $0 > 0 }),
      let interval = Self.ranks(count: ratios.count, confidence: confidence)
    else {
      (median, lower, upper, coverage) = (.nan, -.infinity, .infinity, 1)
      return
    }
    let sorted = ratios.sorted()
    median = SampleStatistics.quantile(0.5, of: sorted)
    lower = sorted[interval.rank - 1]
    upper = sorted[sorted.count - interval.rank]
    coverage = interval.coverage
  }

  /// The largest rank, from 1, whose interval has the confidence; nil where even the extremes have less.
  public static func ranks(count: Int, confidence: Double) -> (rank: Int, coverage: Double)? {
    var term = 1.0
    for _ in 0..<count { term /= 2 }
    var (below, found) = (0.0, (rank: Int, coverage: Double)?.none)
    for rank in 1...max(count / 2, 1) {
      below += term
      guard 1 - 2 * below >= confidence else { break }
      found = (rank, 1 - 2 * below)
      term *= Double(count - rank + 1) / Double(rank)
    }
    return found
  }

  public enum Verdict: String, Codable, Sendable { case same, faster, slower, ambiguous, tooNoisy = "too noisy" }

  /// A verdict that stops a build must come twice, and one that says nothing three times, before it stands; any other one
  /// stands at once.
  ///
  /// - attempt: makes another one; its number, from 0, may have it measure longer
  public static func settled(_ attempt: (_ number: Int) throws -> Verdict) rethrows -> Verdict {
    var (number, slower, unclear) = (0, 0, 0)
    while true {
      let verdict = try attempt(number)
      number += 1
      switch verdict {
      case .slower: slower += 1
      case .tooNoisy, .ambiguous: unclear += 1
      case .same, .faster: return verdict
      }
      if slower == 2 || unclear == 3 { return verdict }
    }
  }

  /// What B is, compared with A.
  ///
  /// - threshold: 0.03 lets B take 3 % longer
  /// - control: ratios of A with itself, of the same run: where these do not find A equal to A, nothing is said of B
  public func verdict(threshold: Double, control: PairedRatios) -> Verdict {
    guard control.lower <= 1, control.upper >= 1, control.upper - control.lower <= threshold else { return .tooNoisy }
    guard lower.isFinite, upper.isFinite else { return .tooNoisy }
    if lower > 1 + threshold { return .slower }
    if upper < 1 / (1 + threshold) { return .faster }
    return lower >= 1 / (1 + threshold) && upper <= 1 + threshold ? .same : .ambiguous
  }
}

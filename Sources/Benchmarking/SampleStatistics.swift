/// Order statistics of repeated times of one thing. On a shared machine the lower tenth is steady where the median is not.
public struct SampleStatistics: Codable, Hashable, Sendable {
  public let minimum, p10, p25, median, p75, p90, mean: Double
  /// Standard deviation over mean.
  public let variation: Double

  private enum CodingKeys: String, CodingKey {
    case p10, p25, median, p75, p90, mean
    case minimum = "min"
    case variation = "cv"
  }

  /// - samples: at least one
  public init(_ samples: [Double]) {
    precondition(!samples.isEmpty, "There are no statistics of nothing.")
    let sorted = samples.sorted()
    minimum = sorted[0]
    p10 = Self.quantile(0.10, of: sorted)
    p25 = Self.quantile(0.25, of: sorted)
    median = Self.quantile(0.50, of: sorted)
    p75 = Self.quantile(0.75, of: sorted)
    p90 = Self.quantile(0.90, of: sorted)
    let mean = sorted.reduce(0, +) / Double(sorted.count)
    self.mean = mean
    let squares = sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    variation = sorted.count > 1 ? (squares / Double(sorted.count - 1)).squareRoot() / mean : 0
  }

  /// Linear between the two nearest order statistics.
  public static func quantile(_ part: Double, of sorted: [Double]) -> Double {
    let place = part * Double(sorted.count - 1)
    let below = Int(place)
    guard below + 1 < sorted.count else { return sorted[sorted.count - 1] }
    return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
  }
}

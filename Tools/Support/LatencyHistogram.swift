import Foundation

/// Quantiles of times in memory that does not grow: counts in bins whose edges grow by 2 %, so that the middle of a bin is
/// within 1 % of every time in it.
///
/// Times below 0.1 ms count as that, times above 10⁶ seconds as those.
public struct LatencyHistogram {
  private static let smallest = 1e-4
  private static let largest = 1e6
  private static let ratio = 1.02

  private var bins = [Int](
    repeating: 0, count: Int((log(Self.largest / Self.smallest) / log(Self.ratio)).rounded(.up)) + 1)
  public private(set) var count = 0
  /// The largest time, as it was given.
  public private(set) var largest = 0.0

  public init() {}

  public mutating func add(seconds: Double) {
    let bounded = min(max(seconds, Self.smallest), Self.largest)
    bins[min(Int(log(bounded / Self.smallest) / log(Self.ratio)), bins.count - 1)] += 1
    count += 1
    largest = max(largest, seconds)
  }

  /// The time that this part of all times does not exceed, by nearest rank; nil without any.
  public func quantile(_ fraction: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = max(Int((fraction * Double(count)).rounded(.up)), 1)
    var below = 0
    for (bin, inBin) in bins.enumerated() {
      below += inBin
      if below >= rank { return min(Self.smallest * pow(Self.ratio, Double(bin) + 0.5), largest) }
    }
    return largest
  }
}

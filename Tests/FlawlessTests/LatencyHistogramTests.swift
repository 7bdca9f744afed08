import Foundation
import TestSupport
import Testing
import ToolSupport

@Suite("Latency histogram")
struct LatencyHistogramTests {
  /// Log-normal times from microseconds of milliseconds to minutes: every quantile within 1 % of the sorted list's.
  @Test(arguments: [1, 2, 3, 99, 100, 101, 5000])
  func quantilesAreWithinOnePerCent(_ count: Int) throws {
    var reproducible = Reproducible(count)
    let times = reproducible.floats(count).map { 0.2 * exp(4 * Double($0)) }
    var histogram = LatencyHistogram()
    for time in times { histogram.add(seconds: time) }
    let sorted = times.sorted()
    for fraction in [0, 0.01, 0.5, 0.9, 0.99, 1] {
      let expected = sorted[max(Int((fraction * Double(count)).rounded(.up)), 1) - 1]
      let found = try #require(histogram.quantile(fraction))
      #expect(abs(found - expected) <= 0.01 * expected, "\(fraction): \(found), not \(expected)")
    }
    #expect(histogram.count == count && histogram.largest == sorted.last)
  }

  @Test func whatLiesOutsideCountsAsTheEnds() throws {
    var histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil)
    for time in [-1, 0, 1e-9] { histogram.add(seconds: time) }
    #expect(try #require(histogram.quantile(1)) <= 1.01e-4)
    for time in [1e7, .infinity] { histogram.add(seconds: time) }
    #expect(abs(try #require(histogram.quantile(0.9)) - 1e6) <= 1e4)
  }
}

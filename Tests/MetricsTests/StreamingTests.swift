import Glibc
import Metrics
import TestSupport
import Testing

/// `Tools/metrics-size` measures 123 million pixels; here the same holds for few.
@Suite("Cost of pixel metrics", .serialized)
struct StreamingTests {
  private let side = 128

  /// Counts so many pictures and returns this thread's seconds, which other processes do not change.
  private func cost(_ pictures: Int, _ metrics: inout PixelMetrics, _ maps: [[Float]]) throws -> Double {
    let normal = [UInt8](repeating: 0, count: side * side)
    let started = processorSeconds()
    for index in 0..<pictures { try metrics.count("\(index)", map: maps[index % maps.count], mask: normal) }
    return processorSeconds() - started
  }

  private func processorSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  @Test func itGrowsWithThePixelsAndNotFaster() throws {
    var values = Reproducible(5)
    let maps = (0..<3).map { _ in values.floats(side * side) }
    var metrics = PixelMetrics()
    var mask = [UInt8](repeating: 0, count: side * side)
    mask.replaceSubrange(0..<side * 8, with: repeatElement(1, count: side * 8))
    try metrics.collect("defective", map: maps[0], mask: mask, width: side)
    _ = try cost(1, &metrics, maps)
    let (few, many) = (try cost(4, &metrics, maps), try cost(32, &metrics, maps))
    #expect(many <= 2 * 8 * few, "4 pictures took \(few) s, 32 took \(many) s")
  }

  @Test func aSearchDoesNotGrowWithTheDefectivePixels() throws {
    var values = Reproducible(6)
    let maps = (0..<3).map { _ in values.floats(side * side) }
    func cost(defective: Int) throws -> Double {
      var metrics = PixelMetrics()
      let mask = (0..<side * side).map { UInt8($0 < defective ? 1 : 0) }
      try metrics.collect("defective", map: maps[0], mask: mask, width: side)
      _ = try self.cost(1, &metrics, maps)
      return try self.cost(8, &metrics, maps)
    }
    // A linear search would take 256 times as long.
    let (few, many) = (try cost(defective: 32), try cost(defective: 8192))
    #expect(many <= 4 * few, "\(few) s with 32 defective pixels, \(many) s with 8192")
  }

  @Test func placesAreThoseOfAFullSearch() {
    // Scores over all magnitudes, then crowded ones with an outlier on either side.
    let wide = (0..<200).map { Float(sign: $0 % 3 == 0 ? .minus : .plus, exponent: $0 - 120, significand: 1.25) }
    let crowded = (0..<300).map { 1 + Float($0) * 0x1p-20 } + [-1e30, 1e30]
    for positives in [wide, crowded, [0], [2, 2, 2]] {
      let negatives = positives + positives.map(\.nextUp) + positives.map(\.nextDown) + [-3e38, 3e38, 0, 1.5]
      var curve = ScoreCurve(positives: positives)
      curve.count(negatives: negatives)
      #expect(curve.equal == curve.scores.map { score in negatives.count { $0 == score } })
      let bounds = [-Float.infinity] + curve.scores + [.infinity]
      #expect(
        curve.gaps == zip(bounds, bounds.dropFirst()).map { low, high in negatives.count { $0 > low && $0 < high } })
    }
  }
}

import Foundation
import Metrics
import TestSupport
import Testing

/// The cases of metrics.json: scores, masks, and what scikit-learn and a brute-force AUPRO say of them.
struct MetricsReference: Decodable {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let scale: Float
    let pictures: [Picture]
    let image, pixel: Values
    let aupro: [Double]
    let regions: Int

    var testDescription: String { name }
  }

  struct Picture: Decodable, Sendable {
    let scores: [Int]
    /// One text a row, `#` where defective.
    let mask: [String]
  }

  struct Values: Decodable, Sendable {
    let auroc, averagePrecision, f1: Double
    let f1Threshold: Float
  }

  let limits: [Double]
  let cases: [Case]

  static let read = Result {
    try JSONDecoder().decode(
      MetricsReference.self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.path("metrics.json"))))
  }
  /// Every case; none when the file cannot be read, which a test of its own reports.
  static let all = (try? read.get().cases) ?? []

  /// Two sums of a few thousand doubles in different orders.
  static let tolerance = 1e-12
}

/// A score map with its mask, as the metrics take them.
struct MaskedMap {
  let name: String
  let map: [Float]
  let mask: [UInt8]
  let width: Int

  init(_ name: String, _ map: [Float], rows: [String]) {
    self.name = name
    self.map = map
    mask = rows.joined().map { $0 == "#" ? 1 : 0 }
    width = rows[0].count
  }

  var isDefective: Bool { mask.contains(1) }
}

extension MetricsReference.Case {
  var maps: [MaskedMap] {
    pictures.enumerated().map { index, picture in
      MaskedMap("\(name) \(index)", picture.scores.map { Float($0) * scale }, rows: picture.mask)
    }
  }
}

/// The metrics of these pictures, collected and counted in the order given.
func pixelMetrics(_ maps: [MaskedMap]) throws -> PixelMetrics {
  var metrics = PixelMetrics()
  for map in maps where map.isDefective {
    try metrics.collect(map.name, map: map.map, mask: map.mask, width: map.width)
  }
  for map in maps { try metrics.count(map.name, map: map.map, mask: map.mask) }
  return metrics
}

/// Whether a metric is defined and within the tolerance of an expected value.
func agrees(_ found: MetricValue, _ expected: Double) -> Bool {
  guard let value = found.value else { return false }
  return abs(value - expected) <= MetricsReference.tolerance
}

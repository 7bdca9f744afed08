import Foundation
import Metrics
import TestSupport
import Testing

/// The cases of metrics.json: scores, masks and channels, and what scikit-learn, definitions and anomalib say of them.
struct MetricsReference: Decodable {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let name: String
    let scale: Float
    let pictures: [Picture]
    let image, pixel: Values
    let aupro: [Double]
    let regions: Int
    /// Where no pixel is ignored.
    let auproOfAnomalib: [Double]?
    /// Where there are channels: the areas, and the pixels that saturate each channel.
    let auSPRO: [Double]?
    let saturationAreas: [Int]?

    var testDescription: String { name }
  }

  struct Picture: Decodable, Sendable {
    let scores: [Int]
    /// One text a row, `#` where defective.
    let mask: [String]
    /// `#` where ignored.
    let ignore: [String]?
    let channels: [Channel]?
  }

  struct Channel: Decodable, Sendable {
    let mask: [String]
    let part, pixels: Double?
  }

  struct Values: Decodable, Sendable {
    let auroc, averagePrecision, f1, iou: Double
    let f1Threshold, iouThreshold: Float
    let falsePositiveRates: [Double]
    let thresholds: [Float]
    let balancedAccuracies: [Double]
  }

  let limits: [Double]
  let recalls: [Double]
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
  var channels: [DefectChannel] = []
  var ignore: [UInt8]?

  init(_ name: String, _ map: [Float], rows: [String]) {
    self.name = name
    self.map = map
    mask = drawn(rows)
    width = rows[0].count
  }

  var isDefective: Bool { mask.contains(1) }
}

/// 1 where rows of text have a `#`, else 0.
func drawn(_ rows: [String]) -> [UInt8] { rows.joined().map { $0 == "#" ? 1 : 0 } }

extension MetricsReference.Case {
  var maps: [MaskedMap] {
    pictures.enumerated().map { index, picture in
      var map = MaskedMap("\(name) \(index)", picture.scores.map { Float($0) * scale }, rows: picture.mask)
      map.ignore = picture.ignore.map(drawn)
      map.channels = (picture.channels ?? []).map(\.channel)
      return map
    }
  }
}

extension MetricsReference.Channel {
  var channel: DefectChannel {
    DefectChannel(mask: drawn(mask), saturation: part.map { .part($0) } ?? .pixels(pixels ?? .nan))
  }
}

/// The metrics of these pictures, collected and counted in the order given.
func pixelMetrics(_ maps: [MaskedMap], thresholds: [Float] = []) throws -> PixelMetrics {
  var metrics = PixelMetrics(thresholds: thresholds)
  for map in maps where map.isDefective {
    try metrics.collect(
      map.name, map: map.map, mask: map.mask, width: map.width, channels: map.channels, ignore: map.ignore)
  }
  for map in maps { try metrics.count(map.name, map: map.map, mask: map.mask, ignore: map.ignore) }
  return metrics
}

/// Whether a metric is defined and within the tolerance of an expected value.
func agrees(_ found: MetricValue, _ expected: Double) -> Bool {
  guard let value = found.value else { return false }
  return abs(value - expected) <= MetricsReference.tolerance
}

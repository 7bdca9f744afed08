public import Foundation
import Metrics

/// `metrics.json`: an interface, so its names stay. Undefined metrics are null, with the reason under `<name>_reason`.
///
/// `mean` holds unweighted means, the number of `categories`, and under `<name>_left_out` those that lack a metric.
public struct MetricsFile: Sendable {
  public var categories: [(name: String, metrics: CategoryMetrics)]
  public var detector: String
  public var backbone: String
  public var weightsSHA256: String
  public var device: String
  public var shots: Int?
  /// Generated pictures that the model was trained on beside the real ones.
  public var generated: Int
  public var seed: UInt64
  public var seconds: Seconds
  public var peakMemoryBytes: Int

  public init(
    categories: [(name: String, metrics: CategoryMetrics)], detector: String, backbone: String, weightsSHA256: String,
    device: String,
    shots: Int?, generated: Int = 0, seed: UInt64, seconds: Seconds, peakMemoryBytes: Int
  ) {
    self.categories = categories
    self.detector = detector
    self.backbone = backbone
    self.weightsSHA256 = weightsSHA256
    self.device = device
    self.shots = shots
    self.generated = generated
    self.seed = seed
    self.seconds = seconds
    self.peakMemoryBytes = peakMemoryBytes
  }

  public func json() throws -> Data {
    let rounded = { (value: Double) in (value * 1000).rounded() / 1000 }
    let object: [String: Any] = [
      "categories": Dictionary(
        categories.map { ($0.name, Self.object($0.metrics)) }, uniquingKeysWith: { first, _ in first }),
      "mean": mean,
      "detector": detector, "backbone": backbone, "weights_sha256": weightsSHA256, "device": device,
      "shots": shots.map { $0 as Any } ?? NSNull(), "generated": generated, "seed": seed,
      "seconds": [
        "decode": rounded(seconds.decode), "features": rounded(seconds.features), "fit": rounded(seconds.fit),
        "score": rounded(seconds.score), "total": rounded(seconds.total),
      ],
      "peak_memory_bytes": peakMemoryBytes,
    ]
    let data = try JSONSerialization.data(
      withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
    return data + Data("\n".utf8)
  }

  private var mean: [String: Any] {
    var object = Self.object(.mean(categories.map(\.metrics)))
    object["categories"] = categories.count
    for metric in LeftOut.all(categories) { object["\(metric.key)_left_out"] = metric.categories.map(\.name) }
    return object
  }

  private static func object(_ metrics: CategoryMetrics) -> [String: Any] {
    var object: [String: Any] = [:]
    for entry in metrics.entries {
      switch entry.value {
      case .defined(let number): object[entry.key] = number
      case .undefined(let reason):
        object[entry.key] = NSNull()
        object["\(entry.key)_reason"] = reason
      }
    }
    return object
  }
}

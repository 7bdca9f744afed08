public import Foundation
public import Metrics

/// One category's metrics.
public struct CategoryMetrics: Sendable {
  public let imageAUROC: MetricValue
  public let imageAUROCReweighted: MetricValue
  public let imageAP: MetricValue
  public let imageF1: MetricValue
  public let pixelAUROC: MetricValue
  public let pixelAP: MetricValue
  public let aupro: MetricValue

  /// Every metric under its name in `metrics.json`, in the order shown; one table for JSON, tables and reports.
  public static let names: [(key: String, title: String)] = [
    ("image_auroc", "image AUROC"), ("image_auroc_reweighted", "re-weighted"), ("image_ap", "image AP"),
    ("image_f1_max", "image F1"), ("pixel_auroc", "pixel AUROC"), ("pixel_ap", "pixel AP"), ("aupro", "AUPRO"),
  ]

  /// In the order of ``names``.
  public var values: [MetricValue] {
    [imageAUROC, imageAUROCReweighted, imageAP, imageF1, pixelAUROC, pixelAP, aupro]
  }

  public init(
    imageAUROC: MetricValue, imageAUROCReweighted: MetricValue, imageAP: MetricValue, imageF1: MetricValue,
    pixelAUROC: MetricValue, pixelAP: MetricValue, aupro: MetricValue
  ) {
    self.imageAUROC = imageAUROC
    self.imageAUROCReweighted = imageAUROCReweighted
    self.imageAP = imageAP
    self.imageF1 = imageF1
    self.pixelAUROC = pixelAUROC
    self.pixelAP = pixelAP
    self.aupro = aupro
  }

  /// Each metric's mean over the categories in which it is defined.
  public static func mean(_ categories: [CategoryMetrics]) -> CategoryMetrics {
    func mean(_ path: KeyPath<CategoryMetrics, MetricValue>) -> MetricValue {
      .mean(categories.map { $0[keyPath: path] })
    }
    return CategoryMetrics(
      imageAUROC: mean(\.imageAUROC), imageAUROCReweighted: mean(\.imageAUROCReweighted), imageAP: mean(\.imageAP),
      imageF1: mean(\.imageF1), pixelAUROC: mean(\.pixelAUROC), pixelAP: mean(\.pixelAP), aupro: mean(\.aupro))
  }
}

/// `metrics.json`: an interface, so its names stay. Undefined metrics are null, with the reason under `<name>_reason`.
public struct MetricsFile: Sendable {
  public var categories: [(name: String, metrics: CategoryMetrics)]
  public var detector = "patchcore"
  public var backbone: String
  public var weightsSHA256: String
  public var device: String
  public var shots: Int?
  public var seed: UInt64
  public var seconds: Seconds
  public var peakMemoryBytes: Int

  public init(
    categories: [(name: String, metrics: CategoryMetrics)], backbone: String, weightsSHA256: String, device: String,
    shots: Int?, seed: UInt64, seconds: Seconds, peakMemoryBytes: Int
  ) {
    self.categories = categories
    self.backbone = backbone
    self.weightsSHA256 = weightsSHA256
    self.device = device
    self.shots = shots
    self.seed = seed
    self.seconds = seconds
    self.peakMemoryBytes = peakMemoryBytes
  }

  public func json() throws -> Data {
    let rounded = { (value: Double) in (value * 1000).rounded() / 1000 }
    let object: [String: Any] = [
      "categories": Dictionary(
        categories.map { ($0.name, Self.object($0.metrics)) }, uniquingKeysWith: { first, _ in first }),
      "mean": Self.object(.mean(categories.map(\.metrics))),
      "detector": detector, "backbone": backbone, "weights_sha256": weightsSHA256, "device": device,
      "shots": shots.map { $0 as Any } ?? NSNull(), "seed": seed,
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

  private static func object(_ metrics: CategoryMetrics) -> [String: Any] {
    var object: [String: Any] = [:]
    for (name, value) in zip(CategoryMetrics.names, metrics.values) {
      switch value {
      case .defined(let number): object[name.key] = number
      case .undefined(let reason):
        object[name.key] = NSNull()
        object["\(name.key)_reason"] = reason
      }
    }
    return object
  }
}

extension MetricValue {
  /// Four decimals, or "n/a".
  public var text: String { value.map { String(format: "%.4f", $0) } ?? "n/a" }
}

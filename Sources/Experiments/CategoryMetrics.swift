import Foundation
public import Metrics

/// What metrics follow from: scores of pictures and of pixels.
struct MeasuredScores: Sendable {
  let image: ImageMetrics
  /// nil where a detector gives no such scores.
  let reweighted: ImageMetrics?
  let pixels: PixelMetrics
}

/// A metric's name in `metrics.json`, its title, and how it follows from the scores.
struct MetricDefinition: Sendable {
  /// Where tables show it. JSON and the report's long table hold everything.
  enum Shown: Sendable { case never, withoutSplits, always }

  let key: String
  let title: String
  var shown = Shown.never
  /// Thresholds of different categories are not on one scale.
  var isAveraged = true
  var needsChannels = false
  var needsReweighting = false
  let value: @Sendable (MeasuredScores) -> MetricValue

  /// Every metric, in the order shown: one table for JSON, tables and reports.
  static let all: [MetricDefinition] =
    [
      .init(key: "image_auroc", title: "image AUROC", shown: .always) { $0.image.auroc },
      .init(key: "image_auroc_reweighted", title: "re-weighted", shown: .withoutSplits, needsReweighting: true) {
        $0.reweighted?.auroc ?? .undefined(reason: "the detector has no re-weighted score")
      },
      .init(key: "image_ap", title: "image AP", shown: .withoutSplits) { $0.image.averagePrecision },
      .init(key: "image_f1_max", title: "image F1", shown: .withoutSplits) { $0.image.bestF1 },
      .init(key: "image_f1_max_threshold", title: "image F1's threshold", isAveraged: false) {
        threshold(($0.image.bestF1, $0.image.bestF1Threshold))
      },
      .init(key: "image_balanced_accuracy", title: "balanced accuracy of verdicts") { $0.image.balancedAccuracy },
      .init(key: "image_fpr95", title: "image FPR at 95 % recall") { $0.image.falsePositiveRate(recall: 0.95) },
      .init(key: "image_fpr99", title: "image FPR at 99 % recall") { $0.image.falsePositiveRate(recall: 0.99) },
      .init(key: "pixel_auroc", title: "pixel AUROC", shown: .withoutSplits) { $0.pixels.auroc },
      .init(key: "pixel_ap", title: "pixel AP", shown: .withoutSplits) { $0.pixels.averagePrecision },
      .init(key: "pixel_f1_max", title: "pixel F1") { $0.pixels.bestF1.value },
      .init(key: "pixel_f1_max_threshold", title: "pixel F1's threshold", isAveraged: false) {
        threshold($0.pixels.bestF1)
      },
      .init(key: "pixel_iou_max", title: "pixel IoU") { $0.pixels.bestIoU.value },
      .init(key: "pixel_fpr95", title: "pixel FPR at 95 % recall") { $0.pixels.falsePositiveRate(recall: 0.95) },
      .init(key: "pixel_fpr99", title: "pixel FPR at 99 % recall") { $0.pixels.falsePositiveRate(recall: 0.99) },
      .init(key: "aupro", title: "AUPRO", shown: .withoutSplits) { $0.pixels.aupro() },
      .init(key: "aupro_005", title: "AUPRO to 0.05") { $0.pixels.aupro(limit: 0.05) },
    ]
    + [("001", 0.01), ("005", 0.05), ("01", 0.1), ("03", 0.3), ("1", 1)].map { name, limit in
      .init(
        key: "au_spro_\(name)", title: "AU-sPRO to \(limit)", shown: limit == 0.05 ? .always : .never,
        needsChannels: true
      ) { $0.pixels.auSPRO(limit: limit) }
    }

  private static func threshold(_ best: (value: MetricValue, threshold: Float?)) -> MetricValue {
    best.threshold.map { .defined(Double($0)) } ?? .undefined(reason: best.value.reason ?? "there is no threshold")
  }
}

/// One category's metrics. Where kinds of defects are measured apart, each with all good pictures, a metric has besides
/// its name `<name>_<split>` for each of them, and, where there are several, their unweighted mean
/// `<name>_split_mean`.
public struct CategoryMetrics: Sendable {
  public struct Entry: Sendable {
    /// The name in `metrics.json`.
    public let key: String
    public let title: String
    public let value: MetricValue
    /// Whether tables have room for it.
    public let isShown: Bool
    let isAveraged: Bool
  }

  /// In the order shown.
  public let entries: [Entry]

  private init(_ entries: [Entry]) { self.entries = entries }

  /// - scores: of all test pictures
  /// - splits: of one kind of defect each, with all good pictures
  init(_ scores: MeasuredScores, splits: [(name: String, scores: MeasuredScores)] = []) {
    entries = MetricDefinition.all.filter { scores.pixels.hasChannels || !$0.needsChannels }.flatMap { metric in
      let isGiven = !metric.needsReweighting || scores.reweighted != nil
      let isShown = metric.shown == .always || (metric.shown == .withoutSplits && splits.isEmpty && isGiven)
      func entry(_ split: String?, _ value: MetricValue) -> Entry {
        Entry(
          key: metric.key + (split.map { "_\($0)" } ?? ""),
          title: metric.title + (split.map { " \($0.replacing("_", with: " "))" } ?? ""), value: value,
          isShown: isShown, isAveraged: metric.isAveraged)
      }
      let parts = splits.map { ($0.name, metric.value($0.scores)) }
      let mean = MetricValue.meanOfAll(parts.map(\.1))
      return [entry(nil, metric.value(scores))] + parts.map { entry($0.0, $0.1) }
        + (metric.isAveraged && splits.count > 1 ? [entry("split_mean", mean)] : [])
    }
  }

  public var shown: [Entry] { entries.filter(\.isShown) }

  public subscript(key: String) -> MetricValue {
    entries.first { $0.key == key }?.value ?? .undefined(reason: "it is not measured here")
  }

  public var imageAUROC: MetricValue { self["image_auroc"] }
  public var pixelAUROC: MetricValue { self["pixel_auroc"] }

  /// Each metric's unweighted mean over the categories in which it is defined.
  public static func mean(_ categories: [CategoryMetrics]) -> CategoryMetrics {
    CategoryMetrics(
      union(categories).filter(\.isAveraged).map { entry in
        Entry(
          key: entry.key, title: entry.title, value: .mean(categories.map { $0[entry.key] }), isShown: entry.isShown,
          isAveraged: true)
      })
  }

  /// Entries of all categories, each key once: data sets differ in what can be measured.
  static func union(_ categories: [CategoryMetrics]) -> [Entry] {
    var seen: Set<String> = []
    return categories.flatMap(\.entries).filter { seen.insert($0.key).inserted }
  }
}

/// A metric that some of several categories lack, and is therefore no part of its mean.
public struct LeftOut: Sendable {
  public let key: String
  public let title: String
  public let isShown: Bool
  public let categories: [(name: String, reason: String)]

  /// In the order of the metrics.
  public static func all(_ categories: [(name: String, metrics: CategoryMetrics)]) -> [LeftOut] {
    CategoryMetrics.union(categories.map(\.metrics)).filter(\.isAveraged).compactMap { entry in
      let missing = categories.compactMap { category in
        category.metrics[entry.key].reason.map { (category.name, $0) }
      }
      guard !missing.isEmpty else { return nil }
      return LeftOut(key: entry.key, title: entry.title, isShown: entry.isShown, categories: missing)
    }
  }
}

extension MetricValue {
  /// Four decimals, or "n/a".
  public var text: String { value.map { String(format: "%.4f", $0) } ?? "n/a" }

  /// The unweighted mean; undefined when one of them is.
  static func meanOfAll(_ values: [MetricValue]) -> MetricValue {
    values.first { $0.value == nil } ?? .mean(values)
  }
}

/// Metrics of whole pictures from one score each.
public struct ImageMetrics: Sendable {
  public let auroc: MetricValue
  public let averagePrecision: MetricValue
  public let bestF1: MetricValue
  public let bestF1Threshold: Float?
  /// At the threshold given.
  public let balancedAccuracy: MetricValue
  private let curve: ScoreCurve

  /// - threshold: scores above it are called defective; it comes from elsewhere, never from these pictures
  /// - Throws: ``MetricError/notFinite(picture:)``.
  public init(
    _ pictures: [(name: String, score: Float, isDefective: Bool)], threshold: Float? = nil
  ) throws(MetricError) {
    for picture in pictures where !picture.score.isFinite { throw .notFinite(picture: picture.name) }
    let threshold = threshold.flatMap { $0.isFinite ? $0 : nil }
    var curve = ScoreCurve(
      positives: pictures.filter(\.isDefective).map(\.score), thresholds: threshold.map { [$0] } ?? [])
    curve.count(negatives: pictures.filter { !$0.isDefective }.map(\.score))
    auroc = curve.auroc
    averagePrecision = curve.averagePrecision
    (bestF1, bestF1Threshold) = curve.bestF1
    balancedAccuracy =
      threshold.map { curve.confusion(above: $0).balancedAccuracy } ?? .undefined(reason: "there is no threshold")
    self.curve = curve
  }

  /// See ``ScoreCurve/falsePositiveRate(recall:)``.
  public func falsePositiveRate(recall: Double) -> MetricValue { curve.falsePositiveRate(recall: recall) }
}

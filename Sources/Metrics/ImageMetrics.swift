/// Metrics of whole pictures from one score each.
public struct ImageMetrics: Sendable {
  public let auroc: MetricValue
  public let averagePrecision: MetricValue
  public let bestF1: MetricValue
  public let bestF1Threshold: Float?

  /// - Throws: ``MetricError/notFinite(picture:)``.
  public init(_ pictures: [(name: String, score: Float, isDefective: Bool)]) throws(MetricError) {
    for picture in pictures where !picture.score.isFinite { throw .notFinite(picture: picture.name) }
    var curve = ScoreCurve(positives: pictures.filter(\.isDefective).map(\.score))
    curve.count(negatives: pictures.filter { !$0.isDefective }.map(\.score))
    auroc = curve.auroc
    averagePrecision = curve.averagePrecision
    (bestF1, bestF1Threshold) = curve.bestF1
  }
}

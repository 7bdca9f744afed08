public import Datasets
public import Detectors
import Images
import Metrics

/// The picture threshold of the best F1 over labelled pictures; found only where a person asks for it, for a threshold from
/// test pictures makes metrics on the same pictures too good.
public struct BestF1: Sendable {
  /// Halfway between the lowest score that is called defective and the highest below it: `score > threshold` then is the
  /// decision that the F1 belongs to. Of equal F1 the largest threshold.
  public let threshold: Float
  public let f1: Double
  public let good: Int
  public let defective: Int

  /// - scores: finite, of good and of defective pictures
  /// - Throws: ``ExperimentError/oneClass(good:defective:)`` when one of them is missing.
  package init(_ scores: [(name: String, score: Float, isDefective: Bool)]) throws {
    defective = scores.count(where: \.isDefective)
    good = scores.count - defective
    let metrics = try ImageMetrics(scores)
    guard good > 0, defective > 0, let lowest = metrics.bestF1Threshold, let f1 = metrics.bestF1.value else {
      throw ExperimentError.oneClass(good: good, defective: defective)
    }
    self.f1 = f1
    let below = scores.lazy.map(\.score).filter { $0 < lowest }.max()
    let middle = below.map { $0 + (lowest - $0) / 2 } ?? lowest.nextDown
    threshold = middle < lowest ? middle : lowest.nextDown
  }

  /// Scores a category's test pictures.
  ///
  /// - progress: called with pictures done and in all; may throw to stop.
  public init(
    _ detector: any Detector, _ category: Category, progress: (Int, Int) throws -> Void = { _, _ in }
  ) throws {
    var scores: [(name: String, score: Float, isDefective: Bool)] = []
    for sample in category.test {
      let score = try detector.inspect(Image(path: sample.path)).score
      scores.append((sample.name, score, sample.label.isDefective))
      try progress(scores.count, category.test.count)
    }
    try self.init(scores)
  }
}

import Datasets
import Detectors
import Metrics

/// Test pictures whose metrics are computed together: all of them, or those of one kind of defect with all good ones.
struct MeasuredGroup {
  /// nil for all.
  let kind: String?
  /// What its metrics' names end in; nil for all.
  let name: String?
  var pixels = PixelMetrics()

  /// Kinds that are measured apart wherever a category has them, as MVTec LOCO AD reports them.
  private static let splits = [("logical_anomalies", "logical"), ("structural_anomalies", "structural")]

  static func all(of labels: [Label]) -> [MeasuredGroup] {
    let kinds = Set(labels.filter(\.isDefective).map(\.name))
    return [MeasuredGroup(kind: nil, name: nil)]
      + splits.filter { kinds.contains($0.0) }.map { MeasuredGroup(kind: $0.0, name: $0.1) }
  }

  func contains(_ label: Label) -> Bool { kind == nil || !label.isDefective || label.name == kind }

  /// - threshold: picture scores above it are called defective
  func scores(_ pictures: [InspectedPicture], threshold: Float?) throws -> MeasuredScores {
    let mine = pictures.filter { contains($0.sample.label) }
    return MeasuredScores(
      image: try ImageMetrics(
        mine.map { ($0.sample.name, $0.inspection.score, $0.sample.label.isDefective) }, threshold: threshold),
      reweighted: try reweighted(mine),
      pixels: pixels)
  }

  private func reweighted(_ pictures: [InspectedPicture]) throws -> ImageMetrics? {
    let scores = pictures.compactMap { picture in
      picture.inspection.reweightedScore.map { (picture.sample.name, $0, picture.sample.label.isDefective) }
    }
    return scores.count == pictures.count ? try ImageMetrics(scores) : nil
  }
}

import Datasets
import Detectors
import Foundation
import Images
public import Metrics

/// Models side by side on the same test pictures: their figures, and how much of a difference the choice of pictures explains.
///
/// Pictures are drawn with repetition, good and defective ones apart, the same draws for every model; an interval is the middle
/// 95 % of the differences. Pixels are binned for the draws; the figures themselves are exact.
public struct Comparison: Sendable {
  public enum Figure: String, CaseIterable, Codable, Sendable {
    case imageAUROC = "image_auroc"
    case pixelAUROC = "pixel_auroc"

    public var title: String { self == .imageAUROC ? "image AUROC" : "pixel AUROC" }
  }

  public struct Difference: Sendable {
    /// The model's figure less the first model's.
    public let value: Double
    public let interval: PercentileInterval
  }

  public struct Row: Sendable {
    public let model: String
    public let metrics: CategoryMetrics
    /// The figure of each draw; nil where it is undefined.
    public let draws: [Figure: [Double]]
  }

  public let category: String
  public let rows: [Row]

  private static let bins = 4096

  /// - evaluations: of the same test pictures, the one that others are compared with first
  /// - draws: of the pictures
  public init(
    _ evaluations: [(model: String, evaluation: Evaluation)], size: EvaluationSize, draws: Int,
    using random: inout some RandomNumberGenerator
  ) throws {
    category = evaluations.first?.evaluation.category ?? ""
    let labels = evaluations.first?.evaluation.pictures.map(\.sample.label.isDefective) ?? []
    let drawn = PictureDraws(groups: labels, draws: draws, using: &random)
    rows = try evaluations.map { model, evaluation in
      precondition(
        evaluation.pictures.map(\.sample) == evaluations[0].evaluation.pictures.map(\.sample),
        "models are compared on the same pictures")
      let found: [(Figure, PictureHistograms)] = [
        (.imageAUROC, Self.imageScores(evaluation)), (.pixelAUROC, try Self.pixelScores(evaluation, size)),
      ]
      let values = found.compactMap { figure, histograms -> (Figure, [Double])? in
        let values = drawn.times.compactMap { histograms.auroc(times: $0) }
        return values.count == draws && draws > 0 ? (figure, values) : nil
      }
      return Row(
        model: model, metrics: evaluation.metrics, draws: Dictionary(values, uniquingKeysWith: { first, _ in first }))
    }
  }

  private static func imageScores(_ evaluation: Evaluation) -> PictureHistograms {
    let scores = evaluation.pictures.map(\.inspection.score)
    var histograms = PictureHistograms(scores: scores)
    for (picture, score) in zip(evaluation.pictures, scores) {
      let isDefective = picture.sample.label.isDefective
      histograms.add(positives: isDefective ? [score] : [], negatives: isDefective ? [] : [score])
    }
    return histograms
  }

  private static func pixelScores(_ evaluation: Evaluation, _ size: EvaluationSize) throws -> PictureHistograms {
    // Every picture's map at the network's size says well enough where bins are to lie.
    var histograms = PictureHistograms(scores: evaluation.pictures.flatMap(\.inspection.map.values), bins: bins)
    for picture in evaluation.pictures {
      guard let mask = try picture.mask(at: size) else {
        histograms.add(positives: [], negatives: [])
        continue
      }
      let map = picture.map(at: size)
      let ignored = map.ignoredPixels
      var (positives, negatives): ([Float], [Float]) = ([], [])
      for index in map.values.indices where (ignored?[index] ?? 0) == 0 {
        if mask.values[index] != 0 { positives.append(map.values[index]) } else { negatives.append(map.values[index]) }
      }
      histograms.add(positives: positives, negatives: negatives)
    }
    return histograms
  }

  /// nil where a figure is not defined for both models.
  public func difference(_ row: Int, _ figure: Figure) -> Difference? {
    guard let own = rows[row].draws[figure], let first = rows[0].draws[figure],
      let value = rows[row].metrics[figure.rawValue].value, let reference = rows[0].metrics[figure.rawValue].value
    else { return nil }
    return Difference(value: value - reference, interval: PercentileInterval(zip(own, first).map { $0 - $1 }))
  }
}

extension Comparison {
  /// A line a model, figure and draw; draw 0 is of the pictures as they are.
  public var csv: String {
    var lines = ["category,model,figure,draw,value"]
    for row in rows {
      for figure in Figure.allCases {
        guard let value = row.metrics[figure.rawValue].value, let draws = row.draws[figure] else { continue }
        for (draw, value) in ([value] + draws).enumerated() {
          lines.append("\(csvField(category)),\(csvField(row.model)),\(figure.rawValue),\(draw),\(value)")
        }
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// What `--json` writes.
  public var object: [String: Any] {
    let models = rows.enumerated().map { index, row in
      var object: [String: Any] = ["model": row.model]
      for figure in Figure.allCases {
        object[figure.rawValue] = row.metrics[figure.rawValue].value.map { $0 as Any } ?? NSNull()
        guard index > 0 else { continue }
        object["\(figure.rawValue)_difference"] =
          difference(index, figure).map {
            ["value": $0.value, "low": $0.interval.low, "high": $0.interval.high] as Any
          } ?? NSNull()
      }
      return object
    }
    return ["category": category, "draws": rows.first?.draws.values.first?.count ?? 0, "models": models]
  }
}

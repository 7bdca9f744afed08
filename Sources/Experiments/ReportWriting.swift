public import Detectors
import Datasets
public import Images
import Metrics

extension ReportSection {
  /// The report's part of an evaluation: every picture with its map on one scale for the whole category.
  ///
  /// - longestSide: pictures are reduced to it before they are embedded.
  public init(_ evaluation: Evaluation, threshold: Threshold, longestSide: Int = 256) throws {
    let scale = HeatScale(evaluation, threshold: threshold)
    self.init(
      category: evaluation.category,
      figures: evaluation.metrics.shown.map { ($0.title, $0.value.text) },
      allFigures: evaluation.metrics.entries.map { ($0.title, $0.value.text, $0.value.reason) },
      threshold: threshold.score,
      thresholdOrigin: threshold.sentence,
      lowConfidence: threshold.lowConfidence, heat: scale.heat,
      pictures: try evaluation.pictures.map { try Self.picture($0, scale, threshold, longestSide) })
  }

  private static func picture(
    _ inspected: InspectedPicture, _ scale: HeatScale, _ threshold: Threshold, _ longestSide: Int
  ) throws -> ReportPicture {
    let image = try Image(path: inspected.sample.path).rgb
    // A good picture's mask is empty: nothing to show.
    let mask = inspected.sample.label.isDefective ? try inspected.mask(at: .original) : nil
    let shrink = min(Double(longestSide) / Double(max(image.width, image.height)), 1)
    let (width, height) = (Int(Double(image.width) * shrink), Int(Double(image.height) * shrink))
    let small = image.resized(width: width, height: height)
    let smallMask = mask?.resized(width: width, height: height)
    let overlay = scale.overlay(
      small, map: inspected.inspection.map.resized(width: width, height: height), mask: smallMask)
    let defective = inspected.sample.label.isDefective
    let judgement = threshold.judge(inspected.inspection, map: inspected.map(at: .original))
    return ReportPicture(
      name: inspected.sample.name, kind: inspected.sample.label.name, isDefective: defective,
      score: inspected.inspection.score,
      verdict: .init(defective: defective, called: judgement.isDefective),
      picture: try small.jpegData(quality: 68), overlay: try overlay.jpegData(quality: 68),
      mask: try smallMask?.image.pngData())
  }
}

/// One scale of heat for a whole run: pictures can be compared by eye, and a good one does not light up.
public struct HeatScale: Sendable {
  private let low: Float
  private let high: Float
  private let threshold: Float

  /// From the quietest pixel to the strangest of the run, or twice the threshold's height where nothing is strange.
  public init(_ evaluation: Evaluation, threshold: Threshold) {
    let maps = evaluation.pictures.map(\.inspection.map)
    self.init(
      low: maps.map { $0.values.min() ?? 0 }.min() ?? 0, high: maps.map(\.largest).max() ?? 1, threshold: threshold)
  }

  /// What lies far below the threshold is all the same dark: colours are kept for what matters.
  ///
  /// - low, high: the smallest and largest values that occur
  public init(low: Float, high: Float, threshold: Threshold) {
    self.low = low + 0.55 * max(threshold.pixel - low, 0)
    self.threshold = threshold.pixel
    self.high = max(high, low + 1.25 * (threshold.pixel - low), self.low + 1e-6)
  }

  var heat: ReportSection.Heat { .init(low: low, high: high, threshold: threshold) }

  /// The picture under its map, with the threshold's contour in white and the mask's in cyan.
  public func overlay(_ image: Image, map: AnomalyMap, mask: Mask?) -> Image {
    let thickness = max(min(image.width, image.height) / 256, 1)
    let heat = map.values.map { ($0 - low) / (high - low) }
    let above = Mask(width: map.width, height: map.height, values: map.values.map { $0 > threshold ? 1 : 0 })
    // White with black inside of it: seen on any picture.
    let painted = image.overlaid(heat: heat)
      .painted(above.outline(thickness: 2 * thickness), red: 0, green: 0, blue: 0)
      .painted(above.outline(thickness: thickness), red: 255, green: 255, blue: 255)
    guard let mask, mask.defectivePixels > 0 else { return painted }
    return painted.painted(mask.outline(thickness: thickness), red: 0, green: 220, blue: 255)
  }
}

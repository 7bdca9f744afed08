/// Metrics of pixels over all test pictures, exact, in two passes over the maps: memory is proportional to the defective
/// pixels, which are few.
///
/// Pass one hands over every picture with defects (`collect`), pass two every picture (`count`), in any order. Pictures
/// whose defects have no mask stay out of both.
public struct PixelMetrics: Sendable {
  private var scores: [Float] = []
  private var weights: [Double] = []
  private var regions = 0
  private var curve: ScoreCurve?

  public init() {}

  /// Collects a picture's defective pixels.
  ///
  /// - map: [height, width]; mask: the same, non-zero where defective
  /// - Throws: ``MetricError`` naming the picture when its map is not finite or of another size.
  public mutating func collect(_ picture: String, map: [Float], mask: [UInt8], width: Int) throws(MetricError) {
    precondition(curve == nil, "defective pixels are collected before any picture is counted")
    try check(picture, map, mask)
    guard width > 0, mask.count.isMultiple(of: width) else {
      throw .width(picture: picture, width: width, count: mask.count)
    }
    let (labels, areas) = Regions.label(mask, width: width, height: mask.count / width)
    for index in labels.indices where labels[index] != 0 {
      scores.append(map[index])
      weights.append(1 / Double(areas[Int(labels[index]) - 1]))
    }
    regions += areas.count
  }

  /// Counts a picture's normal pixels; ends the first pass.
  public mutating func count(_ picture: String, map: [Float], mask: [UInt8]) throws(MetricError) {
    try check(picture, map, mask)
    var current = curve ?? ScoreCurve(positives: scores, weights: weights)
    curve = nil
    current.count(negatives: map, where: mask)
    curve = current
  }

  public var auroc: MetricValue { finished.auroc }
  public var averagePrecision: MetricValue { finished.averagePrecision }

  /// Area under the per-region overlap up to a false-positive rate (Bergmann et al. 2021): the mean over all regions of
  /// all pictures of the part found, over the part of defect-free pixels called defective, from 0 to `limit`.
  public func aupro(limit: Double = 0.3) -> MetricValue {
    guard limit > 0, limit <= 1 else { return .undefined(reason: "the limit must lie above 0 and not above 1") }
    let curve = finished
    if let reason = curve.missingClass(curve.positiveCount, curve.negativeCount) { return .undefined(reason: reason) }
    return .defined(curve.area(limit: limit, total: Double(regions)))
  }

  private var finished: ScoreCurve { curve ?? ScoreCurve(positives: scores, weights: weights) }

  private func check(_ picture: String, _ map: [Float], _ mask: [UInt8]) throws(MetricError) {
    guard map.count == mask.count else { throw .size(picture: picture, map: map.count, mask: mask.count) }
    guard map.allSatisfy(\.isFinite) else { throw .notFinite(picture: picture) }
  }
}

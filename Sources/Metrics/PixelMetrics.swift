/// Metrics of pixels over all test pictures, exact, in two passes over the maps: memory is proportional to the defective
/// pixels, which are few.
///
/// Pass one hands over every picture with defects (`collect`), pass two every picture (`count`), in any order. Pictures
/// whose defects have no mask stay out of both. Ignored pixels count nowhere: an ignored part of a region is taken off
/// its area, and a region that is ignored as a whole is none.
public struct PixelMetrics: Sendable {
  private let thresholds: [Float]
  private var scores: [Float] = []
  /// One over the pixels of the region: the weights of AUPRO.
  private var regionWeights: [Double] = []
  /// Of the channels that a pixel saturates: the weights of AU-sPRO. Empty while no picture has channels.
  private var channelWeights: [Double] = []
  private var regions = 0
  private var channels = 0
  private var picturesWithoutChannels = 0
  private var curve: ScoreCurve?

  /// - thresholds: where ``confusion(above:)`` will be asked for
  public init(thresholds: [Float] = []) { self.thresholds = thresholds }

  /// Collects a picture's defective pixels.
  ///
  /// - map: [height, width]; mask: the same, non-zero where defective
  /// - channels: the defects one by one, for AU-sPRO; their pixels are defective in `mask`, too
  /// - ignore: [height, width], non-zero where a pixel counts nowhere
  /// - Throws: ``MetricError`` naming the picture when its map is not finite or of another size, or a channel is wrong.
  public mutating func collect(
    _ picture: String, map: [Float], mask: [UInt8], width: Int, channels: [DefectChannel] = [], ignore: [UInt8]? = nil
  ) throws(MetricError) {
    precondition(curve == nil, "defective pixels are collected before any picture is counted")
    try check(picture, map, mask, ignore)
    guard width > 0, mask.count.isMultiple(of: width) else {
      throw .width(picture: picture, width: width, count: mask.count)
    }
    try check(picture, channels, mask)
    let (labels, _) = Regions.label(mask, width: width, height: mask.count / width)
    let counted = labels.indices.filter { labels[$0] != 0 && (ignore?[$0] ?? 0) == 0 }
    guard !counted.isEmpty else { return }
    var areas: [Int32: Int] = [:]
    for index in counted { areas[labels[index], default: 0] += 1 }
    regions += areas.count
    collect(channels, map, counted, ignore)
    scores.reserveCapacity(scores.count + counted.count)
    for index in counted {
      scores.append(map[index])
      regionWeights.append(1 / Double(areas[labels[index], default: 1]))
    }
  }

  /// Keeps `channelWeights` as long as `scores` from the first picture with channels on.
  private mutating func collect(_ given: [DefectChannel], _ map: [Float], _ counted: [Int], _ ignore: [UInt8]?) {
    var weights: [Int: Double] = [:]
    let added = given.count { $0.addWeights(&weights, map: map, ignore: ignore) }
    if added == 0 { picturesWithoutChannels += 1 }
    channels += added
    guard channels > 0 else { return }
    if channelWeights.isEmpty { channelWeights = [Double](repeating: 0, count: scores.count) }
    for index in counted { channelWeights.append(weights[index] ?? 0) }
  }

  /// Whether any picture had channels, without which there is no AU-sPRO.
  public var hasChannels: Bool { channels > 0 }

  /// Counts a picture's normal pixels; ends the first pass.
  public mutating func count(
    _ picture: String, map: [Float], mask: [UInt8], ignore: [UInt8]? = nil
  ) throws(MetricError) {
    try check(picture, map, mask, ignore)
    var current = finished
    // Released first: a second owner would make the counters be copied. What was collected is in the curve.
    (curve, scores, regionWeights, channelWeights) = (nil, [], [], [])
    current.count(negatives: map, where: mask, ignore: ignore)
    curve = current
  }

  public var auroc: MetricValue { finished.auroc }
  public var averagePrecision: MetricValue { finished.averagePrecision }
  /// See ``ScoreCurve/bestF1``.
  public var bestF1: (value: MetricValue, threshold: Float?) { finished.bestF1 }
  /// See ``ScoreCurve/bestIoU``.
  public var bestIoU: (value: MetricValue, threshold: Float?) { finished.bestIoU }

  /// See ``ScoreCurve/falsePositiveRate(recall:)``.
  public func falsePositiveRate(recall: Double) -> MetricValue { finished.falsePositiveRate(recall: recall) }

  /// Counts at one of the thresholds named in the initializer; see ``ScoreCurve/confusion(above:)``.
  public func confusion(above threshold: Float) -> ConfusionCounts { finished.confusion(above: threshold) }

  /// Area under the per-region overlap up to a false-positive rate (Bergmann et al. 2021): the mean over all regions of
  /// all pictures of the part found, over the part of defect-free pixels called defective, from 0 to `limit`.
  public func aupro(limit: Double = 0.3) -> MetricValue { area(limit, column: 0, total: regions) }

  /// Area under the saturated per-region overlap (Bergmann et al. 2022, equation 2): as ``aupro(limit:)``, but over
  /// channels, each of which counts as found when its saturation area is.
  public func auSPRO(limit: Double = 0.05) -> MetricValue {
    if channels == 0, regions > 0 { return .undefined(reason: "no defect has a saturation area") }
    if picturesWithoutChannels > 0 {
      return .undefined(reason: "\(picturesWithoutChannels) pictures have defects without a saturation area")
    }
    return area(limit, column: 1, total: channels)
  }

  private func area(_ limit: Double, column: Int, total: Int) -> MetricValue {
    guard limit > 0, limit <= 1 else { return .undefined(reason: "the limit must lie above 0 and not above 1") }
    let curve = finished
    if let reason = curve.missing { return .undefined(reason: reason) }
    return .defined(curve.area(limit: limit, column: column, total: Double(total)))
  }

  private var finished: ScoreCurve {
    let columns = channels > 0 ? [regionWeights, channelWeights] : [regionWeights]
    return curve ?? ScoreCurve(positives: scores, weights: columns, thresholds: thresholds)
  }

  private func check(_ picture: String, _ map: [Float], _ mask: [UInt8], _ ignore: [UInt8]?) throws(MetricError) {
    for given in [mask, ignore ?? mask] where map.count != given.count {
      throw .size(picture: picture, map: map.count, mask: given.count)
    }
    guard map.allSatisfy(\.isFinite) else { throw .notFinite(picture: picture) }
  }

  private func check(_ picture: String, _ channels: [DefectChannel], _ mask: [UInt8]) throws(MetricError) {
    for channel in channels {
      guard channel.mask.count == mask.count else {
        throw .size(picture: picture, map: mask.count, mask: channel.mask.count)
      }
      guard channel.saturation.isValid else { throw .saturation(picture: picture) }
      for index in mask.indices where channel.mask[index] != 0 && mask[index] == 0 {
        throw .channel(picture: picture, pixel: index)
      }
    }
  }
}

import Metrics

/// Good or defective, by a threshold.
public struct Judgement: Hashable, Sendable {
  public let isDefective: Bool
  /// Pixels of the largest region of the map above the pixel threshold; nil where the threshold asks for no area.
  public let largestRegion: Int?
}

extension Threshold {
  /// The verdict on a picture.
  ///
  /// Defective is a score above ``score``. With a ``minimumArea`` there must also be an 8-connected region of so many
  /// pixels of the map above ``pixel``. The score itself stays as it is, so metrics on raw scores do not know the area.
  ///
  /// - map: the inspection's map at the picture's own size
  public func judge(_ inspection: Inspection, map: AnomalyMap) -> Judgement {
    guard let minimumArea else { return Judgement(isDefective: inspection.score > score, largestRegion: nil) }
    let above = map.values.map { $0 > pixel ? UInt8(1) : 0 }
    let largest = Regions.label(above, width: map.width, height: map.height).areas.max() ?? 0
    let isLarge = largest >= minimumArea.pixels(width: map.width, height: map.height)
    return Judgement(isDefective: inspection.score > score && isLarge, largestRegion: largest)
  }
}

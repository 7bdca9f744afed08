import Foundation

/// The scores above which a picture and a pixel are called defective, and where they come from.
///
/// By default from normal training pictures, each scored by a model that has not seen it; from labelled pictures, or from a
/// person, only where that was asked for. Never silently from test pictures.
public struct Threshold: Codable, Hashable, Sendable {
  /// Picture scores above this are defective.
  public var score: Float
  /// Map values above this are drawn as defective, and make up the regions that ``minimumArea`` asks for.
  public var pixel: Float
  /// How it was found, in words.
  public var origin: String
  /// The false-alarm rate asked for; nil where the threshold was found in another way.
  public var falseAlarmRate: Double?
  /// Held-out scores that it rests on; fewer than 1/rate cannot support the rate.
  public var heldOut: Int
  /// Whether it rests on one picture's copies, or on fewer scores than the rate needs.
  public var lowConfidence: Bool
  /// The least area of a region above ``pixel`` in a defective picture; nil where the score alone decides.
  public var minimumArea: DefectArea?

  public init(
    score: Float, pixel: Float, origin: String, falseAlarmRate: Double?, heldOut: Int, lowConfidence: Bool,
    minimumArea: DefectArea? = nil
  ) {
    self.score = score
    self.pixel = pixel
    self.origin = origin
    self.falseAlarmRate = falseAlarmRate
    self.heldOut = heldOut
    self.lowConfidence = lowConfidence
    self.minimumArea = minimumArea
  }

  /// Origin, rate and area in words.
  public var sentence: String {
    var text = origin
    if let falseAlarmRate { text += ", at a false-alarm rate of \(falseAlarmRate)" }
    if let minimumArea {
      text += ", for regions of at least \(minimumArea)\(minimumArea.description.hasSuffix("%") ? "" : " pixels")"
    }
    return text
  }

  /// The `fraction` quantile, linear between order statistics (Hyndman and Fan's type 7, NumPy's default).
  package static func quantile(_ values: [Float], _ fraction: Double) -> Float {
    let sorted = values.sorted()
    let position = fraction * Double(sorted.count - 1)
    let below = Int(position.rounded(.down))
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + Float(position - Double(below)) * (sorted[above] - sorted[below])
  }
}

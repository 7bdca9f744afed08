import Foundation

/// The scores above which a picture and a pixel are called defective, and where they come from.
///
/// Never from test pictures: from normal training pictures, each scored by a model that has not seen it.
public struct Threshold: Codable, Hashable, Sendable {
  /// Picture scores above this are defective.
  public var score: Float
  /// Map values above this are drawn as defective.
  public var pixel: Float
  /// How it was found, in words.
  public var origin: String
  /// The false-alarm rate asked for.
  public var falseAlarmRate: Double
  /// Held-out scores that it rests on; fewer than 1/rate cannot support the rate.
  public var heldOut: Int
  /// Whether it rests on one picture's copies, or on fewer scores than the rate needs.
  public var lowConfidence: Bool

  public init(
    score: Float, pixel: Float, origin: String, falseAlarmRate: Double, heldOut: Int, lowConfidence: Bool
  ) {
    self.score = score
    self.pixel = pixel
    self.origin = origin
    self.falseAlarmRate = falseAlarmRate
    self.heldOut = heldOut
    self.lowConfidence = lowConfidence
  }

  /// The threshold that held-out normal pictures support.
  package init(heldOut: [HeldOutScore], falseAlarmRate: Double, origin: String, fromCopies: Bool) {
    self.init(
      score: Self.quantile(heldOut.map(\.score), 1 - falseAlarmRate),
      pixel: Self.quantile(heldOut.map(\.largestPixel), 1 - falseAlarmRate), origin: origin,
      falseAlarmRate: falseAlarmRate, heldOut: heldOut.count,
      lowConfidence: fromCopies || Double(heldOut.count) * falseAlarmRate < 1)
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

/// What a model that has not seen a normal picture says of it.
package struct HeldOutScore: Sendable {
  let score: Float
  let largestPixel: Float

  package init(score: Float, largestPixel: Float) {
    self.score = score
    self.largestPixel = largestPixel
  }
}

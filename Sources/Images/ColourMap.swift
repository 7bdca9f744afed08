/// A colour for each value from 0 to 1: black over purple and orange to light yellow, with even steps of lightness, so
/// that it reads the same for colour-blind eyes and on paper.
///
/// Ten control points of matplotlib's "inferno" (Smith and van der Walt, CC0), joined by straight lines.
public enum ColourMap {
  private static let points: [SIMD3<Float>] = [
    [0, 0, 4], [27, 12, 65], [74, 12, 107], [120, 28, 109], [165, 44, 96], [207, 68, 70], [237, 105, 37],
    [251, 155, 6], [247, 209, 61], [252, 255, 164],
  ]

  /// Values outside of 0 … 1 take the nearest end's colour, NaN the top's, where it is seen.
  public static func colour(_ value: Float) -> SIMD3<Float> {
    let position = clamped(value) * Float(points.count - 1)
    let index = min(Int(position), points.count - 2)
    return points[index] + (points[index + 1] - points[index]) * (position - Float(index))
  }

  /// The value within 0 … 1; NaN is 1.
  static func clamped(_ value: Float) -> Float { value <= 1 ? max(value, 0) : 1 }
}

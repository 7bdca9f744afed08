/// A plain sans-serif of strokes with round ends: enough letters for the sample products' prints.
///
/// A glyph is 4 units wide and 6 high, y down. `curved` strokes are smoothed through their points (Catmull and Rom).
enum StrokeFont {
  private struct Stroke {
    let points: [Point]
    let curved: Bool
  }

  private static let glyphs: [Character: [Stroke]] = [
    "A": [line(0, 6, 2, 0, 4, 6), line(0.7, 4, 3.3, 4)],
    "B": [
      line(0, 0, 0, 6), curve(0, 0, 2.4, 0, 3.4, 1.4, 2.4, 2.9, 0, 2.9), curve(0, 2.9, 2.7, 2.9, 4, 4.4, 2.7, 6, 0, 6),
    ],
    "C": [curve(3.9, 1.2, 3, 0.2, 1.9, 0, 0.5, 0.9, 0, 3, 0.5, 5.1, 1.9, 6, 3, 5.8, 3.9, 4.8)],
    "E": [line(3.8, 0, 0, 0, 0, 6, 3.8, 6), line(0, 2.9, 3.2, 2.9)],
    "F": [line(3.8, 0, 0, 0, 0, 6), line(0, 2.9, 3.2, 2.9)],
    "I": [line(2, 0, 2, 6)],
    "L": [line(0, 0, 0, 6, 3.6, 6)],
    "O": [ring(2, 3, 2, 3)],
    "P": [line(0, 6, 0, 0), curve(0, 0, 2.6, 0, 3.9, 1.6, 2.6, 3.2, 0, 3.2)],
    "R": [line(0, 6, 0, 0), curve(0, 0, 2.6, 0, 3.9, 1.6, 2.6, 3.2, 0, 3.2), line(2, 3.2, 4, 6)],
    "S": [curve(3.8, 1.1, 2.9, 0.1, 1.6, 0, 0.3, 0.8, 0.4, 2.2, 2, 3, 3.7, 3.8, 3.8, 5.2, 2.4, 6, 1, 5.9, 0, 4.9)],
    "T": [line(0, 0, 4, 0), line(2, 0, 2, 6)],
    "U": [line(0, 0, 0, 3.8), curve(0, 3.8, 0.5, 5.5, 2, 6, 3.5, 5.5, 4, 3.8), line(4, 3.8, 4, 0)],
    "W": [line(-0.4, 0, 0.9, 6, 2, 1.2, 3.1, 6, 4.4, 0)],
    "X": [line(0, 0, 4, 6), line(4, 0, 0, 6)],
    "m": [
      line(0, 2, 0, 6), curve(0, 3.2, 0.9, 2, 2, 3.2, 2, 3.6), line(2, 3.4, 2, 6), curve(2, 3.2, 3, 2, 4, 3.2, 4, 3.6),
      line(4, 3.4, 4, 6),
    ],
    "g": [ring(1.9, 4, 1.7, 2), line(3.6, 2, 3.6, 6.4), curve(3.6, 6.2, 3, 7.6, 1.8, 7.9, 0.5, 7.4)],
    "0": [ring(2, 3, 1.8, 3)],
    "1": [line(0.8, 1.2, 2.2, 0, 2.2, 6)],
    "2": [curve(0.2, 1.5, 0.8, 0.3, 2, 0, 3.4, 0.6, 3.6, 2, 2.6, 3.6, 0.2, 6), line(0.2, 6, 3.9, 6)],
    "3": [curve(0.3, 0.8, 1.8, 0, 3.5, 0.8, 3.2, 2.4, 1.6, 2.9), curve(1.6, 2.9, 3.5, 3.4, 3.7, 5, 2, 6, 0.2, 5.2)],
    "4": [line(3, 6, 3, 0, 0, 4.2, 4, 4.2)],
    "5": [line(3.6, 0, 0.6, 0, 0.4, 2.7), curve(0.4, 2.7, 2, 2.2, 3.7, 3.2, 3.6, 5, 2, 6, 0.2, 5.3)],
    "7": [line(0, 0, 3.9, 0, 1.4, 6)],
    "8": [ring(2, 1.5, 1.6, 1.5), ring(2, 4.5, 1.9, 1.5)],
    "/": [line(0.4, 6.6, 3.4, -0.6)],
    "-": [line(0.6, 3.2, 3.2, 3.2)],
    ".": [line(0.5, 5.9, 0.6, 5.9)],
  ]

  private static func points(_ numbers: [Float]) -> [Point] {
    stride(from: 0, to: numbers.count, by: 2).map { Point(numbers[$0], numbers[$0 + 1]) }
  }

  private static func line(_ numbers: Float...) -> Stroke { Stroke(points: points(numbers), curved: false) }

  private static func curve(_ numbers: Float...) -> Stroke { Stroke(points: points(numbers), curved: true) }

  private static func ring(_ x: Float, _ y: Float, _ width: Float, _ height: Float) -> Stroke {
    let around = (0...16).map { step in
      Point(x, y) + Point.direction(Float(step) / 8 * ExactMath.pi) * Point(width, height)
    }
    return Stroke(points: around, curved: false)
  }

  /// Straight pieces of a line of text that starts at a point, letters `height` high.
  static func lines(_ text: String, at start: Point, height: Float, spacing: Float = 1.7) -> [[Point]] {
    let scale = height / 6
    var pen = start
    var result: [[Point]] = []
    for character in text {
      for stroke in glyphs[character] ?? [] {
        let smooth = stroke.curved ? smoothed(stroke.points) : stroke.points
        result.append(smooth.map { pen + $0 * scale })
      }
      pen.x += (4 + spacing) * scale
    }
    return result
  }

  /// Width of a text, without the space behind its last letter.
  static func width(_ text: String, height: Float, spacing: Float = 1.7) -> Float {
    (Float(text.count) * (4 + spacing) - spacing) * height / 6
  }

  private static func smoothed(_ points: [Point]) -> [Point] {
    var result: [Point] = []
    for index in 1..<points.count {
      let (p1, p2) = (points[index - 1], points[index])
      let p0 = index > 1 ? points[index - 2] : p1
      let p3 = index + 1 < points.count ? points[index + 1] : p2
      for step in 0..<5 {
        let t = Float(step) / 5
        let linear = (p2 - p0) * t
        let square = (2 * p0 - 5 * p1 + 4 * p2 - p3) * (t * t)
        let cubic = (3 * p1 - p0 - 3 * p2 + p3) * (t * t * t)
        result.append((2 * p1 + linear + square + cubic) * 0.5)
      }
    }
    return result + points.suffix(1)
  }
}

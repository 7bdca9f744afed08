/// Linear light, or any three numbers; the fourth is idle.
typealias Colour = SIMD4<Float>

extension SIMD4<Float> {
  @inline(__always) init(red: Float, green: Float, blue: Float) { self.init(red, green, blue, 0) }
  @inline(__always) init(grey: Float) { self.init(grey, grey, grey, 0) }
}

@inline(__always)
func mix(_ a: Colour, _ b: Colour, _ t: Float) -> Colour { a + (b - a) * t }

/// A square picture of linear light, before it meets the camera.
struct Canvas {
  /// Pixels along a side.
  let size: Int
  /// [size, size]
  var pixels: [Colour]

  /// Picture units (512ths of the side) a pixel.
  var pixelWidth: Float { 512 / Float(size) }

  /// Pixels that are drawn: all, but for a defect that is drawn over its good twin.
  private var columns: Range<Int>
  private var rows: Range<Int>

  init(size: Int) {
    self.size = size
    columns = 0..<size
    rows = 0..<size
    pixels = [Colour](repeating: Colour(), count: size * size)
  }

  /// From now on only the window's pixels change.
  mutating func limit(to window: Window) {
    func range(_ low: Float, _ high: Float) -> Range<Int> {
      let first = min(max(Int(low / pixelWidth), 0), size)
      return first..<max(min(Int(high / pixelWidth) + 1, size), first)
    }
    columns = range(max(window.low.x, 0), max(window.high.x, 0))
    rows = range(max(window.low.y, 0), max(window.high.y, 0))
  }

  /// Fills every pixel from its centre, in picture units.
  @inline(__always)
  mutating func fill(_ colour: (Point) -> Colour) {
    let (size, width, rows, columns) = (size, pixelWidth, rows, columns)
    pixels.withUnsafeMutableBufferPointer { target in
      for row in rows {
        for column in columns {
          target[row * size + column] = colour(Point((Float(column) + 0.5) * width, (Float(row) + 0.5) * width))
        }
      }
    }
  }

  /// Draws a line of straight pieces with soft edges; where pieces meet, the stronger cover counts, so joints do not show.
  ///
  /// - width: picture units; thinner lines than a pixel get fainter instead.
  /// - opacity: 0 … 1 along the line, from its start (0) to its end (1).
  mutating func stroke(_ points: [Point], width: Float, colour: Colour, opacity: (Float) -> Float) {
    guard points.count > 1 else { return }
    let pixel = pixelWidth
    let reach = width / 2 + pixel
    let low = (points.reduce(points[0], pointwiseMin) - reach) / pixel
    let high = (points.reduce(points[0], pointwiseMax) + reach) / pixel
    let across = columns.clamped(to: max(Int(low.x), 0)..<max(Int(high.x) + 1, max(Int(low.x), 0)))
    let down = rows.clamped(to: max(Int(low.y), 0)..<max(Int(high.y) + 1, max(Int(low.y), 0)))
    let nearest = width / 2 + pixel / 2
    for row in down {
      for column in across {
        let p = Point((Float(column) + 0.5) * pixel, (Float(row) + 0.5) * pixel)
        var best: Float = 0
        for index in 1..<points.count {
          let along = points[index] - points[index - 1]
          let offset = p - points[index - 1]
          let t = clamped(offset.dot(along) / max(along.dot(along), 1e-6))
          let square = (offset - along * t).dot(offset - along * t)
          guard square < nearest * nearest else { continue }
          let inside = clamped((width / 2 - square.squareRoot()) / pixel + 0.5) * min(width / pixel, 1)
          best = max(best, inside * opacity((Float(index - 1) + t) / Float(points.count - 1)))
        }
        if best > 0 { pixels[row * size + column] = mix(pixels[row * size + column], colour, best) }
      }
    }
  }
}

/// Points on a smooth curve with random bends: fibres, cracks and scratches.
func wanderingLine(
  from start: Point, angle: Float, length: Float, bend: Float, step: Float, _ random: inout RandomStream
) -> [Point] {
  var (point, angle, turn): (Point, Float, Float) = (start, angle, random.bell() * bend)
  var points = [start]
  for _ in 0..<max(Int(length / step), 1) {
    turn = turn * 0.8 + random.bell() * bend * 0.5
    angle += turn * step
    point += Point.direction(angle) * step
    points.append(point)
  }
  return points
}

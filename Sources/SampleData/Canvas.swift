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

  init(size: Int) {
    self.size = size
    pixels = [Colour](repeating: Colour(), count: size * size)
  }

  /// Fills every pixel from its centre, in picture units.
  @inline(__always)
  mutating func fill(_ colour: (Point) -> Colour) {
    let (size, width) = (size, pixelWidth)
    pixels.withUnsafeMutableBufferPointer { target in
      for row in 0..<size {
        for column in 0..<size {
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
    var cover: [Int: Float] = [:]
    for index in 1..<points.count {
      let (a, b) = (points[index - 1], points[index])
      let low = (pointwiseMin(a, b) - reach) / pixel
      let high = (pointwiseMax(a, b) + reach) / pixel
      let along = b - a
      let lengthSquared = max(along.dot(along), 1e-6)
      let (left, right) = (max(Int(low.x), 0), min(Int(high.x) + 1, size))
      for row in max(Int(low.y), 0)..<max(min(Int(high.y) + 1, size), max(Int(low.y), 0)) where left < right {
        for column in left..<right {
          let p = Point((Float(column) + 0.5) * pixel, (Float(row) + 0.5) * pixel)
          let t = clamped((p - a).dot(along) / lengthSquared)
          let distance = (p - a - along * t).length
          let inside = clamped((width / 2 - distance) / pixel + 0.5) * min(width / pixel, 1)
          guard inside > 0 else { continue }
          let value = inside * opacity((Float(index - 1) + t) / Float(points.count - 1))
          cover[row * size + column] = max(cover[row * size + column] ?? 0, value)
        }
      }
    }
    // A dictionary's order is random, but each pixel is touched once.
    for (place, value) in cover { pixels[place] = mix(pixels[place], colour, value) }
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

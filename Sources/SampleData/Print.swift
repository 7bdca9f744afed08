/// A print: cover of ink, 0 … 1, as a texture that is drawn once a process and read at any point.
struct Print {
  private let width: Int
  private let height: Int
  private let origin: Point
  private let cover: [Float]

  /// Texels a unit.
  private static let density: Float = 2

  /// - lines: strokes in the print's own units; `low` … `high` is the part that is kept.
  init(_ lines: [(points: [Point], width: Float)], from low: Point, to high: Point) {
    let width = Int((high.x - low.x) * Self.density)
    let height = Int((high.y - low.y) * Self.density)
    var cover = [Float](repeating: 0, count: width * height)
    for line in lines {
      let radius = line.width / 2
      for index in 1..<line.points.count {
        let (a, b) = (line.points[index - 1], line.points[index])
        let along = b - a
        let lengthSquared = max(along.dot(along), 1e-6)
        let first = (pointwiseMin(a, b) - radius - 1 - low) * Self.density
        let last = (pointwiseMax(a, b) + radius + 1 - low) * Self.density
        let columns = max(Int(first.x), 0)..<max(min(Int(last.x), width), max(Int(first.x), 0))
        for row in max(Int(first.y), 0)..<max(min(Int(last.y), height), max(Int(first.y), 0)) {
          for column in columns {
            let p = Point(Float(column) + 0.5, Float(row) + 0.5) / Self.density + low
            let t = clamped((p - a).dot(along) / lengthSquared)
            // An edge half a unit soft: neither sharper than the camera nor blurred.
            let inside = clamped((radius - (p - a - along * t).length) / 0.7 + 0.5)
            cover[row * width + column] = max(cover[row * width + column], inside)
          }
        }
      }
    }
    self.width = width
    self.height = height
    origin = low
    self.cover = cover
  }

  @inline(__always)
  func callAsFunction(_ p: Point) -> Float {
    let x = (p.x - origin.x) * Self.density - 0.5
    let y = (p.y - origin.y) * Self.density - 0.5
    guard x > 0, y > 0, x < Float(width) - 2, y < Float(height) - 2 else { return 0 }
    let (ix, iy) = (max(Int(ExactMath.floor(x)), 0), max(Int(ExactMath.floor(y)), 0))
    let (fx, fy) = (x - Float(ix), y - Float(iy))
    return cover.withUnsafeBufferPointer { texels in
      let place = iy * width + ix
      return mix(
        mix(texels[place], texels[place + 1], fx), mix(texels[place + width], texels[place + width + 1], fx), fy)
    }
  }
}

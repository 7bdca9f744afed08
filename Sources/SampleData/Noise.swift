/// Smooth randomness over the plane, from a hash of lattice points: no state, so any pixel can be asked alone.
struct Noise {
  let key: UInt32

  init(_ random: inout RandomStream) { key = random.word() }

  init(key: UInt32) { self.key = key }

  @inline(__always)
  func hash(_ x: Int32, _ y: Int32) -> UInt32 {
    var h = (UInt32(bitPattern: x) &* 0x9E37_79B1) ^ (UInt32(bitPattern: y) &* 0x85EB_CA77) ^ key
    h = (h ^ (h >> 15)) &* 0x2C1B_3C6D
    h = (h ^ (h >> 12)) &* 0x297A_2D39
    return h ^ (h >> 15)
  }

  /// Uniform in [0, 1) at a lattice point.
  @inline(__always)
  func unit(_ x: Int32, _ y: Int32 = 0) -> Float { Float(hash(x, y) >> 8) * (1 / 16_777_216) }

  /// Gradient noise (Perlin 2002), about −1 … 1, one feature a unit.
  @inline(__always)
  func plane(_ x: Float, _ y: Float) -> Float {
    let (ix, iy) = (ExactMath.floor(x), ExactMath.floor(y))
    let (fx, fy) = (x - Float(ix), y - Float(iy))
    let u = fx * fx * fx * (fx * (fx * 6 - 15) + 10)
    let v = fy * fy * fy * (fy * (fy * 6 - 15) + 10)
    let top = mix(slope(ix, iy, fx, fy), slope(ix &+ 1, iy, fx - 1, fy), u)
    let bottom = mix(slope(ix, iy &+ 1, fx, fy - 1), slope(ix &+ 1, iy &+ 1, fx - 1, fy - 1), u)
    return mix(top, bottom, v) * 1.6
  }

  @inline(__always)
  private func slope(_ ix: Int32, _ iy: Int32, _ x: Float, _ y: Float) -> Float {
    let h = hash(ix, iy)
    let gx = Float(Int32(h & 0xFFFF) &- 0x8000) * (1 / 32_768)
    let gy = Float(Int32(h >> 16) &- 0x8000) * (1 / 32_768)
    return gx * x + gy * y
  }

  /// Value noise along a line, −1 … 1; `row` picks one of many lines.
  @inline(__always)
  func line(_ x: Float, row: Int32 = 0) -> Float {
    let ix = ExactMath.floor(x)
    let f = x - Float(ix)
    return mix(unit(ix, row), unit(ix &+ 1, row), f * f * (3 - 2 * f)) * 2 - 1
  }

  /// A sum of octaves, each half as large and half as strong as the one before.
  func fractal(_ x: Float, _ y: Float, octaves: Int) -> Float {
    var (sum, strength, scale): (Float, Float, Float) = (0, 1, 1)
    for octave in 0..<octaves {
      // The shift keeps the octaves' lattice points apart.
      sum += strength * plane(x * scale + Float(octave) * 17.3, y * scale + Float(octave) * 9.1)
      strength *= 0.5
      scale *= 2
    }
    return sum
  }
}

/// A slowly varying quantity over the picture: computed on a coarse grid, read by bilinear interpolation.
struct CoarseField {
  /// Picture units between grid points, and how far the grid reaches over the edges.
  private static let step: Float = 16
  private static let margin: Float = 64
  private static let count = 41
  private let values: [Float]

  init(_ value: (Point) -> Float) {
    values = (0..<(Self.count * Self.count)).map { index in
      value(
        Point(
          Float(index % Self.count) * Self.step - Self.margin, Float(index / Self.count) * Self.step - Self.margin))
    }
  }

  @inline(__always)
  func callAsFunction(_ p: Point) -> Float {
    let x = min(max((p.x + Self.margin) * (1 / Self.step), 0), Float(Self.count) - 1.001)
    let y = min(max((p.y + Self.margin) * (1 / Self.step), 0), Float(Self.count) - 1.001)
    let (ix, iy) = (Int(ExactMath.floor(x + 1e-6)), Int(ExactMath.floor(y + 1e-6)))
    let (fx, fy) = (x - Float(ix), y - Float(iy))
    return values.withUnsafeBufferPointer { grid in
      let place = max(iy, 0) * Self.count + max(ix, 0)
      let top = mix(grid[place], grid[place + 1], fx)
      let bottom = mix(grid[place + Self.count], grid[place + Self.count + 1], fx)
      return mix(top, bottom, fy)
    }
  }
}

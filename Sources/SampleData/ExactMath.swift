/// Elementary functions made of additions, multiplications and square roots only.
///
/// IEEE 754 fixes the result of those to the last bit; the C library's `sin`, `exp` and `pow` differ from release to
/// release, and one bit of one pixel would make another file. Errors are below 4e-5, far under one grey level.
enum ExactMath {
  static let pi: Float = 3.141_592_7

  /// The largest whole number up to x, |x| < 2²¹; at whole numbers it may give the one below.
  @inline(__always)
  static func floor(_ x: Float) -> Int32 {
    // Adding 1.5 · 2²³ pushes the fraction out of the mantissa: a rounding without a library call.
    Int32(bitPattern: ((x - 0.5) + 12_582_912).bitPattern) &- 0x4B40_0000
  }

  /// sin x, |x| < 10⁵.
  @inline(__always)
  static func sine(_ x: Float) -> Float {
    let turns = x * 0.159_154_94
    var t = turns - Float(floor(turns + 0.5))
    // Now −½ … ½ turns; the outer quarters mirror the inner ones.
    if t > 0.25 { t = 0.5 - t } else if t < -0.25 { t = -0.5 - t }
    let a = t * 6.283_185_3
    let s = a * a
    return a * (1 + s * (-0.166_666_67 + s * (0.008_333_33 + s * (-0.000_198_409 + s * 2.7526e-6))))
  }

  @inline(__always)
  static func cosine(_ x: Float) -> Float { sine(x + pi / 2) }

  /// 2ˣ, 0 below −126.
  @inline(__always)
  static func exp2(_ x: Float) -> Float {
    guard x > -126 else { return 0 }
    let whole = floor(min(x, 126))
    let f = min(x, 126) - Float(whole)
    let fraction =
      1 + f
      * (0.693_147_2 + f * (0.240_226_5 + f * (0.055_504_11 + f * (0.009_618_13 + f * (0.001_333_36 + f * 1.54e-4)))))
    return Float(bitPattern: UInt32(bitPattern: (whole + 127) << 23)) * fraction
  }

  @inline(__always)
  static func exp(_ x: Float) -> Float { exp2(x * 1.442_695) }

  /// log₂ x of a positive normal x, by the series of artanh.
  static func log2(_ x: Float) -> Float {
    let bits = x.bitPattern
    var exponent = Float(Int32(bits >> 23) - 127)
    var mantissa = Float(bitPattern: bits & 0x7F_FFFF | 0x3F80_0000)
    if mantissa > 1.414_213_5 {
      mantissa *= 0.5
      exponent += 1
    }
    let z = (mantissa - 1) / (mantissa + 1)
    let s = z * z
    return exponent + z * 2.885_39 * (1 + s * (1 / 3 + s * (0.2 + s * (1 / 7 + s / 9))))
  }

  /// xʸ of a positive x; 0 for others.
  static func power(_ x: Float, _ y: Float) -> Float { x < 1e-30 ? 0 : exp2(y * log2(x)) }

  /// The direction of (x, y) in −½ … ½ turns.
  @inline(__always)
  static func turns(_ y: Float, _ x: Float) -> Float {
    let (ax, ay) = (abs(x), abs(y))
    let q = min(ax, ay) / max(max(ax, ay), 1e-20)
    let s = q * q
    var a =
      q
      * (0.159_151 + s * (-0.052_938_7 + s * (0.030_803_4 + s * (-0.018_530_9 + s * (0.008_380_03 - s * 0.001_865_49)))))
    if ay > ax { a = 0.25 - a }
    if x < 0 { a = 0.5 - a }
    return y < 0 ? -a : a
  }
}

/// 0 up to `low`, 1 from `high` on, smooth between; works downwards too, when `low` is above `high`.
@inline(__always)
func smoothstep(_ low: Float, _ high: Float, _ x: Float) -> Float {
  let t = min(max((x - low) / (high - low), 0), 1)
  return t * t * (3 - 2 * t)
}

@inline(__always)
func mix(_ a: Float, _ b: Float, _ t: Float) -> Float { a + (b - a) * t }

@inline(__always)
func clamped(_ x: Float) -> Float { min(max(x, 0), 1) }

/// A point or direction in the picture: x to the right, y down, in 512ths of the picture's side.
typealias Point = SIMD2<Float>

extension SIMD2<Float> {
  @inline(__always) func dot(_ other: Self) -> Float { x * other.x + y * other.y }
  @inline(__always) var length: Float { dot(self).squareRoot() }
  /// The same direction with length 1.
  @inline(__always) var unit: Self { self / Swift.max(length, 1e-12) }
  /// Turned by a right angle.
  @inline(__always) var normal: Self { Self(-y, x) }
  @inline(__always) func rotated(cosine: Float, sine: Float) -> Self {
    Self(x * cosine - y * sine, x * sine + y * cosine)
  }
  static func direction(_ angle: Float) -> Self { Self(ExactMath.cosine(angle), ExactMath.sine(angle)) }
}

extension SIMD3<Float> {
  @inline(__always) func dot(_ other: Self) -> Float { x * other.x + y * other.y + z * other.z }
  @inline(__always) var unit: Self { self / Swift.max(dot(self).squareRoot(), 1e-12) }
}

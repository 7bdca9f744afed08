/// A spot with an irregular, soft edge: stains, ink, residue.
struct Blot {
  private let centre: Point
  private let radius: Float
  private let stretch: Point
  private let cosine: Float
  private let sine: Float
  private let softness: Float
  private let noise: Noise
  /// Where it surely ends, in radii.
  static let reach: Float = 2.5

  /// Cover in the middle, 0 … 1.
  let strength: Float

  init(at centre: Point, radius: Float, softness: Float, strength: Float, _ random: inout RandomStream) {
    self.centre = centre
    self.radius = radius
    let elongation = random.uniform(1, 1.5)
    stretch = Point(elongation, 1 / elongation)
    let angle = random.uniform(0, 2 * ExactMath.pi)
    (cosine, sine) = (ExactMath.cosine(angle), ExactMath.sine(angle))
    self.softness = softness
    self.strength = strength
    noise = Noise(&random)
  }

  /// Cover at a point: 0 outside.
  @inline(__always)
  func callAsFunction(_ p: Point) -> Float {
    let q = (p - centre) / radius
    guard q.dot(q) < 6 else { return 0 }
    return inner(q)
  }

  private func inner(_ q: Point) -> Float {
    let distance = (q.rotated(cosine: cosine, sine: sine) / stretch).length
    let ragged = noise.fractal(q.x * 1.3, q.y * 1.3, octaves: 3) * 0.32
    let edge = smoothstep(1 + softness, 1 - softness, distance + ragged)
    // Drying leaves more at the rim than in the middle.
    return strength * edge * (0.8 + 0.2 * smoothstep(0.3, 0.95, distance + ragged))
  }
}

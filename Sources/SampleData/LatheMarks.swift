/// The fine rings that a lathe leaves: by radius, the slope of the surface and its tone.
struct LatheMarks {
  private static let step: Float = 0.5
  private static let count = 480

  /// [count]: slope (dimensionless), tone (a factor)
  private let rings: [SIMD2<Float>]

  init(strength: Float, _ random: inout RandomStream) {
    let noise = Noise(&random)
    let feed = random.uniform(2.9, 3.5)
    let phase = random.uniform(0, feed)
    rings = (0..<Self.count).map { index in
      let r = Float(index) * Self.step
      // The tool's feed, its chatter, and slow changes of both.
      let envelope = 0.6 + 0.4 * noise.line(r / 17, row: 1)
      let groove = ExactMath.sine((r + phase) / feed * 2 * ExactMath.pi) * 0.055 * envelope
      let chatter = noise.line(r / 1.3, row: 2) * 0.06 + noise.line(r / 5.1, row: 3) * 0.035
      let tone = 1 + strength * (0.05 * noise.line(r / 2.2, row: 4) + 0.05 * noise.line(r / 11, row: 5))
      return SIMD2((groove + chatter) * strength, tone)
    }
  }

  @inline(__always)
  func callAsFunction(_ r: Float) -> (slope: Float, tone: Float) {
    let x = min(max(r / Self.step, 0), Float(Self.count) - 1.01)
    let index = max(Int(ExactMath.floor(x)), 0)
    return rings.withUnsafeBufferPointer { table in
      let value = table[index] + (table[index + 1] - table[index]) * (x - Float(index))
      return (value.x, value.y)
    }
  }
}

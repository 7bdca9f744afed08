/// The irregularities of all threads of one direction: where each wanders, where it is thick, how it took the dye.
struct ThreadSet {
  private static let threads = 128
  private static let knots = 33
  /// Threads crossed between two knots.
  private static let spacing: Float = 3.2

  /// [threads, knots]: offset in thread periods, width as a part of the period
  private let shapes: [SIMD2<Float>]
  private let tints: [Float]

  init(wobble: Float, slub: Float, tint: Float, _ random: inout RandomStream) {
    var shapes: [SIMD2<Float>] = []
    var tints: [Float] = []
    shapes.reserveCapacity(Self.threads * Self.knots)
    for _ in 0..<Self.threads {
      let lane = random.bell() * wobble * 0.7
      let body = 0.93 + random.bell() * slub * 0.6
      for _ in 0..<Self.knots {
        shapes.append(SIMD2(lane + random.bell() * wobble * 0.6, body + random.bell() * slub * 0.6))
      }
      tints.append(1 + random.bell() * tint)
    }
    self.shapes = shapes
    self.tints = tints
  }

  @inline(__always)
  func shape(_ thread: Int32, _ along: Float) -> (offset: Float, width: Float) {
    let x = min(max(along / Self.spacing, 0), Float(Self.knots) - 1.01)
    let knot = max(Int(ExactMath.floor(x)), 0)
    let f = x - Float(knot)
    let place = (Int(thread) & (Self.threads - 1)) * Self.knots + knot
    return shapes.withUnsafeBufferPointer { table in
      let value = table[place] + (table[place + 1] - table[place]) * (f * f * (3 - 2 * f))
      return (value.x, value.y)
    }
  }

  @inline(__always)
  func tint(_ thread: Int32) -> Float {
    tints.withUnsafeBufferPointer { $0[Int(thread) & (Self.threads - 1)] }
  }
}

extension WovenFabric {
  /// A thread that is missing or worn thin over a part of its length.
  struct Cut {
    let isWarp: Bool
    let thread: Int32
    let middle: Float
    let half: Float
    /// Part of the thread's width that is gone.
    let depth: Float
    let strays: [Stray]

    /// Part of the width that is gone at a place along the thread.
    @inline(__always)
    func loss(_ along: Float) -> Float { depth * smoothstep(half + 0.5, half - 0.5, abs(along - middle)) }
  }

  /// A torn place: threads end around it, and those beside it are pushed apart.
  struct Hole {
    let centre: Point
    let radius: Float
    let push: Float
    let strays: [Stray]

    /// In radii: no thread ends farther out than this.
    static let raggedReach: Float = 1.1

    @inline(__always)
    static func end(of unit: Float) -> Float { 0.55 + 0.55 * unit }

    /// Distance from the middle in radii, never 0.
    @inline(__always)
    func distance(_ p: Point) -> Float { max((p - centre).length / radius, 1e-3) }

    /// Where the cloth that now lies at a point lay before: nearer to the middle.
    @inline(__always)
    func source(of p: Point) -> Point {
      let d = distance(p)
      guard d < 2.4 else { return p }
      return centre + (p - centre) * (1 - push * smoothstep(2.4, 0.6, d))
    }
  }

  mutating func damage(_ kind: Int, _ random: inout RandomStream) -> Window {
    let centre = Point(random.uniform(50, 462), random.uniform(50, 462))
    // The square makes faint defects as common as plain ones.
    let plainness = random.unit()
    switch kind {
    case 0:
      let cut = brokenThread(centre, plainness, &random)
      self.cut = cut
      return Window(around: centre, radius: (cut.half + 1) * Self.period * 1.2 + 20)
    case 1:
      let hole = tornHole(centre, plainness, &random)
      self.hole = hole
      return Window(around: centre, radius: hole.radius * 2.6 + 4)
    default:
      let radius = mix(13, 50, random.unit())
      stain = Blot(at: centre, radius: radius, softness: random.uniform(0.06, 0.22), strength: 1, &random)
      let oil = random.chance(0.5)
      let depth = mix(0.32, 0.85, plainness)
      stainTint =
        Colour(grey: 1) - (oil ? Colour(red: 0.75, green: 0.8, blue: 0.9) : Colour(red: 0.45, green: 0.7, blue: 1.1))
        * depth
      return Window(around: centre, radius: radius * Blot.reach)
    }
  }

  private func brokenThread(_ centre: Point, _ plainness: Float, _ random: inout RandomStream) -> Cut {
    let isWarp = random.chance(0.5)
    let place = weave(centre)
    let thread = ExactMath.floor(isWarp ? place.x : place.y)
    let middle = isWarp ? place.y : place.x
    let half = random.uniform(3, 7)
    var strays: [Stray] = []
    if plainness > 0.35 {
      // The broken ends curl out of the cloth.
      for end: Float in [-1, 1] {
        for _ in 0..<(2 + random.index(below: 3)) {
          let way = (isWarp ? Point(0, 1) : Point(1, 0)) * end
          let start = centre + way * (half * Self.period * random.uniform(0.85, 1.0))
          let angle = (isWarp ? ExactMath.pi / 2 : 0) + (end > 0 ? ExactMath.pi : 0) + random.bell() * 0.7
          let line = wanderingLine(
            from: start, angle: angle, length: random.uniform(6, 16), bend: 0.12, step: 2, &random)
          strays.append(
            Stray(points: line, width: random.uniform(0.8, 1.6), opacity: random.uniform(0.35, 0.7), light: !isWarp))
        }
      }
    }
    return Cut(
      isWarp: isWarp, thread: thread, middle: middle, half: half, depth: mix(0.55, 1.0, min(plainness * 2, 1)),
      strays: strays)
  }

  private func tornHole(_ centre: Point, _ plainness: Float, _ random: inout RandomStream) -> Hole {
    let radius = mix(8, 26, plainness * random.uniform(0.6, 1))
    var strays: [Stray] = []
    for _ in 0..<Int(4 + radius / 2) {
      let angle = random.uniform(0, 6.3)
      let start = centre + Point.direction(angle) * radius * random.uniform(0.85, 1.05)
      let line = wanderingLine(
        from: start, angle: angle + ExactMath.pi + random.bell() * 0.5, length: radius * random.uniform(0.3, 0.8),
        bend: 0.1, step: 1.5, &random)
      strays.append(
        Stray(
          points: line, width: random.uniform(0.6, 1.2), opacity: random.uniform(0.3, 0.75), light: random.chance(0.6)))
    }
    return Hole(centre: centre, radius: radius, push: random.uniform(0.1, 0.28), strays: strays)
  }
}

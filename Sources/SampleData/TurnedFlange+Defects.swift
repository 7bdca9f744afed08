extension TurnedFlange {
  /// A scored line across the lathe marks.
  struct Scratch {
    let points: [Point]
    let width: Float
    let depth: Float
    let noise: Noise
    let low: Point
    let high: Point

    init(_ points: [Point], width: Float, depth: Float, _ random: inout RandomStream) {
      self.points = points
      self.width = width
      self.depth = depth
      noise = Noise(&random)
      low = points.reduce(points[0], pointwiseMin) - width * 2
      high = points.reduce(points[0], pointwiseMax) + width * 2
    }

    /// Tilt of the surface, and how much of the marks is gone (0 … 1).
    @inline(__always)
    func profile(_ q: Point) -> (Point, Float) {
      guard q.x > low.x, q.y > low.y, q.x < high.x, q.y < high.y else { return (Point(), 0) }
      return near(q)
    }

    private func near(_ q: Point) -> (Point, Float) {
      var (best, tilt, place): (Float, Point, Float) = (.infinity, Point(), 0)
      for index in 1..<points.count {
        let along = points[index] - points[index - 1]
        let t = clamped((q - points[index - 1]).dot(along) / max(along.dot(along), 1e-6))
        let offset = q - points[index - 1] - along * t
        if offset.length < best {
          best = offset.length
          tilt = offset.unit
          place = (Float(index - 1) + t) / Float(points.count - 1)
        }
      }
      // Pressure changes along the way and fades at both ends.
      let pressure =
        clamped(0.75 + 0.5 * noise.line(place * 14)) * smoothstep(0, 0.12, place) * smoothstep(1, 0.85, place)
      let groove = smoothstep(width, width * 0.25, best) * pressure * depth
      return (tilt * (groove * 0.55 * smoothstep(0, width * 0.6, best)), groove)
    }
  }

  /// A dent in the face, or a nick in the rim.
  struct Dent {
    let centre: Point
    let radius: Float
    let depth: Float
    let stretch: Point
    /// Radius of metal that is gone around `centre`; 0 for none.
    let bite: Float

    @inline(__always)
    func tilt(_ q: Point) -> Point {
      let d = (q - centre) * stretch / radius
      let square = d.dot(d)
      guard square < 5 else { return Point() }
      // Slope of a Gaussian pit with a raised lip.
      return d * stretch * (-depth * ExactMath.exp(-square * 1.6) * (1 - 0.35 * square) * smoothstep(5, 3, square))
    }
  }

  mutating func damage(_ kind: Int, _ random: inout RandomStream) -> Window {
    let plainness = random.unit()
    switch kind {
    case 0:
      let dent = dented(plainness, &random)
      self.dent = dent
      return Window(around: picture(dent.centre), radius: dent.radius * 3.2)
    case 1: return stain(plainness, &random)
    default:
      for _ in 0..<(random.chance(0.3) ? 2 : 1) { scratches.append(scratched(plainness, &random)) }
      let windows = scratches.map { scratch in
        Window(around: picture((scratch.low + scratch.high) / 2), radius: (scratch.high - scratch.low).length * 0.52)
      }
      return windows.dropFirst().reduce(windows[0]) { $0.joined($1) }
    }
  }

  /// A place on the flange's face or hub, with room around it, off the bolts.
  private func place(margin: Float, _ random: inout RandomStream) -> Point {
    for _ in 0..<50 {
      let radius = random.uniform(Size.bore + 8 + margin, Size.outer - Size.chamfer - margin)
      let q = Point.direction(random.uniform(0, 2 * ExactMath.pi)) * radius
      if Self.fromBolt(q).length > Size.countersink + margin { return q }
    }
    return Point(Size.hub - 20, 0)
  }

  private func dented(_ plainness: Float, _ random: inout RandomStream) -> Dent {
    if random.chance(0.35) {
      // A nick: metal is gone from the rim, the face bends down beside it.
      let radius = mix(9, 19, plainness)
      let centre = Point.direction(random.uniform(0, 2 * ExactMath.pi)) * (Size.outer + radius * 0.35)
      return Dent(centre: centre, radius: radius * 1.7, depth: 0.7, stretch: Point(1, 1), bite: radius)
    }
    let long = random.uniform(0.8, 1.25)
    let radius = mix(9, 22, random.unit())
    return Dent(
      centre: place(margin: radius * 0.6, &random), radius: radius, depth: mix(0.5, 1.3, plainness),
      stretch: Point(long, 1 / long), bite: 0)
  }

  private mutating func stain(_ plainness: Float, _ random: inout RandomStream) -> Window {
    let radius = mix(12, 36, random.unit())
    let centre = picture(place(margin: radius * 0.5, &random))
    residue = Blot(
      at: centre, radius: radius, softness: random.uniform(0.1, 0.4), strength: 1,
      &random)
    let depth = mix(0.42, 0.85, plainness)
    // Rust, oil, or a grey film of coolant.
    switch random.index(below: 3) {
    case 0: residueColour = mix(Colour(grey: 1), Colour(red: 0.42, green: 0.24, blue: 0.12), depth)
    case 1: residueColour = mix(Colour(grey: 1), Colour(red: 0.30, green: 0.27, blue: 0.22), depth)
    default: residueColour = mix(Colour(grey: 1), Colour(red: 0.62, green: 0.66, blue: 0.64), depth)
    }
    residueHidesGloss = depth * 0.75
    return Window(around: centre, radius: radius * Blot.reach)
  }

  private func scratched(_ plainness: Float, _ random: inout RandomStream) -> Scratch {
    let start = place(margin: 4, &random)
    // Mostly across the marks: along them nobody would see it.
    let angle = ExactMath.turns(start.y, start.x) * 2 * ExactMath.pi + ExactMath.pi + random.uniform(-1.1, 1.1)
    let length = mix(36, 120, random.unit())
    let line = wanderingLine(from: start, angle: angle, length: length, bend: 0.006, step: 5, &random)
    return Scratch(line, width: mix(1.8, 3.8, plainness), depth: mix(0.55, 1, plainness), &random)
  }
}

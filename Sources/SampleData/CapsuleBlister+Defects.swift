extension CapsuleBlister {
  /// A place where the print went wrong.
  struct Misprint {
    enum Kind {
      case smeared
      case missing
      case doubled
    }
    let kind: Kind
    let centre: Point
    let half: Point
    let way: Point
    let strength: Float
    let blot: Blot?

    /// Ink at a point of the pack, from the print as it should be.
    @inline(__always)
    func ink(_ q: Point, _ print: (Point) -> Float) -> Float {
      let should = print(q)
      var ink = should
      let d = (q - centre) / half
      let inside = smoothstep(1.15, 0.8, max(abs(d.x), abs(d.y))) * strength
      if inside > 0 {
        switch kind {
        case .missing: ink *= 1 - inside
        case .doubled: ink = max(ink, print(q - way) * inside * 0.9)
        case .smeared:
          var drawn: Float = 0
          for step in 1...8 {
            let t = Float(step) / 8
            drawn = max(drawn, print(q - way * t) * (1 - t * 0.75))
          }
          ink = mix(ink, max(drawn, ink * 0.7), inside)
        }
      }
      if let blot { ink = max(ink, blot(q)) }
      return min(ink, 1)
    }
  }

  /// A dark line with a light lip: a crack in a capsule or a tear in the sheet.
  struct Crack {
    let points: [Point]
    let width: Float
    let depth: Float
    let low: Point
    let high: Point
    let lip: Point

    func draw(over colour: inout Colour, _ q: Point) {
      guard q.x > low.x, q.y > low.y, q.x < high.x, q.y < high.y else { return }
      let dark = cover(q)
      let bright = cover(q - lip)
      if bright > 0 { colour = mix(colour, colour + Colour(grey: 0.28), bright * (1 - dark) * depth) }
      if dark > 0 { colour = mix(colour, colour * 0.12, dark * depth) }
    }

    private func cover(_ q: Point) -> Float {
      var best: Float = 0
      for index in 1..<points.count {
        let along = points[index] - points[index - 1]
        let t = clamped((q - points[index - 1]).dot(along) / max(along.dot(along), 1e-6))
        let place = (Float(index - 1) + t) / Float(points.count - 1)
        // Widest in the middle, thin at both ends.
        let half = width * 0.5 * (0.35 + 2.6 * place * (1 - place))
        best = max(best, clamped(half - (q - points[index - 1] - along * t).length + 0.5))
      }
      return best
    }
  }

  mutating func damage(_ kind: Int, _ random: inout RandomStream) -> Window {
    let plainness = random.unit()
    switch kind {
    case 0: return crack(plainness, &random)
    case 1:
      let misprint = misprinted(plainness, &random)
      self.misprint = misprint
      return window(misprint.centre, radius: misprint.half.length * 1.2 + 44)
    default: return window(capsules[misfill(plainness, &random)].cavity, radius: 80)
    }
  }

  private func window(_ q: Point, radius: Float) -> Window {
    Window(around: picture(q) * zoom + centre, radius: radius * zoom)
  }

  private mutating func crack(_ plainness: Float, _ random: inout RandomStream) -> Window {
    let index = random.index(below: capsules.count)
    let around = window(capsules[index].cavity, radius: 80)
    let plan = random.unit()
    if plan < 0.3 {
      // Burst: a piece of the shell is gone.
      capsules[index].chip = Blot(
        at: Point(random.uniform(-34, 34), random.uniform(-10, 10)), radius: mix(9, 15, random.unit()), softness: 0.09,
        strength: mix(0.85, 0.98, plainness), &random)
      return around
    }
    if plan < 0.5 {
      // Pressed in.
      capsules[index].bulge = Capsule.Dimple(
        at: Point(random.uniform(-30, 30), random.uniform(-7, 7)), radius: mix(14, 20, random.unit()),
        depth: mix(1.4, 2.4, plainness))
      return around
    }
    let capsule = capsules[index]
    let start = capsule.middle + capsule.axis * random.uniform(-34, 34) + capsule.axis.normal * random.uniform(-13, 13)
    let angle = random.uniform(0, 2 * ExactMath.pi)
    let length = mix(55, 110, random.unit())
    let branches = plainness > 0.6 ? 1 + random.index(below: 2) : 0
    let main = jagged(start, angle, length, &random)
    add(main, mix(3.0, 5.6, plainness), mix(0.8, 0.98, plainness), &random)
    for _ in 0..<branches {
      let from = main[1 + random.index(below: main.count - 1)]
      add(
        jagged(from, angle + random.sign() * random.uniform(0.5, 1), length * 0.45, &random), 2.6,
        mix(0.75, 0.95, plainness), &random)
    }
    return cracks.map { window(($0.low + $0.high) / 2, radius: ($0.high - $0.low).length / 2) }
      .reduce(around) { $0.joined($1) }
  }

  private func jagged(_ start: Point, _ angle: Float, _ length: Float, _ random: inout RandomStream) -> [Point] {
    var points = [start]
    let pieces = max(Int(length / 7), 2)
    for _ in 0..<pieces {
      points.append(points[points.count - 1] + Point.direction(angle + random.bell() * 0.42) * (length / Float(pieces)))
    }
    return points
  }

  private mutating func add(_ points: [Point], _ width: Float, _ depth: Float, _ random: inout RandomStream) {
    let low = points.reduce(points[0], pointwiseMin) - 5
    let high = points.reduce(points[0], pointwiseMax) + 5
    let lip = light.azimuth.rotated(cosine: cosine, sine: sine) * -1.3
    cracks.append(Crack(points: points, width: width, depth: depth, low: low, high: high, lip: lip))
  }

  private func misprinted(_ plainness: Float, _ random: inout RandomStream) -> Misprint {
    let row = random.index(below: Size.rows + 1)
    let column = Float(random.index(below: Size.columns)) - 0.5
    let y = (Float(row) - 2) * Size.pitch.y + Self.printOffset(row)
    let centre = Point(column * Size.pitch.x + random.uniform(-45, 40), y) + printShift
    let strength = mix(0.85, 1, plainness)
    let half = Point(random.uniform(38, 72), 13)
    switch random.index(below: 4) {
    case 0:
      return Misprint(kind: .missing, centre: centre, half: half, way: Point(), strength: strength, blot: nil)
    case 1:
      let way = Point(random.uniform(5, 9) * random.sign(), random.uniform(5, 8.5) * random.sign())
      return Misprint(kind: .doubled, centre: centre, half: half, way: way, strength: strength, blot: nil)
    case 2:
      let way = Point(random.uniform(16, 34) * random.sign(), random.uniform(5, 11) * random.sign())
      return Misprint(kind: .smeared, centre: centre, half: half, way: way, strength: strength, blot: nil)
    default:
      let blot = Blot(
        at: centre + Point(0, random.uniform(-3, 3)), radius: random.uniform(11, 21),
        softness: random.uniform(0.08, 0.3),
        strength: mix(0.7, 0.97, plainness), &random)
      return Misprint(kind: .missing, centre: centre, half: half, way: Point(), strength: 0, blot: blot)
    }
  }

  /// Returns which capsule is wrong.
  private mutating func misfill(_ plainness: Float, _ random: inout RandomStream) -> Int {
    let index = random.index(below: capsules.count)
    switch random.index(below: 4) {
    case 0: capsules[index].isThere = false
    case 1: capsules[index].end = random.uniform(-4, Size.seam)
    case 2: capsules[index].start = random.uniform(Size.seam, Size.seam + 8)
    default:
      // Another strength's cap: from a shade off to another colour.
      capsules[index].otherCap = mix(capColour, Colour(red: 0.34, green: 0.19, blue: 0.02), mix(0.4, 1, plainness))
    }
    return index
  }
}

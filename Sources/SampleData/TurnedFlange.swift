/// A turned steel flange with six countersunk holes and a keyway, on felt, under three lamps.
///
/// Lathe marks make the surface rough across and smooth along the rings, so lamps mirror as bow ties (Ward 1992,
/// doi 10.1145/133994.134078: a Gaussian lobe with one width along the marks and another across them).
struct TurnedFlange: Product {
  static let category = "flange"
  static let kinds = ["dent", "residue", "scratch"]
  static let exposureSpread: Float = 0.13

  /// Radii in picture units at zoom 1.
  enum Size {
    static let outer: Float = 184
    static let chamfer: Float = 6
    static let hub: Float = 102
    static let fillet: Float = 9
    static let bore: Float = 57
    static let boltCircle: Float = 145
    static let bolt: Float = 13
    static let countersink: Float = 19
    static let keyHalfWidth: Float = 10
    static let keyDepth: Float = 14
    static let thickness: Float = 30
  }

  struct Lamp {
    /// Place above the part, in picture units from the picture's middle.
    let place: SIMD3<Float>
    let power: Float
    /// 1 / width² of the lobe along and across the marks.
    let sharpness: Point
  }

  let centre: Point
  let zoom: Float
  private let cosine: Float
  private let sine: Float
  private let lamps: [Lamp]
  private let light: Lighting
  private let marks: LatheMarks
  private let hubMarks: LatheMarks
  private let texture: Noise
  private let felt: Felt
  private let sky: Point
  private let ambient: Float

  var scratches: [Scratch] = []
  var dent: Dent?
  var residue: Blot?
  var residueColour = Colour(grey: 0)
  var residueHidesGloss: Float = 0

  init(_ random: inout RandomStream) {
    centre = Point(256 + random.uniform(-24, 24), 256 + random.uniform(-24, 24))
    zoom = random.uniform(0.97, 1.03)
    let angle = random.uniform(0, 2 * ExactMath.pi)
    (cosine, sine) = (ExactMath.cosine(angle), ExactMath.sine(angle))
    light = Lighting(azimuth: -2.2, spread: 0.9, height: 0.75...1.15, &random)
    var lamps: [Lamp] = []
    let turn = random.uniform(-0.35, 0.35)
    for (azimuth, power) in [(Float(-2.2), Float(1.15)), (-0.75, 0.75), (1.3, 0.55)] {
      let direction = Point.direction(azimuth + turn + random.bell() * 0.12)
      let distance = random.uniform(420, 620)
      lamps.append(
        Lamp(
          place: SIMD3(direction.x * distance, direction.y * distance, random.uniform(560, 760)),
          power: power * random.uniform(0.75, 1.25),
          sharpness: Point(1 / random.uniform(0.010, 0.026), 1 / random.uniform(0.16, 0.30))))
    }
    self.lamps = lamps
    let strength = random.uniform(0.88, 1.12)
    marks = LatheMarks(strength: strength, &random)
    hubMarks = LatheMarks(strength: strength * 0.8, &random)
    texture = Noise(&random)
    felt = Felt(&random)
    sky = Point.direction(random.uniform(-2.8, -0.4)) * random.uniform(0.10, 0.2)
    ambient = random.uniform(0.15, 0.21)
  }

  /// From picture to part: units of the part, turned with it.
  @inline(__always)
  func part(_ p: Point) -> Point { ((p - centre) / zoom).rotated(cosine: cosine, sine: sine) }

  /// From part to picture.
  func picture(_ q: Point) -> Point { q.rotated(cosine: cosine, sine: -sine) * zoom + centre }

  func render(_ canvas: inout Canvas) {
    let pixel = canvas.pixelWidth
    let shadowShift = light.azimuth * -13
    canvas.fill { p in
      let q = part(p)
      let r = q.length
      let solid = distance(q, r)
      let cover = clamped(0.5 - solid * zoom / pixel)
      var colour = Colour()
      if cover < 1 { colour = behind(p, q, r, shadowShift) }
      if cover > 0 { colour = mix(colour, metal(p, q, r), cover) }
      return colour
    }
    felt.drawFibres(&canvas) { distance(part($0), part($0).length) > 2 }
  }

  /// Signed distance to the part's outline in the plane: negative on metal.
  @inline(__always)
  private func distance(_ q: Point, _ r: Float) -> Float {
    var d = max(r - Size.outer, Size.bore - r)
    if let dent, dent.bite > 0 { d = max(d, dent.bite - (q - dent.centre).length) }
    if r < Size.bore + Size.keyDepth + 4 {
      let key = max(abs(q.y) - Size.keyHalfWidth, max(q.x - Size.bore - Size.keyDepth, -q.x))
      d = max(d, -key)
    }
    return abs(r - Size.boltCircle) < Size.bolt + 3 ? max(d, Size.bolt - Self.fromBolt(q).length) : d
  }

  /// From the middle of the nearest bolt hole.
  @inline(__always)
  static func fromBolt(_ q: Point) -> Point {
    let sector = ExactMath.floor((ExactMath.turns(q.y, q.x) + 1) * 6)
    return q - bolts.withUnsafeBufferPointer { $0[Int(sector) % 6] }
  }

  /// Middles of the bolt holes; the keyway lies between the last and the first.
  private static let bolts = (0..<6).map { Point.direction((Float($0) + 0.5) * ExactMath.pi / 3) * Size.boltCircle }

  /// What shows beside the part and through its holes.
  private func behind(_ p: Point, _ q: Point, _ r: Float, _ shift: Point) -> Colour {
    let ground = felt(p)
    if r > Size.outer - 1 {
      let shadow = (p - centre - shift).length / zoom - Size.outer
      let soft = smoothstep(22, -14, shadow) * 0.72
      let contact = ExactMath.exp(-max(r - Size.outer, 0) * 0.16) * 0.5
      return ground * (1 - soft) * (1 - contact)
    }
    // The camera looks a little sideways into holes away from the middle and sees their wall there.
    let lean = q * (Size.thickness / 900)
    let deep = distance(q + lean, (q + lean).length)
    let outward = (q / max(r, 1)).rotated(cosine: cosine, sine: -sine)
    let wall = Colour(grey: 0.06 + 0.16 * max(outward.dot(light.azimuth) * -1, 0))
    // The floor lies in the part's shadow, but for where the light reaches through.
    let towards = q - shift.rotated(cosine: cosine, sine: sine) * 1.2
    let floor = ground * mix(0.12, 0.8, smoothstep(-2, 14, distance(towards, towards.length)))
    return mix(floor, wall, clamped(0.5 - deep))
  }

  @inline(__always)
  private func metal(_ p: Point, _ q: Point, _ r: Float) -> Colour {
    var outward = q / max(r, 1e-3)
    var (slope, tone) = r < Size.hub + 2 ? hubMarks(r) : marks(r)
    slope += Self.profile(r)
    var along = Point(-outward.y, outward.x)
    // Countersinks were turned about their own axes.
    let fromBolt = Self.fromBolt(q)
    let boltDistance = fromBolt.length
    var shade: Float = 1
    if boltDistance < Size.countersink + 1.5 {
      let inside = smoothstep(Size.countersink + 0.8, Size.countersink - 0.8, boltDistance)
      let own = fromBolt / max(boltDistance, 1e-3)
      if inside > 0.5 {
        outward = own
        along = Point(-own.y, own.x)
        slope = -0.75 + marks(boltDistance * 2.3).slope * 0.6
        tone = 0.92
      }
      shade = 1 - 0.45 * inside * (1 - inside) * 4
    }
    // Grooves are broken into arcs of changing strength.
    let turns = ExactMath.turns(q.y, q.x)
    let arcs = texture.plane(r * 0.42, turns * 60 + r * 0.05)
    let specks = texture.plane(p.x * 0.55, p.y * 0.55)
    slope += arcs * 0.035
    tone *= 1 + 0.05 * arcs + 0.03 * specks
    var tilt = outward * slope
    if let dent { tilt += dent.tilt(q) }
    var scratchLight: Float = 0
    for scratch in scratches {
      let (edge, depth) = scratch.profile(q)
      if depth > 0 {
        tilt += edge
        scratchLight = max(scratchLight, depth)
      }
    }
    var gloss: Float = 1
    var tint = Colour(grey: 1)
    if let residue {
      let cover = residue(p)
      if cover > 0 {
        gloss = 1 - cover * residueHidesGloss
        tint = mix(tint, residueColour, cover)
      }
    }
    let light = reflected(p, tilt, outward, along, scratch: scratchLight, gloss: gloss)
    return tint * Colour(red: 0.83, green: 0.815, blue: 0.79) * (light * tone * shade)
  }

  /// Slope of the turned profile: positive where it falls outwards.
  @inline(__always)
  private static func profile(_ r: Float) -> Float {
    if r > Size.outer - Size.chamfer - 1 { return 0.8 * smoothstep(-0.8, 0.8, r - Size.outer + Size.chamfer) }
    if r < Size.bore + 6 { return -0.7 * smoothstep(0.8, -0.8, r - Size.bore - 5) }
    let fillet = (r - Size.hub) / Size.fillet
    guard fillet > -0.15, fillet < 1.1 else { return 0 }
    // A sharp edge above, a rounded corner below.
    return smoothstep(-0.12, 0.08, fillet) * (1 - clamped(fillet)) * 1.1
  }

  /// Mirrored lamps and sky for a surface whose normal is tilted by `tilt` (of the part's plane).
  @inline(__always)
  private func reflected(
    _ p: Point, _ tilt: Point, _ outward: Point, _ along: Point, scratch: Float, gloss: Float
  ) -> Float {
    // From the part's axes to the picture's: lamps do not turn with the part.
    let lean = tilt.rotated(cosine: cosine, sine: -sine)
    let e = outward.rotated(cosine: cosine, sine: -sine)
    let t = along.rotated(cosine: cosine, sine: -sine)
    let normal = SIMD3(lean.x, lean.y, 1).unit
    let at = p - Point(256, 256)
    var sum: Float = ambient * (0.75 + 0.25 * normal.z) + sky.dot(Point(normal.x, normal.y)) * 1.6
    for lamp in lamps {
      let toLamp = (lamp.place - SIMD3(at.x, at.y, 0)).unit
      var halfway = toLamp
      halfway.z += 1
      halfway = halfway.unit
      let up = max(halfway.dot(normal), 0.05)
      let onAlong = halfway.x * t.x + halfway.y * t.y - (normal.x * t.x + normal.y * t.y) * up
      let onAcross = halfway.x * e.x + halfway.y * e.y - (normal.x * e.x + normal.y * e.y) * up
      // A scratch has no marks: it mirrors from wherever its flanks look.
      let sharp = mix(lamp.sharpness.x, 9, scratch)
      let lobe = (onAlong * onAlong * sharp + onAcross * onAcross * lamp.sharpness.y) / (up * up)
      // A wide skirt under the sharp lobe: real machined steel has both.
      sum += lamp.power * gloss * (0.62 * ExactMath.exp(-lobe) + 0.16 * ExactMath.exp(-lobe * 0.16))
      sum += lamp.power * 0.05 * max(toLamp.dot(normal), 0)
    }
    return max(sum, 0.02)
  }
}

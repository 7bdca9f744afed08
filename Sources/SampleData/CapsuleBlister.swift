/// A blister of eight two-coloured capsules over printed foil, on a pale table.
struct CapsuleBlister: Product {
  static let category = "blister"
  static let kinds = ["crack", "misprint", "wrong_fill"]
  static let exposureSpread: Float = 0.15

  /// Units of the pack at zoom 1.
  enum Size {
    static let pack = Point(188, 190)
    static let corner: Float = 20
    static let pitch = Point(172, 86)
    static let columns = 2
    static let rows = 4
    static let capsule: Float = 20
    static let capsuleHalf: Float = 37
    static let cavity: Float = 28
    static let cavityHalf: Float = 44
    /// Where the cap's edge lies from the capsule's middle.
    static let seam: Float = 4
  }

  let centre: Point
  let zoom: Float
  let cosine: Float
  let sine: Float
  let light: Lighting
  let fine: Noise
  let crinkle: CoarseField
  let glare: CoarseField
  let tableColour: Colour
  let bodyColour: Colour
  let capColour: Colour
  let window: Float
  let inkStrength: Float
  let printShift: Point
  var capsules: [Capsule]

  var misprint: Misprint?
  var cracks: [Crack] = []

  init(_ random: inout RandomStream) {
    centre = Point(256 + random.uniform(-17, 17), 256 + random.uniform(-17, 17))
    zoom = random.uniform(0.97, 1.03)
    let angle = random.uniform(-0.10, 0.10)
    (cosine, sine) = (ExactMath.cosine(angle), ExactMath.sine(angle))
    light = Lighting(azimuth: -2.0, spread: 0.4, height: 0.8...1.0, &random)
    fine = Noise(&random)
    let (folds, sheen) = (Noise(&random), Noise(&random))
    let depth = random.uniform(0.12, 0.32)
    crinkle = CoarseField { depth * folds.fractal($0.x / 95, $0.y / 95, octaves: 3) }
    let gleam = random.uniform(0.05, 0.14)
    glare = CoarseField { max(gleam * (0.5 + sheen.fractal($0.x / 210, $0.y / 150, octaves: 2)), 0) }
    let shade = random.uniform(0.42, 0.50)
    tableColour = Colour(red: shade, green: shade * 0.985, blue: shade * 0.95)
    bodyColour = Colour(red: 0.80, green: 0.74, blue: 0.60) * random.uniform(0.95, 1.04)
    let cap = random.uniform(0.9, 1.12)
    capColour = Colour(red: 0.40 * cap, green: 0.035, blue: 0.028)
    window = random.uniform(0.8, 1.25)
    inkStrength = random.uniform(0.78, 0.95)
    printShift = Point(random.uniform(-5, 5), random.uniform(-2.5, 2.5))
    capsules = (0..<(Size.columns * Size.rows)).map { Capsule(place: $0, &random) }
  }

  @inline(__always)
  func pack(_ p: Point) -> Point { ((p - centre) / zoom).rotated(cosine: cosine, sine: sine) }

  /// A direction of the pack's plane in the picture.
  @inline(__always)
  func picture(_ d: Point) -> Point { d.rotated(cosine: cosine, sine: -sine) }

  /// The outermost lines of print keep off the pack's edge.
  static func printOffset(_ row: Int) -> Float { row == 0 ? 3 : row == Size.rows ? -3 : 0 }

  static let print: Print = {
    var lines: [(points: [Point], width: Float)] = []
    func text(_ text: String, _ x: Float, _ y: Float, height: Float, weight: Float) {
      for stroke in StrokeFont.lines(text, at: Point(x, y), height: height) { lines.append((stroke, weight)) }
    }
    for row in 0...Size.rows {
      let y = (Float(row) - 2) * Size.pitch.y + Self.printOffset(row) - 6
      for column in 0..<Size.columns {
        let x = (Float(column) - 0.5) * Size.pitch.x
        text("FLAWLESS", x - 76, y, height: 12, weight: 2.7)
        text("20 mg", x + 23, y, height: 12, weight: 2.0)
      }
    }
    return Print(lines, from: -Size.pack, to: Size.pack)
  }()

  func render(_ canvas: inout Canvas) {
    let pixel = canvas.pixelWidth
    let shadowShift = light.azimuth * -7
    canvas.fill { p in
      let q = pack(p)
      let edge = Self.outline(q)
      let cover = clamped(0.5 - edge * zoom / pixel)
      var colour = Colour()
      if cover < 1 {
        let below = Self.outline(pack(p - shadowShift))
        let shadow = smoothstep(11, -9, below) * 0.55 + ExactMath.exp(-max(edge, 0) * 0.3) * 0.3
        colour = table(p) * (1 - min(shadow, 0.9))
      }
      if cover > 0 { colour = mix(colour, surface(p, q, edge), cover) }
      return colour
    }
  }

  /// Signed distance to the pack's rounded outline.
  @inline(__always)
  private static func outline(_ q: Point) -> Float {
    let d = Point(abs(q.x), abs(q.y)) - (Size.pack - Size.corner)
    let outside = pointwiseMax(d, Point()).length
    return outside + min(max(d.x, d.y), 0) - Size.corner
  }

  private func table(_ p: Point) -> Colour {
    tableColour * (1 + 0.05 * fine.plane(p.x * 0.5 + 300, p.y * 0.5) + 0.04 * fine.plane(p.x * 0.13, p.y * 0.13 + 70))
  }

  private func surface(_ p: Point, _ q: Point, _ edge: Float) -> Colour {
    // The cavity this point belongs to.
    let column = q.x < 0 ? 0 : 1
    let row = min(max(Int(ExactMath.floor(q.y / Size.pitch.y + 2)), 0), Size.rows - 1)
    let capsule = capsules[row * Size.columns + column]
    let local = q - capsule.cavity
    let along = max(abs(local.x) - Size.cavityHalf, 0)
    let offset = Point(local.x < 0 ? -along : along, local.y)
    let rim = offset.length - Size.cavity
    var colour = foil(p, q, edge, rim: rim, capsule)
    if rim < 0, let lit = capsuleLight(capsule, q, p) { colour = lit(colour) }
    for crack in cracks { crack.draw(over: &colour, q) }
    return plastic(colour, p, edge, rim: rim, outward: picture(offset.unit))
  }

  /// Aluminium with a fine knurl, softly crinkled; printed, and shaded by what lies above.
  private func foil(_ p: Point, _ q: Point, _ edge: Float, rim: Float, _ capsule: Capsule) -> Colour {
    let knurl = ExactMath.sine((q.x + q.y) * 0.93) * ExactMath.sine((q.x - q.y) * 0.93)
    let fold = crinkle(p)
    let grain = fine.plane(p.x * 0.6, p.y * 0.6)
    // Sealing pressed the knurl between the cavities, not under them.
    let pressed = smoothstep(-2, 3, rim)
    let facing = 0.5 + 0.9 * fold + pressed * 0.10 * knurl + 0.05 * grain
    var colour = Colour(red: 0.70, green: 0.71, blue: 0.73) * (0.52 + 0.62 * clamped(facing))
    let ink = printed(q) * inkStrength * pressed
    colour = mix(colour, Colour(red: 0.030, green: 0.075, blue: 0.27) * (0.9 + 0.3 * fold), ink)
    if rim < 1 {
      let towards = light.azimuth.rotated(cosine: cosine, sine: sine)
      let (outline, local) = capsule.distance(q + towards * 6)
      let gap = max(outline, max(local.x - capsule.end, capsule.start - local.x))
      let dark = capsule.isThere ? smoothstep(9, -7, gap) * 0.62 : 0
      colour *= (1 - dark) * mix(0.72, 1, smoothstep(-16, -1, rim))
    }
    return colour
  }

  private func printed(_ q: Point) -> Float {
    let place = q - printShift
    guard let misprint else { return Self.print(place) }
    return misprint.ink(q) { Self.print($0 - printShift) }
  }

  /// The clear sheet above: its edges, its domes and the window mirrored in them.
  private func plastic(_ below: Colour, _ p: Point, _ edge: Float, rim: Float, outward: Point) -> Colour {
    var colour = below * 0.97 + Colour(grey: glare(p) * 0.55)
    // The cut edge catches light on the lit side.
    let border = smoothstep(-4.5, -2, edge)
    if border > 0 { colour = mix(colour, colour * 0.82 + Colour(grey: 0.09), border) }
    guard rim < 4 else { return colour }
    let side = outward.dot(light.azimuth)
    // The foot of the dome: a thin dark ring beside a light one.
    let foot = smoothstep(2.2, 0, abs(rim + 0.5))
    colour *= 1 - 0.34 * foot
    colour += Colour(grey: 0.16 * smoothstep(1.6, 0, abs(rim - 2)) * max(side, 0.15))
    // The wall is steep: it mirrors the window from the lit side, and a little from the far side.
    let wall = smoothstep(-9.5, -6.5, rim) * smoothstep(-2, -4, rim)
    colour += Colour(grey: window * wall * (0.75 * smoothstep(0.55, 0.92, side) + 0.16 * smoothstep(0.5, 0.95, -side)))
    colour *= 1 - 0.12 * wall
    return colour
  }
}

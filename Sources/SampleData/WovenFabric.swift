/// A 2/1 twill of indigo warp and ecru weft, seen from straight above.
///
/// Every thread is a round body that dips under those it crosses; at each point the higher one shows. Positions are
/// counted in threads: warp threads run along y and are counted by `a`, weft threads run along x and are counted by `b`.
struct WovenFabric: Product {
  static let category = "fabric"
  static let kinds = ["broken_thread", "hole", "stain"]
  static let exposureSpread: Float = 0.26

  /// Picture units between neighbouring threads.
  static let period: Float = 11.5
  /// Threads on either side of the picture's middle, with room for rotation.
  static let half: Float = 42

  private let light: Lighting
  private let cosine: Float
  private let sine: Float
  private let inverse: Point
  private let shift: Point
  private let pullX: CoarseField
  private let pullY: CoarseField
  private let mottle: CoarseField
  private let fibre: Noise
  private let warp: ThreadSet
  private let weft: ThreadSet
  private let warpColour: Colour
  private let weftColour: Colour
  private var strays: [Stray] = []

  var cut: Cut?
  var hole: Hole?
  var stain: Blot?
  var stainTint = Colour(grey: 1)

  /// A loose fibre on top.
  struct Stray {
    let points: [Point]
    let width: Float
    let opacity: Float
    let light: Bool
  }

  init(_ random: inout RandomStream) {
    light = Lighting(azimuth: -2.2, spread: 0.7, height: 0.65...1.05, &random)
    let angle = random.bell() * 0.065
    (cosine, sine) = (ExactMath.cosine(angle), ExactMath.sine(angle))
    let zoom = random.uniform(0.84, 1.18)
    inverse = Point(1 / (Self.period * zoom), 1 / (Self.period * zoom * random.uniform(0.96, 1.06)))
    shift = Point(Self.half + random.unit() * 3, Self.half + random.unit() * 3)
    // Tension waves: long and mostly along the threads.
    let (tension, across, colour) = (Noise(&random), Noise(&random), Noise(&random))
    let strength = random.uniform(1.5, 5)
    pullX = CoarseField { strength * tension.fractal($0.x / 240, $0.y / 150, octaves: 2) }
    pullY = CoarseField { strength * across.fractal($0.x / 130, $0.y / 260, octaves: 2) }
    let cloud = random.uniform(0.03, 0.09)
    mottle = CoarseField { 1 + cloud * colour.fractal($0.x / 110, $0.y / 150, octaves: 3) }
    fibre = Noise(&random)
    warp = ThreadSet(wobble: 0.06, slub: 0.06, tint: 0.07, &random)
    weft = ThreadSet(wobble: 0.06, slub: 0.07, tint: 0.04, &random)
    let fade = random.uniform(0.8, 1.25)
    warpColour = Colour(red: 0.060, green: 0.115, blue: 0.235) * fade
    weftColour = Colour(red: 0.50, green: 0.47, blue: 0.41) * random.uniform(0.92, 1.08)
    for _ in 0..<(30 + random.index(below: 30)) { strays.append(Self.stray(&random)) }
  }

  private static func stray(_ random: inout RandomStream) -> Stray {
    let start = Point(random.uniform(0, 512), random.uniform(0, 512))
    let line = wanderingLine(
      from: start, angle: random.uniform(0, 6.3), length: random.uniform(6, 26), bend: 0.09, step: 2, &random)
    return Stray(
      points: line, width: random.uniform(0.5, 0.9), opacity: random.uniform(0.12, 0.42), light: random.chance(0.7))
  }

  /// Where a picture point lies in the weave, before a hole moves it.
  @inline(__always)
  func weave(_ p: Point) -> Point {
    let q = Point(p.x - 256 + pullX(p), p.y - 256 + pullY(p)).rotated(cosine: cosine, sine: sine)
    return q * inverse + shift
  }

  func render(_ canvas: inout Canvas) {
    let pixel = canvas.pixelWidth
    let quarter = pixel / 4
    // Distortion is slow: one look-up a pixel, straight steps to its four samples.
    let stepX = Point(cosine, sine) * inverse * quarter
    let stepY = Point(-sine, cosine) * inverse * quarter
    canvas.fill { p in
      let middle = weave(hole?.source(of: p) ?? p)
      let torn = hole?.distance(p) ?? 0
      var sum = sample(middle - stepX - stepY, torn)
      sum += sample(middle + stepX - stepY, torn)
      sum += sample(middle - stepX + stepY, torn)
      sum += sample(middle + stepX + stepY, torn)
      var colour = sum * (0.25 * mottle(p))
      if let stain {
        let cover = stain(p)
        if cover > 0 { colour *= mix(Colour(grey: 1), stainTint, cover) }
      }
      return colour
    }
    for stray in strays + (cut?.strays ?? []) + (hole?.strays ?? []) {
      let tone = stray.light ? Colour(red: 0.55, green: 0.55, blue: 0.56) : Colour(red: 0.03, green: 0.04, blue: 0.06)
      canvas.stroke(stray.points, width: stray.width, colour: tone) { stray.opacity * (1 - $0 * $0 * 0.7) }
    }
  }

  /// Light from one point of the weave; `torn`: distance from a hole's middle in its radii, 0 without a hole.
  @inline(__always)
  private func sample(_ w: Point, _ torn: Float) -> Colour {
    let (a, b) = (w.x, w.y)
    let (i, j) = (ExactMath.floor(a), ExactMath.floor(b))
    let (u, warpThere) = across(warp, i, a - Float(i), along: b, torn, isWarp: true)
    let (v, weftThere) = across(weft, j, b - Float(j), along: a, torn, isWarp: false)
    let (dip, dipSlope) = Self.undulation(b, i, warp: true)
    let (rise, riseSlope) = Self.undulation(a, j, warp: false)
    let warpHeight = warpThere && u * u < 1 ? 0.5 * dip + 0.75 * (1 - u * u).squareRoot() : -2
    let weftHeight = weftThere && v * v < 1 ? 0.5 * rise + 0.75 * (1 - v * v).squareRoot() : -2
    if warpHeight >= weftHeight, warpHeight > -2 {
      return shade(u, b, dipSlope, warpHeight, thread: i, warpColour * warp.tint(i), isWarp: true)
    }
    if weftHeight > -2 {
      return shade(v, a, riseSlope, weftHeight, thread: j, weftColour * weft.tint(j), isWarp: false)
    }
    return Colour(red: 0.012, green: 0.014, blue: 0.02)
  }

  /// Position across a thread, −1 … 1 on it, and whether it is there at all.
  @inline(__always)
  private func across(
    _ threads: ThreadSet, _ index: Int32, _ fraction: Float, along: Float, _ torn: Float, isWarp: Bool
  ) -> (Float, Bool) {
    let (offset, width) = threads.shape(index, along)
    var there = true
    var body = width
    if let cut, cut.isWarp == isWarp, cut.thread == index {
      body *= 1 - cut.loss(along)
      there = body > 0.12
    }
    if torn > 0, torn < Hole.raggedReach {
      there = there && torn > Hole.end(of: fibre.unit(index, isWarp ? 1 : 2))
    }
    return ((fraction - 0.5 - offset) * 2 / max(body, 0.05), there)
  }

  /// Height −1 … 1 of a thread along its way, and its slope: over two, under one.
  @inline(__always)
  private static func undulation(_ along: Float, _ thread: Int32, warp: Bool) -> (Float, Float) {
    let crossing = ExactMath.floor(along - 0.5)
    let f = along - 0.5 - Float(crossing)
    let here = over(warp ? thread : crossing, warp ? crossing : thread)
    let next = over(warp ? thread : crossing &+ 1, warp ? crossing &+ 1 : thread)
    let (low, high): (Float, Float) = warp ? (here, next) : (-here, -next)
    return (mix(low, high, f * f * (3 - 2 * f)), (high - low) * 6 * f * (1 - f))
  }

  /// 1 where the warp is on top.
  @inline(__always)
  private static func over(_ warp: Int32, _ weft: Int32) -> Float { (warp &+ weft &+ 3000) % 3 == 0 ? -1 : 1 }

  @inline(__always)
  private func shade(
    _ u: Float, _ along: Float, _ slope: Float, _ height: Float, thread: Int32, _ colour: Colour, isWarp: Bool
  ) -> Colour {
    // Twisted fibres: streaks that lean across the thread.
    let twist: Float = isWarp ? 1.9 : -1.7
    let streak = fibre.plane(u * 1.9 + along * twist + Float(thread) * 7.7, along * 1.1 - u * 0.5)
    let bump = u * 0.85 + streak * 0.40
    let tilt = -slope * 0.30
    let z = (1 - min(u * u, 1)).squareRoot() * 0.8 + 0.35
    let normal = (isWarp ? SIMD3(bump, tilt, z) : SIMD3(tilt, bump, z)).unit
    let facing = normal.dot(light.direction)
    let diffuse = max((facing + 0.25) * 0.8, 0.03)
    // Deep places and the threads' flanks see little of the sky.
    let open = clamped(0.24 + 0.62 * (height + 0.5)) * (1 - 0.35 * u * u)
    let sheen = max(facing, 0)
    let gloss = sheen * sheen * sheen * sheen * 0.035
    return colour * ((0.34 + 0.86 * diffuse) * open * (1 + 0.32 * streak)) + Colour(grey: gloss * open)
  }
}

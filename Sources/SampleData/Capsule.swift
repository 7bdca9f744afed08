/// A hard capsule in its cavity: a darker cap over a lighter body.
struct Capsule {
  typealias Size = CapsuleBlister.Size

  /// Middle of the cavity in the pack.
  let cavity: Point
  /// Middle of the capsule, and the direction from body to cap.
  var middle: Point
  var axis: Point
  let roll: Float
  var isThere = true
  /// Part of the capsule that is left, from its body's end: 1 for all, less for a broken one.
  var end: Float = .infinity
  var start: Float = -.infinity
  /// Another product's colours, where the wrong capsule was filled in.
  var otherCap: Colour?
  var bulge: Dimple?
  /// A hole in the shell, in the capsule's own place.
  var chip: Blot?

  struct Dimple {
    let at: Point
    let radius: Float
    let depth: Float
  }

  init(place: Int, _ random: inout RandomStream) {
    let column = Float(place % Size.columns) - Float(Size.columns - 1) / 2
    let row = Float(place / Size.columns) - Float(Size.rows - 1) / 2
    cavity = Point(column, row) * Size.pitch
    middle = cavity + Point(random.uniform(-5, 5), random.uniform(-2.5, 2.5))
    axis = Point.direction(random.bell() * 0.06)
    roll = random.uniform(-1, 1)
  }

  /// Signed distance to the capsule's outline, and the place along (−) body to (+) cap and across it.
  @inline(__always)
  func distance(_ q: Point) -> (Float, Point) {
    let d = q - middle
    let local = Point(d.dot(axis), d.dot(axis.normal))
    let beyond = max(abs(local.x) - Size.capsuleHalf, 0)
    return (Point(beyond, local.y).length - radius(local.x), local)
  }

  /// The cap fits over the body and is a little wider.
  @inline(__always)
  func radius(_ along: Float) -> Float { along > Size.seam ? Size.capsule : Size.capsule - 0.9 }
}

extension CapsuleBlister {
  static let imprint: Print = {
    let lines = StrokeFont.lines("F20", at: Point(-14, -3.5), height: 7).map { (points: $0, width: Float(1.3)) }
    return Print(lines, from: Point(-20, -8), to: Point(20, 8))
  }()

  /// The capsule over what is below it; nil where it is not.
  func capsuleLight(_ capsule: Capsule, _ q: Point, _ p: Point) -> ((Colour) -> Colour)? {
    guard capsule.isThere else { return nil }
    let (edge, local) = capsule.distance(q)
    guard edge < 1, local.x < capsule.end, local.x > capsule.start else { return nil }
    let cover = clamped(0.5 - edge)
    let radius = capsule.radius(local.x)
    let beyond = max(abs(local.x) - Size.capsuleHalf, 0)
    var flat = Point(local.x < 0 ? -beyond : beyond, local.y) / radius
    if let dimple = capsule.bulge {
      let d = (local - dimple.at) / dimple.radius
      flat -= d * (dimple.depth * ExactMath.exp(-d.dot(d) * 1.5))
    }
    // Gelatine is never quite round or smooth.
    flat += Point(0.02 * fine.line(local.x * 0.11 + capsule.roll * 50), 0.025 * fine.line(local.x * 0.07, row: 3))
    let z = max(1 - flat.dot(flat), 0).squareRoot()
    let axis = picture(capsule.axis)
    let tilt = axis * flat.x + axis.normal * flat.y
    let normal = SIMD3(tilt.x, tilt.y, z + 0.02).unit
    let isCap = local.x > Size.seam
    var colour = isCap ? capsule.otherCap ?? capColour : bodyColour
    // Imprint on the body, rolled around the axis.
    let around = ExactMath.turns(local.y, max(z * radius, 0.01)) * 2 * ExactMath.pi * radius - capsule.roll * 7
    if !isCap {
      let ink = Self.imprint(Point(local.x + 21, around))
      colour = mix(colour, Colour(red: 0.10, green: 0.09, blue: 0.09), ink * 0.8)
    }
    var shell: Float = 1
    if let chip = capsule.chip {
      let cover = chip(local)
      // Powder in the dark.
      colour = mix(
        colour, Colour(red: 0.060, green: 0.052, blue: 0.042) * (1 + 0.6 * fine.plane(q.x * 0.5, q.y * 0.5)), cover)
      shell -= cover
    }
    let facing = normal.dot(light.direction)
    // Light goes in and comes out elsewhere: shadows are soft and warm.
    let diffuse = 0.30 + 0.70 * max((facing + 0.35) / 1.35, 0)
    colour *= diffuse * mix(0.55, 1, smoothstep(0, 0.55, z))
    let half = (light.direction + SIMD3(0, 0, 1)).unit
    let mirror = max(normal.dot(half), 0)
    // A window is a patch with an edge, not a point; the wide lobe is the room.
    let patch = smoothstep(0.972, 0.988, mirror) * 0.62 * window
    let room = mirror * mirror * mirror * mirror * mirror * mirror * 0.10
    let rim = (1 - z) * (1 - z) * 0.10
    colour += Colour(grey: (patch + room + rim) * shell)
    // The cap's edge: a step with a shadow on the body.
    let seam = local.x - Size.seam
    if seam < 0 {
      colour *= 1 - 0.38 * ExactMath.exp(seam * 0.55)
    } else {
      colour *= 1 + 0.22 * smoothstep(1.8, 0.4, seam)
    }
    // Both halves have a ring where they lock.
    let ring = abs(local.x - Size.seam - 9)
    colour *= 1 - 0.10 * smoothstep(1.5, 0.2, ring)
    let broken = smoothstep(0, 2.5, capsule.end - local.x) * smoothstep(0, 2.5, local.x - capsule.start)
    let lit = colour * mix(0.45, 1, broken)
    return { mix($0, lit, cover) }
  }
}

/// A dark green-grey felt: clouds of wool, short fibres, lint.
struct Felt {
  private let noise: Noise
  private let shift: Point
  private let colour: Colour
  private let fibres: [[Point]]
  private let bright: [Float]

  init(_ random: inout RandomStream) {
    noise = Noise(&random)
    shift = Point(random.uniform(0, 900), random.uniform(0, 900))
    colour = Colour(red: 0.048, green: 0.068, blue: 0.064) * random.uniform(0.85, 1.25)
    var fibres: [[Point]] = []
    var bright: [Float] = []
    for _ in 0..<130 {
      let start = Point(random.uniform(0, 512), random.uniform(0, 512))
      let angle = random.uniform(0, 6.3)
      let length = random.uniform(5, 22)
      fibres.append(wanderingLine(from: start, angle: angle, length: length, bend: 0.07, step: 2.5, &random))
      bright.append(random.uniform(0.04, 0.2))
    }
    self.fibres = fibres
    self.bright = bright
  }

  func callAsFunction(_ p: Point) -> Colour {
    let q = p + shift
    // Wool lies in all directions: noise bent by noise looks like matted fibres.
    let bend = noise.plane(q.x * 0.045, q.y * 0.045)
    let wool =
      noise.plane(q.x * 0.30 + bend * 1.7, q.y * 0.12 - bend) + noise.plane(q.x * 0.11 + 40, q.y * 0.33 + bend * 1.5)
    let grain = noise.plane(q.x * 0.62 + 90, q.y * 0.62)
    return colour * max(1 + 0.13 * bend + 0.27 * wool + 0.22 * grain, 0.2)
  }

  func drawFibres(_ canvas: inout Canvas, where visible: (Point) -> Bool) {
    for (line, strength) in zip(fibres, bright) where line.allSatisfy(visible) {
      canvas.stroke(line, width: 0.8, colour: Colour(red: 0.30, green: 0.34, blue: 0.32)) { _ in strength }
    }
  }
}

import Compute
import Foundation

extension OpCatalogue {
  static let optimizers: [Op] = [adam, descend, blend]

  private static let counts = [1, 7, 16, 255, 1021, 4099]
  private static let steps = ["step=1", "step=2 decay=1", "step=1000 decay=1 decoupled=1"]
  private static let fills: [Fill] = [.normal, .positive, .integer, .poison]

  /// What gradients are multiplied by: 1, a half, or what says that nothing may change.
  private static func factor(_ parameters: Parameters) throws -> Float {
    switch try parameters.int("factor", 1) {
    case 0: .nan
    case 1: 1
    default: 0.5
    }
  }

  private static func factorArray(_ value: Float) -> OpArray { .input("factor", [1]) { _, _ in .floats([value]) } }

  static let adam = Op(
    name: "adam", functions: ["adam"], bound: "roundings of each term, √ 3 ulp, a/b 2.5",
    suite: counts.flatMap { n in steps.map { listed("n=\(n) \($0)") } }
      + [listed("n=33 step=3 factor=2"), listed("n=33 step=3 factor=0")],
    tinyCount: 9,
    random: {
      ["n": extentBelow(258, &$0), "step": $0.int(1...10_000), "decay": $0.int(0...1), "decoupled": $0.int(0...1)]
    }
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    var step = AdamStep(rate: 0.01, number: try parameters.int("step"))
    step.weightDecay = try parameters.flag("decay") ? 0.1 : 0
    step.isDecoupled = try parameters.flag("decoupled")
    let (made, factor) = (step, try factor(parameters))
    return OpCase(
      operation: "adam", parameters: parameters,
      arrays: [
        .updated("values", shape), .input("gradient", shape), .updated("first", shape),
        .updated("second", shape) { random, _ in .floats((0..<shape.count).map { _ in Float(random.uniform()) }) },
        factorArray(factor),
      ], fills: fills, bytesMoved: 32 * shape.count,
      run: { device, a in
        try device.adam(made, a[0], gradient: a[1], firstMoment: a[2], secondMoment: a[3], gradientFactor: a[4])
      },
      reference: { h, _ in AdamReference(made.factors, factor: factor).expected(h) }
    ).uniformWhereOnly(shape.count == 1 || factor.isNaN)
  }

  static let descend = Op(
    name: "descend", functions: ["descend"], bound: "roundings of each term",
    suite: counts.flatMap { n in
      ["", "momentum=1", "momentum=1 nesterov=1 decay=1", "momentum=1 dampening=1"].map { listed("n=\(n) \($0)") }
    } + [listed("n=33 momentum=1 factor=2"), listed("n=33 momentum=1 factor=0")],
    tinyCount: 8,
    random: {
      [
        "n": extentBelow(258, &$0), "momentum": $0.int(0...1), "nesterov": $0.int(0...1), "decay": $0.int(0...1),
        "dampening": $0.int(0...1),
      ]
    }
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    var step = MomentumStep(rate: 0.05, momentum: try parameters.flag("momentum") ? 0.9 : 0)
    step.dampening = try parameters.flag("dampening") ? 0.25 : 0
    step.weightDecay = try parameters.flag("decay") ? 0.125 : 0
    step.isNesterov = try parameters.flag("nesterov")
    let (made, factor) = (step, try factor(parameters))
    return OpCase(
      operation: "descend", parameters: parameters,
      arrays: [
        .updated("values", shape), .input("gradient", shape), .updated("velocity", shape), factorArray(factor),
      ], fills: fills, bytesMoved: 24 * shape.count,
      run: { device, a in
        try device.descend(made, a[0], gradient: a[1], velocity: a[2], gradientFactor: a[3])
      },
      reference: { h, _ in
        guard factor.isFinite else { return [.exact(h[0].map(Double.init)), .exact(h[2].map(Double.init))] }
        let (rate, momentum) = (Double(Float(made.rate)), Double(Float(made.momentum)))
        let (share, decay) = (Double(Float(1 - made.dampening)), Double(Float(made.weightDecay)))
        var (values, velocities) = (Sums(), Sums())
        for index in h[0].indices {
          let (w, g, u) = (Double(h[0][index]), Double(factor) * Double(h[1][index]), Double(h[2][index]))
          let size = abs(g) + abs(decay * w)
          let velocity = momentum * u + share * (g + decay * w)
          let bound = abs(momentum * u) + share * size
          velocities.append(velocity, bound)
          let step = made.isNesterov ? g + decay * w + momentum * velocity : velocity
          values.append(w - rate * step, abs(w) + rate * (made.isNesterov ? size + momentum * bound : bound))
        }
        return [values.expected(length: 1, exact: false), velocities.expected(length: 1, exact: false)]
      }
    ).uniformWhereOnly(shape.count == 1 || factor.isNaN)
  }

  static let blend = Op(
    name: "blend", functions: ["blend"], bound: "roundings of each term",
    suite: counts.map { ["n": $0] }, tinyCount: 4, random: { ["n": extentBelow(258, &$0)] }
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    let weight: Float = 0.001
    return OpCase(
      operation: "blend", parameters: parameters, arrays: [.input("x", shape), .updated("y", shape)],
      fills: fills + [.offset], bytesMoved: 12 * shape.count,
      run: { device, a in try device.blend(a[0], weight: weight, into: a[1]) },
      reference: { h, _ in
        var sums = Sums()
        for (x, y) in zip(h[0], h[1]) {
          let difference = Double(weight) * (Double(x) - Double(y))
          sums.append(Double(y) + difference, abs(Double(y)) + Double(weight) * (abs(Double(x)) + abs(Double(y))))
        }
        return [sums.expected(length: 1, exact: false)]
      }
    ).uniformWhereOnly(shape.count == 1)
  }
}

/// Adam in Double from the factors that devices have, with what roundings may add: see the terms' magnitudes.
private struct AdamReference {
  let f: AdamStep.Factors
  let factor: Double

  init(_ factors: AdamStep.Factors, factor: Float) {
    f = factors
    self.factor = Double(factor)
  }

  func expected(_ h: HostArrays) -> [Expected] {
    guard factor.isFinite else { return [h[0], h[2], h[3]].map { .exact($0.map(Double.init)) } }
    let (first, second, rate) = (Double(f.first), Double(f.second), Double(f.rate))
    var (values, means, squares) = ([(Double, Double)](), [(Double, Double)](), [(Double, Double)]())
    for index in h[0].indices {
      let (w, m, v) = (Double(h[0][index]), Double(h[2][index]), Double(h[3][index]))
      let (own, decayed) = (factor * Double(h[1][index]), Double(f.coupled) * w)
      let g = own + decayed
      let error = 2 * unit * (abs(own) + abs(decayed))
      let mean = m + first * (g - m)
      let meanError = first * error + unit * (abs(m) + 3 * first * (abs(g) + abs(m))) + ulp(mean)
      let square = v + second * (g * g - v)
      let squareError = second * 2 * abs(g) * error + unit * (v + 4 * second * (g * g + v)) + ulp(square)
      let divisor = square.squareRoot() * Double(f.root) + Double(f.epsilon)
      let change = rate * mean / divisor
      // √ 3 ulp, 6 units; product and sum 2; the quotient 5; rate and difference 2.
      let relative = (square > 0 ? squareError / square / 2 : 0) + 15 * unit
      let value = Double(f.kept) * w - change
      values.append((value, 2 * unit * abs(w) + abs(change) * relative + rate * meanError / divisor + ulp(value)))
      means.append((mean, meanError))
      squares.append((square, squareError))
    }
    return [values, means, squares].map { .floats($0.map(\.0), allowed: $0.map(\.1)) }
  }
}

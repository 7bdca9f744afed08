import Compute
import Foundation

/// Counts around vectors and work-groups.
private let counts = [1, 7, 16, 17, 255, 256, 257, 1021, 4099]

extension OpCatalogue {
  static let elementwise: [Op] = [fill, map, combine, combineRows, affine, clamp]

  private static func counted(_ name: String, _ words: [(String, [String])] = []) -> [Parameters] {
    var suite = counts.map { Parameters(dictionaryLiteral: ("n", $0)) }
    for (word, choices) in words { suite = suite.flatMap { p in choices.map { p.with(word, $0) } } }
    return suite
  }

  private static let anyCount: @Sendable (inout CaseRandom) -> Parameters = { ["n": extentBelow(258, &$0)] }

  static let fill = Op(
    name: "fill", functions: ["fill"], bound: "the same bits", suite: counted("fill"), tinyCount: 4, random: anyCount
  ) { parameters in
    let count = try parameters.int("n")
    var made = OpCase(
      operation: "fill", parameters: parameters, arrays: [.output("y", [count])], fills: [.constant],
      bytesMoved: 4 * count,
      run: { device, a in try device.fill(a[0], with: -1.75) },
      reference: { _, _ in [.exact([Double](repeating: -1.75, count: count))] })
    made.isUniformByNature = true
    return made
  }

  static let map = Op(
    name: "map", functions: ["map"], bound: "exp, log, √ 3 ulp; 1/x 2.5; x² half; |x| the same bits",
    suite: counted("map", [("f", UnaryOperation.allCases.map { "\($0)" })]),
    tinyCount: 24, random: { anyCount(&$0).with("f", "\($0.pick(UnaryOperation.allCases))") }
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    let f: UnaryOperation = try parameters.choice("f")
    let positive = f == .logarithm || f == .squareRoot
    let x: OpArray =
      positive
      ? .input("x", shape) { random, fill in
        .floats(fill.values(shape.count, first: true, &random).map { abs($0) + .leastNormalMagnitude })
      } : .input("x", shape)
    return OpCase(
      operation: "map", parameters: parameters, arrays: [x, .output("y", shape)],
      fills: positive
        ? [.normal, .positive, .integer, .huge, .offset]
        // OpenCL lets devices flush numbers below the smallest normal one: 1/x of these may be infinite.
        : [.normal, .positive, .integer, .huge, .poison, .infinite] + (f == .reciprocal ? [] : [.tiny]),
      bytesMoved: 8 * shape.count,
      run: { device, a in try device.map(f, a[0], into: a[1]) },
      reference: { h, _ in
        let values = h[0].map { f.applied(Double($0)) }
        return [.floats(values, allowed: zip(h[0], values).map { f.allowed(Double($0), $1) })]
      }
    ).uniformWhereOnly(shape.count <= 64 || f != .squareRoot)
  }

  static let combine = Op(
    name: "combine", functions: ["combine"], bound: "half an ulp; a/b 2.5; extremes the same bits",
    suite: counted("combine", [("f", BinaryOperation.allCases.map { "\($0)" })]), tinyCount: 24,
    random: { anyCount(&$0).with("f", "\($0.pick(BinaryOperation.allCases))") }
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    let f: BinaryOperation = try parameters.choice("f")
    return OpCase(
      operation: "combine", parameters: parameters,
      arrays: [.input("a", shape), .input("b", shape), .output("y", shape)],
      fills: [.normal, .positive, .offset, .duplicates, .huge, .poison, .infinite], bytesMoved: 12 * shape.count,
      run: { device, a in try device.combine(f, a[0], a[1], into: a[2]) },
      reference: { h, _ in [f.expected(h[0], h[1])] }
    ).uniformWhereOnly(true)
  }

  static let combineRows = Op(
    name: "combineRows", functions: ["combineRows"], bound: "half an ulp; a/b 2.5; extremes the same bits",
    suite: [(1, 1), (7, 5), (3, 17), (16, 33), (5, 257), (129, 31), (1000, 3), (64, 152)].flatMap { rows, columns in
      BinaryOperation.allCases.map {
        Parameters(dictionaryLiteral: ("rows", rows), ("columns", columns)).with("f", "\($0)")
      }
    }, tinyCount: 18,
    random: {
      Parameters(dictionaryLiteral: ("rows", extentBelow(130, &$0)), ("columns", extentBelow(130, &$0)))
        .with("f", "\($0.pick(BinaryOperation.allCases))")
    }
  ) { parameters in
    let shape: Shape = [try parameters.int("rows"), try parameters.int("columns")]
    let f: BinaryOperation = try parameters.choice("f")
    return OpCase(
      operation: "combineRows", parameters: parameters,
      arrays: [.input("x", shape), .input("vector", [shape[1]]), .output("y", shape)],
      fills: [.normal, .positive, .duplicates, .poison, .infinite], bytesMoved: 8 * shape.count,
      run: { device, a in try device.combineRows(f, a[0], vector: a[1], into: a[2]) },
      reference: { h, _ in [f.expected(h[0], h[0].indices.map { h[1][$0 % shape[1]] })] }
    ).uniformWhereOnly(true)
  }

  static let affine = Op(
    name: "affine", functions: ["affine"], bound: "half an ulp of product and sum", suite: counted("affine"),
    tinyCount: 4, random: anyCount
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    let (scale, shift): (Float, Float) = (-0.6875, 1.3)
    return OpCase(
      operation: "affine", parameters: parameters, arrays: [.input("x", shape), .output("y", shape)],
      fills: [.normal, .positive, .offset, .huge, .poison, .infinite], bytesMoved: 8 * shape.count,
      run: { device, a in try device.affine(a[0], scale: scale, shift: shift, into: a[1]) },
      reference: { h, _ in
        // One rounding of the product, which a fused multiply-add leaves out, and one of the sum.
        let products = h[0].map { Double(scale) * Double($0) }
        let values = products.map { $0 + Double(shift) }
        return [.floats(values, allowed: zip(products, values).map { 0.51 * ulp($0) + 0.51 * ulp($1) })]
      })
  }

  static let clamp = Op(
    name: "clamp", functions: ["clamp"], bound: "the same bits", suite: counted("clamp"), tinyCount: 4, random: anyCount
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    return OpCase(
      operation: "clamp", parameters: parameters, arrays: [.input("x", shape), .output("y", shape)],
      fills: [.normal, .integer, .duplicates, .poison, .infinite], bytesMoved: 8 * shape.count,
      run: { device, a in try device.clamp(a[0], lower: -1.25, upper: 0.75, into: a[1]) },
      reference: { h, _ in [.exact(h[0].map { $0.isNaN ? .nan : min(max(Double($0), -1.25), 0.75) })] }
    ).uniformWhereOnly(true)
  }

  static let activate = Op(
    name: "activate", functions: ["activate"], bound: "tanh 5 ulp; 15 u + 2 u|x|; GELU 17 u|x|; ReLU the same bits",
    suite: counted("activate", [("act", Activation.allCases.map { "\($0)" })]), tinyCount: 32,
    random: { anyCount(&$0).with("act", "\($0.pick(Activation.allCases))") }
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    let activation: Activation = try parameters.choice("act")
    // Silu and gelu of −∞ are −∞ · 0: the formula gives NaN, which nobody needs to agree on.
    let fills: [Fill] = [.normal, .integer, .offset, .huge, .tiny, .poison]
    var made = OpCase(
      operation: "activate", parameters: parameters, arrays: [.input("x", shape), .output("y", shape)],
      fills: fills, bytesMoved: 8 * shape.count,
      run: { device, a in try device.activate(activation, a[0], into: a[1]) },
      reference: { h, _ in [Expected.exact(h[0].map(Double.init)).activated(activation)] })
    made.exponentials = activation.isCurved ? shape.count : 0
    made.isUniformByNature = true
    return made
  }

  static let activateBackward = Op(
    name: "activateBackward", functions: ["activateBackward"],
    bound: "the error of the activation's own function through the derivative's slope; ReLU the same bits",
    suite: activate.suite, tinyCount: activate.tinyCount, random: activate.random
  ) { parameters in
    let shape: Shape = [try parameters.int("n")]
    let activation: Activation = try parameters.choice("act")
    var made = OpCase(
      operation: "activateBackward", parameters: parameters,
      arrays: [.input("dy", shape), .input("x", shape), .output("dx", shape)],
      fills: [.normal, .integer, .offset, .huge, .tiny, .poison], bytesMoved: 12 * shape.count,
      run: { device, a in try device.activateBackward(activation, a[1], outputGradient: a[0], into: a[2]) },
      reference: { h, _ in
        let slopes = h[1].map { activation.slope(Double($0)) }
        let values = zip(h[0], slopes).map { Double($0) * $1.value }
        let smallest = Double(Float.leastNormalMagnitude)
        return [
          .floats(
            values,
            allowed: values.indices.map {
              let size = abs(Double(h[0][$0]))
              let isExact = [.none, .relu, .relu6].contains(activation)
              return isExact ? 0 : size * (slopes[$0].error + smallest * (1 + abs(Double(h[1][$0])))) + ulp(values[$0])
            })
        ]
      })
    made.exponentials = activation.isCurved ? shape.count : 0
    made.adjoint = { h, y in zip(h[1], y).map { activation.slope(Double($0)).value * $1 } }
    made.isUniformByNature = true
    return made
  }
}

extension OpCase {
  /// Says that equal outputs are no cause for mistrust.
  func uniformWhereOnly(_ condition: Bool) -> OpCase {
    var copy = self
    copy.isUniformByNature = condition
    return copy
  }
}

extension UnaryOperation {
  func applied(_ x: Double) -> Double {
    switch self {
    case .squareRoot: x.squareRoot()
    case .square: x * x
    case .absolute: abs(x)
    case .exponential: exp(x)
    case .logarithm: log(x)
    case .reciprocal: 1 / x
    }
  }

  /// OpenCL's bounds: 3 ulp for √, eˣ and ln, 2.5 for 1/x; half a unit where IEEE 754 rounds. Results below the smallest
  /// normal number may be flushed.
  func allowed(_ x: Double, _ y: Double) -> Double {
    let smallest = Double(Float.leastNormalMagnitude)
    let flushed = abs(y) < smallest * (1 + 4 * unit) ? smallest : 0
    switch self {
    case .squareRoot, .logarithm: return 3 * ulp(y)
    case .exponential: return 3 * ulp(y) + flushed
    case .square: return 0.51 * ulp(y) + flushed
    case .absolute: return 0
    case .reciprocal: return 2.5 * ulp(y) + flushed
    }
  }
}

extension BinaryOperation {
  fileprivate func expected(_ a: [Float], _ b: [Float]) -> Expected {
    let values = zip(a, b).map { (a, b) -> Double in
      let (a, b) = (Double(a), Double(b))
      return switch self {
      case .add: a + b
      case .subtract: a - b
      case .multiply: a * b
      case .divide: a / b
      case .maximum: a.isNaN || b.isNaN ? .nan : max(a, b)
      case .minimum: a.isNaN || b.isNaN ? .nan : min(a, b)
      }
    }
    switch self {
    case .maximum, .minimum: return .exact(values)
    case .divide: return .each(values) { 2.5 * ulp($0) }
    case .add, .subtract, .multiply: return .each(values) { 0.51 * ulp($0) }
    }
  }
}

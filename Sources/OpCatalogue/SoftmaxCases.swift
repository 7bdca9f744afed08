import Compute
import Foundation

extension OpCatalogue {
  static let softmax = Op(
    name: "softmax", functions: ["softmax"], bound: "10 u + 2 u|x − max| + 4 u √n of each",
    suite: [
      (1, 1), (3, 7), (5, 16), (2, 17), (7, 64), (4, 65), (3, 257), (31, 33), (16, 1024), (50, 50), (2, 4099),
      (197, 197), (1, 1000),
    ].flatMap { rows, columns in
      [0, 1].map { ["rows": rows, "columns": columns, "log": $0] }
    }, tinyCount: 12,
    random: { ["rows": extentBelow(34, &$0), "columns": extentBelow(1100, &$0), "log": $0.int(0...1)] }
  ) { parameters in
    let p = try SoftmaxProblem(
      rows: parameters.int("rows"), columns: parameters.int("columns"), logarithmic: parameters.flag("log"))
    let shape: Shape = [p.rows, p.columns]
    var made = OpCase(
      operation: "softmax", parameters: parameters, arrays: [.input("x", shape), .output("y", shape)],
      fills: [.normal, .positive, .integer, .offset, .huge, .constant, .duplicates, .poison],
      floatingPointOperations: 5 * p.count, bytesMoved: p.bytesMoved,
      run: { device, a in try device.softmax(p, a[0], into: a[1]) },
      reference: { h, _ in [softened(p, h[0])] })
    made.exponentials = p.count
    made.isUniformByNature = true
    return made
  }

  static let softmaxBackward = Op(
    name: "softmaxBackward", functions: ["softmaxBackward"],
    bound:
      "y (4 u √n Σ|y dy| + 4 u (|dy| + |Σ y dy|)); of logarithms 2 u|dy| + eʸ (4 u √n Σ|dy| + (8 u + 2 u|y|) |Σ dy|)",
    suite: softmax.suite, tinyCount: softmax.tinyCount, random: softmax.random
  ) { parameters in
    let p = try SoftmaxProblem(
      rows: parameters.int("rows"), columns: parameters.int("columns"), logarithmic: parameters.flag("log"))
    let shape: Shape = [p.rows, p.columns]
    var made = OpCase(
      operation: "softmaxBackward", parameters: parameters,
      arrays: [
        .input("dy", shape),
        .input("y", shape) { random, _ in
          let x = (0..<p.count).map { _ in Float(random.normal()) }
          guard case .floats(let y, _, _) = softened(p, x) else { preconditionFailure("A softmax is of floats.") }
          return .floats(y.map(Float.init))
        }, .output("dx", shape),
      ],
      fills: [.normal, .positive, .integer, .offset, .constant, .poison],
      floatingPointOperations: 4 * p.count, bytesMoved: 12 * p.count,
      run: { device, a in try device.softmaxBackward(p, a[1], outputGradient: a[0], into: a[2]) },
      reference: { h, _ in [hardened(p, h[0].map(Double.init), h[1])] })
    if p.logarithmic { made.exponentials = p.count }
    made.adjoint = { h, y in
      // y ⊙ (v − Σ v y) is its own transpose; of logarithms v − Σ e^y v.
      (0..<p.count).map { index in
        let row = index / p.columns * p.columns..<(index / p.columns + 1) * p.columns
        let sum = row.reduce(0) { $0 + y[$1] * (p.logarithmic ? exp(Double(h[1][$1])) : Double(h[1][$1])) }
        return p.logarithmic ? y[index] - sum : Double(h[1][index]) * (y[index] - sum)
      }
    }
    made.isUniformByNature = true
    return made
  }

  private static func hardened(_ p: SoftmaxProblem, _ dy: [Double], _ y: [Float]) -> Expected {
    var (values, allowed) = ([Double](), [Double]())
    for row in 0..<p.rows {
      let line = (row * p.columns)..<((row + 1) * p.columns)
      let terms = line.map { p.logarithmic ? dy[$0] : dy[$0] * Double(y[$0]) }
      let sum = terms.reduce(0, +)
      let sumError = 4 * unit * Double(p.columns).squareRoot() * terms.reduce(0) { $0 + abs($1) }
      for index in line {
        let y = Double(y[index])
        if p.logarithmic {
          values.append(dy[index] - exp(y) * sum)
          allowed.append(
            exp(y) * (sumError + (8 + 2 * abs(y)) * unit * abs(sum)) + 2 * unit * abs(dy[index]) + 2
              * ulp(values[index]))
        } else {
          values.append(y * (dy[index] - sum))
          allowed.append(y * (sumError + 4 * unit * (abs(dy[index]) + abs(sum))) + 2 * ulp(values[index]))
        }
      }
    }
    return .floats(values, allowed: allowed)
  }

  /// eˣ⁻ᵐ errs by 3 ulp and by the rounding of x − m, |x − m| · u; the sum of n positive terms in lanes by some
  /// 4 · u · √n; the quotient by 2. The logarithm adds absolute errors: of the offset and of the last difference.
  private static func softened(_ p: SoftmaxProblem, _ x: [Float]) -> Expected {
    var (values, allowed) = ([Double](), [Double]())
    let sumError = 4 * unit * Double(p.columns).squareRoot()
    for row in 0..<p.rows {
      let line = x[(row * p.columns)..<((row + 1) * p.columns)].map(Double.init)
      let largest = line.contains(where: \.isNaN) ? .nan : line.max() ?? 0
      let sum = line.reduce(0) { $0 + exp($1 - largest) }
      for value in line {
        let y = p.logarithmic ? value - largest - log(sum) : exp(value - largest) / sum
        values.append(y)
        let offset = abs(largest) + log(sum)
        allowed.append(
          p.logarithmic
            ? unit * (2 * abs(offset) + abs(y) + abs(value)) + sumError + 6 * unit
            : (10 * unit + 2 * unit * (largest - value) + sumError) * y + 2 * Double(Float.leastNormalMagnitude))
      }
    }
    return .floats(values, allowed: allowed)
  }
}

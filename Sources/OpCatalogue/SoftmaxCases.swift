import Compute
import Foundation

extension OpCatalogue {
  static let softmax = Op(
    name: "softmax", functions: ["softmax"], bound: "10 u + 2 u|x − max| + 4 u √n of each",
    suite: [0, 1].flatMap { logarithmic in
      [
        (1, 1), (3, 7), (5, 16), (2, 17), (7, 64), (4, 65), (3, 257), (31, 33), (16, 1024), (50, 50), (2, 4099),
        (197, 197), (1, 1000),
      ].map {
        ["rows": $0, "columns": $1, "log": logarithmic]
      }
    }, tinyCount: 6,
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

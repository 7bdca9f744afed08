import Compute
import Networks
import Testing

@Suite("Random rotations")
struct RandomRotationTests {
  @Test(arguments: [1, 2, 3, 7, 32, 61])
  func rotationsAreOrthogonalAndKeepHands(_ width: Int) {
    for seed in 0..<4 as Range<UInt64> {
      let q = RandomRotation.matrix(width: width, RandomKey(seed: seed))
      var worst = 0.0
      for a in 0..<width {
        for b in 0..<width {
          let product = (0..<width).reduce(0.0) { $0 + q[$1 * width + a] * q[$1 * width + b] }
          worst = max(worst, abs(product - (a == b ? 1 : 0)))
        }
      }
      #expect(worst <= 1e-14 * Double(width + 4))
      #expect(abs(determinant(q, width) - 1) <= 1e-12 * Double(width))
      #expect(q == RandomRotation.matrix(width: width, RandomKey(seed: seed)))
    }
  }

  /// By elimination with the largest pivot.
  private func determinant(_ matrix: [Double], _ width: Int) -> Double {
    var (rows, result) = ((0..<width).map { Array(matrix[($0 * width)..<($0 * width + width)]) }, 1.0)
    for column in 0..<width {
      let pivot = (column..<width).max { abs(rows[$0][column]) < abs(rows[$1][column]) } ?? column
      if pivot != column {
        rows.swapAt(pivot, column)
        result = -result
      }
      result *= rows[column][column]
      for row in (column + 1)..<max(width, column + 1) {
        let factor = rows[row][column] / rows[column][column]
        for other in column..<width { rows[row][other] -= factor * rows[column][other] }
      }
    }
    return result
  }

  /// Of Haar's measure on SO(3) the trace has mean 0 and mean square 1, and every element mean 0 and mean square ⅓.
  @Test func rotationsAreUniform() {
    let draws = 4000
    var (trace, traceSquare, first, elements) = (0.0, 0.0, 0.0, [Double](repeating: 0, count: 9))
    for step in 0..<draws {
      let q = RandomRotation.matrix(width: 3, RandomKey(seed: 8, step: UInt32(step)))
      let sum = q[0] + q[4] + q[8]
      trace += sum
      traceSquare += sum * sum
      first += q[0]
      for index in q.indices { elements[index] += q[index] * q[index] }
    }
    // Four deviations of a mean of so many.
    #expect(abs(trace / Double(draws)) <= 4 / Double(draws).squareRoot())
    #expect(abs(traceSquare / Double(draws) - 1) <= 8 / Double(draws).squareRoot())
    #expect(abs(first / Double(draws)) <= 4 / Double(draws).squareRoot())
    for element in elements { #expect(abs(element / Double(draws) - 1.0 / 3) <= 2 / Double(draws).squareRoot()) }
  }
}

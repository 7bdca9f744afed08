public import Compute
import Foundation

/// Fixed random rotations, the soft permutations of CFlow-AD's coupling blocks.
public enum RandomRotation {
  /// A matrix drawn uniformly from SO(width), row-major; its logarithm of the determinant is 0, and its inverse its transpose.
  ///
  /// The product of Householder reflections of normal vectors of width, width − 1, … 1 elements (Stewart 1980, "The efficient
  /// generation of random orthogonal matrices", section 3), which is the Q of a normal matrix's QR with R's diagonal positive; one
  /// column is turned where the determinant is −1. Float64 on the host; (4/3) · width³ operations.
  ///
  /// - key: equal keys give equal matrices
  public static func matrix(width: Int, _ key: RandomKey) -> [Double] {
    precondition(width > 0, "a rotation has a width")
    var random = PhiloxStream(key)
    var normals: [Double] = []
    func normal() -> Double {
      if normals.isEmpty {
        let (radius, angle) = ((-2 * log(1 - random.unit())).squareRoot(), 2 * Double.pi * random.unit())
        normals = [radius * sin(angle), radius * cos(angle)]
      }
      return normals.removeLast()
    }
    var q = [Double](repeating: 0, count: width * width)
    for index in 0..<width { q[index * width + index] = 1 }
    // From the last reflection to the first: each touches the rows and columns from its own on.
    var isReflected = false
    for start in (0..<width).reversed() {
      var v = (start..<width).map { _ in normal() }
      let length = v.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // H v = −sign · length · e₁, which is R's diagonal element: its sign goes to Q's column.
      let sign: Double = v[0] < 0 ? -1 : 1
      v[0] += sign * length
      // A reflection of one element is left out, and only its sign counts.
      let (hasReflection, isTurned) = (v.count > 1, v.count > 1 ? sign > 0 : sign < 0)
      if isTurned { q[start * width + start] = -1 }
      if hasReflection { reflect(&q, width, from: start, v) }
      if hasReflection != isTurned { isReflected.toggle() }
    }
    if isReflected { for row in 0..<width { q[row * width] *= -1 } }
    return q
  }

  /// `Q ← (1 − 2 v vᵀ / vᵀv) Q` from a row and column on.
  private static func reflect(_ q: inout [Double], _ width: Int, from start: Int, _ v: [Double]) {
    let factor = 2 / v.reduce(0) { $0 + $1 * $1 }
    var sums = [Double](repeating: 0, count: width - start)
    for (row, weight) in v.enumerated() {
      let begin = (start + row) * width + start
      for column in sums.indices { sums[column] += weight * q[begin + column] }
    }
    for (row, weight) in v.enumerated() {
      let (begin, weight) = ((start + row) * width + start, weight * factor)
      for column in sums.indices { q[begin + column] -= weight * sums[column] }
    }
  }
}

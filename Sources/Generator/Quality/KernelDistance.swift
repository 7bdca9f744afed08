import Compute
import Tensors

/// The squared maximum mean discrepancy of two sets of rows under the kernel `(x·y / width + 1)³`, unbiased (Gretton et al. 2012,
/// lemma 6): KID (Bińkowski et al. 2018, arXiv 1801.01401) of these descriptors.
///
/// Unbiased, it may fall below 0 where the sets are alike.
struct KernelDistance {
  /// Of all rows, or the mean over subsets.
  let value: Double
  /// Over subsets, of their number; nil where all rows were taken at once.
  let deviation: Double?
  let subsets: Int
  /// Rows of each side taken at once.
  let rows, referenceRows: Int

  /// Of all rows where neither side has more than `subsetSize`. Otherwise of `subsets` subsets, as published: equally many rows of
  /// both sides, drawn without replacement.
  ///
  /// - reference, candidates: [rows, width], at least two each
  init(reference: Tensor, candidates: Tensor, subsetSize: Int, subsets: Int, seed: UInt64) throws {
    let (all, allReference) = (candidates.shape[0], reference.shape[0])
    guard max(all, allReference) > subsetSize else {
      (value, deviation) = (try Self.unbiased(reference, candidates), nil)
      (self.subsets, rows, referenceRows) = (1, all, allReference)
      return
    }
    let size = min(all, allReference, subsetSize)
    let distances = try (0..<subsets).map { subset in
      let drawn = try [reference, candidates].enumerated().map { side, rows in
        let key = RandomKey(seed: seed, stream: Self.stream + UInt32(side), step: UInt32(subset))
        let places = RowDraw.indices(size, of: rows.shape[0], key).map { Int32($0) }
        return try rows.gatheredRows(IndexStorage(places, on: rows.device))
      }
      return try Self.unbiased(drawn[0], drawn[1])
    }
    let mean = distances.reduce(0, +) / Double(subsets)
    let variance = distances.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(subsets)
    (value, deviation, self.subsets) = (mean, variance.squareRoot(), subsets)
    (rows, referenceRows) = (size, size)
  }

  private static let stream: UInt32 = 0x4B49_4400

  /// `Σ_{i≠j} k(xᵢ, xⱼ) / m(m − 1) + Σ_{i≠j} k(yᵢ, yⱼ) / n(n − 1) − 2 Σ k(xᵢ, yⱼ) / mn`
  ///
  /// Of k − 1, whose means differ by the same: what all kernels share would only cost digits. Products and kernels are Float32, sums
  /// over rows Double.
  private static func unbiased(_ x: Tensor, _ y: Tensor) throws -> Double {
    let (m, n) = (Double(x.shape[0]), Double(y.shape[0]))
    return try (sum(x, x) - diagonal(x)) / (m * (m - 1)) + (sum(y, y) - diagonal(y)) / (n * (n - 1))
      - 2 * sum(x, y) / (m * n)
  }

  /// `Σ k(xᵢ, yⱼ) − 1`, a block of rows at a time.
  private static func sum(_ x: Tensor, _ y: Tensor) throws -> Double {
    var sum = 0.0
    for start in stride(from: 0, to: x.shape[0], by: block) {
      // (1 + t)³ − 1 = t (3 + t (3 + t))
      let t = try x.sliced(start..<min(start + block, x.shape[0]))
        .multiplied(by: y, otherTransposed: true, scale: 1 / Float(x.shape[1]))
      let kernels = try t.affine(scale: 1, shift: 3).combined(.multiply, with: t).affine(scale: 1, shift: 3)
        .combined(.multiply, with: t)
      for row in try kernels.reduced(.sum, axis: 1).values() { sum += Double(row) }
    }
    return sum
  }

  private static func diagonal(_ x: Tensor) throws -> Double {
    try x.reduced(.sumOfSquares, axis: 1).values().reduce(0) { sum, square in
      let t = Double(square) / Double(x.shape[1])
      return sum + t * (3 + t * (3 + t))
    }
  }

  private static let block = 512
}

import Compute
import Tensors

/// The set of points that some rows span, as Kynkäänniemi et al. (2019, arXiv 1904.06991, equation 1) estimate it: the union of
/// balls around each row that reach to its k-th nearest other row, borders included.
struct Neighbourhoods {
  /// [rows, width]
  private let rows: Tensor
  private let bank: NeighbourBank
  /// [rows]
  let squaredRadii: [Float]

  /// - rows: [rows, width], more than `neighbours`
  init(_ rows: Tensor, neighbours: Int) throws {
    self.rows = rows
    bank = try rows.neighbourBank()
    // The nearest row of each is itself, or one that equals it.
    let found = try rows.nearest(in: bank, count: neighbours + 1).distances
    squaredRadii = stride(from: neighbours, to: found.count, by: neighbours + 1).map { found[$0] }
  }

  struct Membership {
    /// Of each query whether it lies in some ball, and in how many.
    var isInside: [Bool] = []
    var balls: [Double] = []
    /// The squared distance to the nearest row.
    var squaredDistances: [Float] = []
  }

  /// In which balls queries lie: `‖q − x‖² ≤ r²` by `‖q‖² − 2 q·x + ‖x‖² − r²`, a block of queries at a time, about the bank's mean.
  ///
  /// On a border that is right within the rounding of squared norms, but for a query's nearest row, whose distance is exact: what
  /// equals a row is inside.
  ///
  /// - queries: [queries, width]
  func membership(of queries: Tensor) throws -> Membership {
    let balls = try ballRows()
    var result = Membership()
    for start in stride(from: 0, to: queries.shape[0], by: Self.block) {
      let part = try queries.sliced(start..<min(start + Self.block, queries.shape[0]))
      let centred = try part.combined(.subtract, with: mean)
      let norms = try centred.reduced(.sumOfSquares, axis: 1).reshaped(to: [part.shape[0], 1])
      let ones = try Tensor.filled(1, shape: [part.shape[0], 1], on: part.device)
      let margins = try Tensor.concatenated([centred.affine(scale: -2, shift: 0), norms, ones], axis: 1)
        .multiplied(by: balls, otherTransposed: true)
      let least = try margins.reduced(.minimum, axis: 1).values()
      // 1 where a margin is below 0, without a comparison.
      result.balls += try margins.affine(scale: -1e30, shift: 0).clamped(lower: 0, upper: 1)
        .reduced(.sum, axis: 1).values().map(Double.init)
      let nearest = try part.nearest(in: bank)
      for (index, row) in nearest.rows.enumerated() {
        result.isInside.append(least[index] <= 0 || nearest.distances[index] <= squaredRadii[Int(row)])
      }
      result.squaredDistances += nearest.distances
    }
    return result
  }

  /// Queries at a time: with ten thousand rows a block of margins has twenty megabytes.
  private static let block = 512

  private var mean: Tensor { get throws { try Tensor(bank.mean, shape: [bank.width]) } }

  /// Each row centred, 1, and its squared norm less its squared radius: [rows, width + 2].
  private func ballRows() throws -> Tensor {
    let centred = try rows.combined(.subtract, with: mean)
    let radii = try Tensor(squaredRadii, shape: [bank.rows], on: rows.device)
    let shifts = try centred.reduced(.sumOfSquares, axis: 1).combined(.subtract, with: radii)
    return try Tensor.concatenated(
      [centred, .filled(1, shape: [bank.rows, 1], on: rows.device), shifts.reshaped(to: [bank.rows, 1])], axis: 1)
  }
}

/// How two sets of rows overlap, by their ``Neighbourhoods``.
struct NeighbourhoodOverlap {
  /// The part of candidates in the reference's neighbourhoods, and of reference rows in the candidates' (Kynkäänniemi et al. 2019,
  /// equations 2 and 3).
  let precision, recall: Double
  /// In how many of the reference's balls a candidate lies, over k; the part of reference rows whose ball holds a candidate
  /// (Naeem et al. 2020, arXiv 2002.09797, equations 3 and 4).
  let density, coverage: Double

  /// - reference, candidates: [rows, width], more than `neighbours` each
  init(reference: Tensor, candidates: Tensor, neighbours: Int) throws {
    let real = try Neighbourhoods(reference, neighbours: neighbours)
    let generated = try Neighbourhoods(candidates, neighbours: neighbours)
    let found = try real.membership(of: candidates)
    let covered = try generated.membership(of: reference)
    precision = Self.part(found.isInside)
    recall = Self.part(covered.isInside)
    density = found.balls.reduce(0, +) / Double(neighbours * candidates.shape[0])
    coverage = Self.part(zip(covered.squaredDistances, real.squaredRadii).map { $0 <= $1 })
  }

  private static func part(_ values: [Bool]) -> Double {
    Double(values.count { $0 }) / Double(values.count)
  }
}

/// Scores of attention and the gradients of their probabilities, brought to probabilities and gradients of scores in place:
/// `p = e^(scale · s − logSum)` and `ds = scale · p · (dp − product)`, both 0 for keys that a query does not see.
///
/// - scores, gradients: [groups, queries, keys]
/// - logSums, products: [groups, queries]
public struct ScoreGradientProblem: Hashable, Sendable {
  public let groups, queries, keys: Int
  public let isCausal: Bool
  public let scale: Float

  public var count: Int { groups * queries * keys }
}

public protocol AttentionGradientKernels {
  func scoreGradients(
    _ p: ScoreGradientProblem, scores: Storage, gradients: Storage, logSums: Storage, products: Storage) throws
}

/// What attention's inputs were and what came of them.
public struct AttentionPass: Sendable {
  public let q, k, v, y, logSums: Storage

  public init(q: Storage, k: Storage, v: Storage, y: Storage, logSums: Storage) {
    (self.q, self.k, self.v, self.y, self.logSums) = (q, k, v, y, logSums)
  }
}

extension Device {
  /// The gradients of attention's inputs, from probabilities that are computed again out of their logarithmic sums (Dao et
  /// al. 2022, arXiv 2205.14135, algorithm 4): with dp = dy vᵀ, `dv = pᵀ dy`, `ds = scale · p (dp − Σ dy y)`, `dq = ds k`,
  /// `dk = dsᵀ q`, of as many heads at a time as fit 64 MiB a matrix. All five are products of the device's own kernel, so
  /// nothing is computed twice and sums have one order.
  ///
  /// - outputGradient, queryGradient: as q; keyGradient: as k; valueGradient: as v
  /// - Throws: ``ShapeError`` or ``DeviceError``.
  public func attendBackward(
    _ p: AttentionProblem, _ pass: AttentionPass, outputGradient: Storage, queryGradient: Storage,
    keyGradient: Storage, valueGradient: Storage
  ) throws {
    try p.check(pass.q, pass.k, pass.v, pass.y, pass.logSums, on: self)
    try p.check(queryGradient, keyGradient, valueGradient, outputGradient, pass.logSums, on: self)
    let (groups, width) = (p.batch * p.heads, p.width)
    let q = try headsFirst(pass.q, p, p.queries)
    let k = try headsFirst(pass.k, p, p.keys)
    let v = try headsFirst(pass.v, p, p.keys)
    let dy = try headsFirst(outputGradient, p, p.queries)
    let products = try Storage(count: p.logSumCount, on: self)
    let terms = try Storage(count: p.queryCount, on: self)
    try combine(.multiply, dy, headsFirst(pass.y, p, p.queries), into: terms)
    try reduce(.sum, ReductionProblem(outer: p.logSumCount, reduced: width, inner: 1), terms, into: products)
    // With one head all arrays lie as the products want them.
    let (dq, dk, dv) =
      p.heads == 1
      ? (queryGradient, keyGradient, valueGradient)
      : (
        try Storage(count: p.queryCount, on: self), try Storage(count: p.keyCount, on: self),
        try Storage(count: p.keyCount, on: self)
      )
    let each = min(max((16 << 20) / (p.queries * p.keys), 1), groups)
    for first in stride(from: 0, to: groups, by: each) {
      let part = HeadPart(first: first, count: min(each, groups - first), of: groups)
      let (queries, keys) = (try part.take(q, on: self), try part.take(k, on: self))
      let gradient = try part.take(dy, on: self)
      let count = try Shape.checkedCount([part.count, p.queries, p.keys], operation: "attendBackward")
      let (scores, dp) = (try Storage(count: count, on: self), try Storage(count: count, on: self))
      let outer = try MatrixProblem(
        batch: part.count, rows: p.queries, columns: p.keys, depth: width, transposeB: true)
      try multiply(outer, queries, keys, into: scores, scale: 1, accumulate: false)
      try multiply(outer, gradient, part.take(v, on: self), into: dp, scale: 1, accumulate: false)
      let problem = ScoreGradientProblem(
        groups: part.count, queries: p.queries, keys: p.keys, isCausal: p.isCausal, scale: p.scale)
      try scoreGradients(
        problem, scores: scores, gradients: dp, logSums: part.take(pass.logSums, on: self),
        products: part.take(products, on: self))
      let toKeys = try MatrixProblem(
        batch: part.count, rows: p.keys, columns: width, depth: p.queries, transposeA: true)
      let toQueries = try MatrixProblem(batch: part.count, rows: p.queries, columns: width, depth: p.keys)
      try part.put(into: dv, on: self) { try multiply(toKeys, scores, gradient, into: $0, scale: 1, accumulate: false) }
      try part.put(into: dq, on: self) { try multiply(toQueries, dp, keys, into: $0, scale: 1, accumulate: false) }
      try part.put(into: dk, on: self) { try multiply(toKeys, dp, queries, into: $0, scale: 1, accumulate: false) }
    }
    for (source, target, rows) in p.heads == 1
      ? []
      : [
        (dq, queryGradient, p.queries), (dk, keyGradient, p.keys), (dv, valueGradient, p.keys),
      ]
    {
      try permute(
        PermutationProblem(input: [p.batch, p.heads, rows, width], order: [0, 2, 1, 3]), source, into: target)
    }
  }

  /// [batch, rows, heads, width] as [batch, heads, rows, width], the same array with one head
  private func headsFirst(_ x: Storage, _ p: AttentionProblem, _ rows: Int) throws -> Storage {
    guard p.heads > 1 else { return x }
    let y = try Storage(count: x.count, on: self)
    try permute(PermutationProblem(input: [p.batch, rows, p.heads, p.width], order: [0, 2, 1, 3]), x, into: y)
    return y
  }
}

/// Some of the heads of arrays that hold all of them one after the other.
private struct HeadPart {
  let first, count, all: Int

  init(first: Int, count: Int, of all: Int) { (self.first, self.count, self.all) = (first, count, all) }

  func take(_ x: Storage, on device: any Device) throws -> Storage {
    guard count < all else { return x }
    let size = x.count / all
    let part = try Storage(count: count * size, on: device)
    try device.copy(BlockCopy(rows: count, columns: size, sourceOffset: first * size), from: x, into: part)
    return part
  }

  func put(into y: Storage, on device: any Device, _ make: (Storage) throws -> Void) throws {
    guard count < all else { return try make(y) }
    let size = y.count / all
    let part = try Storage(count: count * size, on: device)
    try make(part)
    try device.copy(BlockCopy(rows: count, columns: size, targetOffset: first * size), from: part, into: y)
  }
}

extension ScoreGradientProblem {
  package func check(
    _ scores: Storage, _ gradients: Storage, _ logSums: Storage, _ products: Storage, on device: any Device
  ) throws {
    let arguments = Arguments("scoreGradients", on: device)
    try arguments.require(scores, "scores", count: count)
    try arguments.require(gradients, "gradients", count: count)
    try arguments.require(logSums, "logSums", count: groups * queries)
    try arguments.require(products, "products", count: groups * queries)
  }
}

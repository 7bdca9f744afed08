import Compute

extension Tensor {
  /// The matrix product `A·B`, one or a batch of them.
  ///
  /// - self: [(batch,) rows, depth], or [(batch,) depth, rows] when `transposed`
  /// - other: [(batch,) depth, columns], or [(batch,) columns, depth] when `otherTransposed`
  /// - result: [(batch,) rows, columns]
  public func multiplied(
    by other: Tensor, transposed: Bool = false, otherTransposed: Bool = false, scale: Float = 1
  ) throws -> Tensor {
    let rank = shape.rank
    guard rank == 2 || rank == 3 else {
      throw ShapeError.outOfRange(operation: "multiply", what: "the rank", value: rank, allowed: 2...3)
    }
    guard other.shape.rank == rank else {
      throw ShapeError.outOfRange(
        operation: "multiply", what: "other's rank", value: other.shape.rank, allowed: rank...rank)
    }
    guard rank == 2 || shape[0] == other.shape[0] else {
      throw ShapeError.mismatch(
        operation: "multiply", argument: "other's batch", expected: [shape[0]], found: [other.shape[0]])
    }
    let (first, second) = (rank - 2, rank - 1)
    let (rows, depth) = transposed ? (shape[second], shape[first]) : (shape[first], shape[second])
    let (otherDepth, columns) =
      otherTransposed ? (other.shape[second], other.shape[first]) : (other.shape[first], other.shape[second])
    guard depth == otherDepth else {
      throw ShapeError.mismatch(
        operation: "multiply", argument: "other's depth", expected: [depth], found: [otherDepth])
    }
    let problem = try MatrixProblem(
      batch: rank == 3 ? shape[0] : 1, rows: rows, columns: columns, depth: depth, transposeA: transposed,
      transposeB: otherTransposed)
    let result = try Tensor.made(Shape((rank == 3 ? [shape[0]] : []) + [rows, columns]), on: device) {
      try device.multiply(problem, storage, other.storage, into: $0, scale: scale, accumulate: false)
    }
    let gradients = MatrixGradients(problem: problem, a: storage, b: other.storage, scale: scale)
    return result.recorded([self, other]) { try gradients.carry($0, to: $1) }
  }

  /// Scaled dot-product attention of these queries, each head by itself.
  ///
  /// - self: [batch, queries, heads, width]
  /// - keys, values: [batch, keys, heads, width]
  /// - isCausal: whether query i sees keys 0 … i only
  /// - result: as self
  public func attended(to keys: Tensor, values: Tensor, isCausal: Bool = false) throws -> Tensor {
    guard shape.rank == 4 else {
      throw ShapeError.outOfRange(operation: "attend", what: "the rank", value: shape.rank, allowed: 4...4)
    }
    let expected = [shape[0], keys.shape.rank == 4 ? keys.shape[1] : 1, shape[2], shape[3]]
    for (name, other) in [("keys", keys), ("values", values)] where other.shape.extents != expected {
      throw ShapeError.mismatch(operation: "attend", argument: name, expected: expected, found: other.shape.extents)
    }
    let problem = try AttentionProblem(
      batch: shape[0], heads: shape[2], queries: shape[1], keys: keys.shape[1], width: shape[3], isCausal: isCausal)
    let logSums = try Storage(count: problem.logSumCount, on: device)
    let result = try Tensor.made(shape, on: device) {
      try device.attend(problem, storage, keys.storage, values.storage, into: $0, logSums: logSums)
    }
    let pass = AttentionPass(q: storage, k: keys.storage, v: values.storage, y: result.storage, logSums: logSums)
    return result.recorded([self, keys, values]) { outputGradient, targets in
      let device = outputGradient.device
      // All three come from the same products, wanted or not.
      let gradients = try [pass.q, pass.k, pass.v].map { try Storage(count: $0.count, on: device) }
      try device.attendBackward(
        problem, pass, outputGradient: outputGradient, queryGradient: gradients[0], keyGradient: gradients[1],
        valueGradient: gradients[2])
      for (target, gradient) in zip(targets, gradients) { try target?.share(gradient) }
    }
  }
}

/// The gradients of `C = scale · A·B`: `dA = scale · dC·Bᵀ` and `dB = scale · Aᵀ·dC`, and their transposes where A or B is
/// given transposed.
private struct MatrixGradients {
  let problem: MatrixProblem
  let a, b: Storage
  let scale: Float

  func carry(_ gradient: Storage, to targets: [GradientTarget?]) throws {
    let p = problem
    try targets[0]?.accumulate { target, accumulate in
      if p.transposeA {
        // dAᵀ: [depth, rows] = B · dCᵀ
        let product = try MatrixProblem(
          batch: p.batch, rows: p.depth, columns: p.rows, depth: p.columns, transposeA: p.transposeB, transposeB: true)
        try a.device.multiply(product, b, gradient, into: target, scale: scale, accumulate: accumulate)
      } else {
        let product = try MatrixProblem(
          batch: p.batch, rows: p.rows, columns: p.depth, depth: p.columns, transposeB: !p.transposeB)
        try a.device.multiply(product, gradient, b, into: target, scale: scale, accumulate: accumulate)
      }
    }
    try targets[1]?.accumulate { target, accumulate in
      if p.transposeB {
        // dBᵀ: [columns, depth] = dCᵀ · A
        let product = try MatrixProblem(
          batch: p.batch, rows: p.columns, columns: p.depth, depth: p.rows, transposeA: true, transposeB: p.transposeA)
        try a.device.multiply(product, gradient, a, into: target, scale: scale, accumulate: accumulate)
      } else {
        let product = try MatrixProblem(
          batch: p.batch, rows: p.depth, columns: p.columns, depth: p.rows, transposeA: !p.transposeA)
        try a.device.multiply(product, a, gradient, into: target, scale: scale, accumulate: accumulate)
      }
    }
  }
}

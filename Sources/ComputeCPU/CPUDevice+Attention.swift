import CLoops
public import Compute

extension CPUDevice {
  public func attend(
    _ p: AttentionProblem, _ q: Storage, _ k: Storage, _ v: Storage, into y: Storage, logSums: Storage
  ) throws {
    try p.check(q, k, v, y, logSums, on: self)
    let blocks = (p.queries + Self.queriesPerTask - 1) / Self.queriesPerTask
    parallel(p.batch * p.heads * blocks, scratchCount: Self.queriesPerTask * (p.keys + 1)) { task, scratch in
      let (group, block) = (task / blocks, task % blocks)
      let queries = (block * Self.queriesPerTask)..<min((block + 1) * Self.queriesPerTask, p.queries)
      attend(p, group: group, queries, q, k, v, y, logSums, scratch)
    }
  }

  public func scoreGradients(
    _ p: ScoreGradientProblem, scores: Storage, gradients: Storage, logSums: Storage, products: Storage
  ) throws {
    try p.check(scores, gradients, logSums, products, on: self)
    parallel(p.groups * p.queries, chunk: Self.elementsPerTask / p.keys) { lines in
      for line in lines {
        let seen = p.isCausal ? min(line % p.queries + 1, p.keys) : p.keys
        loops.pointee.score_gradients(
          scores.pointer + line * p.keys, gradients.pointer + line * p.keys, p.keys, seen, p.scale,
          logSums.pointer[line], products.pointer[line])
      }
    }
    scores.forgetLayouts()
    gradients.forgetLayouts()
  }

  /// Some queries of one head: the matrix of their scores fits a core's cache.
  private func attend(
    _ p: AttentionProblem, group: Int, _ queries: Range<Int>, _ q: Storage, _ k: Storage, _ v: Storage, _ y: Storage,
    _ logSums: Storage, _ scores: UnsafeMutablePointer<Float>
  ) {
    let (picture, head) = (group / p.heads, group % p.heads)
    let step = p.heads * p.width
    let first = (picture * p.queries + queries.lowerBound) * step + head * p.width
    let keys = picture * p.keys * step + head * p.width
    // Keys that any of these queries sees.
    let seen = p.isCausal ? min(queries.upperBound, p.keys) : p.keys
    product(
      rows: queries.count, columns: seen, depth: p.width, scale: p.scale, q.pointer + first, step, k.pointer + keys,
      step, transposeB: true, into: scores, seen)
    for (row, query) in queries.enumerated() {
      let line = scores + row * seen
      let count = p.isCausal ? min(query + 1, seen) : seen
      logSums.pointer[group * p.queries + query] = loops.pointee.softmax_row(line, line, count, 0)
      loops.pointee.fill(line + count, seen - count, 0)
    }
    product(
      rows: queries.count, columns: p.width, depth: seen, scores, seen, v.pointer + keys, step,
      into: y.pointer + first, step)
  }

  private static let queriesPerTask = 64
}

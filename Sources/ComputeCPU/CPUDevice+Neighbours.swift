import CLoops
public import Compute

extension CPUDevice {
  public func makeNeighbourBank(_ x: Storage, rows: Int, width: Int) throws -> NeighbourBank {
    try NeighbourBank.check(x, rows: rows, width: width, on: self)
    let mean = try Storage(count: width, on: self)
    try reduce(.mean, ReductionProblem(outer: 1, reduced: rows, inner: width), x, into: mean)
    let centred = try Storage(count: rows * width, on: self)
    try combineRows(.subtract, x, vector: mean, into: centred)
    let squares = try Storage(count: rows, on: self)
    parallel(rows, chunk: 4096) {
      loops.pointee.squared_norms(
        centred.pointer + $0.lowerBound * width, $0.count, width, squares.pointer + $0.lowerBound)
    }
    return NeighbourBank(
      rows: rows, width: width, values: x, mean: mean, packed: centred, squaredNorms: squares)
  }

  public func nearest(
    _ p: NeighbourProblem, queries: Storage, bank: NeighbourBank, distances: Storage, indices: IndexStorage
  ) throws {
    try p.check(queries, bank, distances, indices, on: self)
    let centred = try Storage(count: queries.count, on: self)
    try combineRows(.subtract, queries, vector: bank.mean, into: centred)
    // Rounding of the expanded form may swap near ties: a few more candidates than asked for are ranked exactly.
    let kept = min(p.count == 1 ? 4 : p.count + 8, p.rows)
    parallel(p.queries, chunk: Self.queriesPerTask) { part in
      let start = part.lowerBound
      withScratch(part.count * Self.rowsPerTile) { products in
        var scores = [Float](repeating: .infinity, count: part.count * kept)
        var rows = [Int32](repeating: 0, count: part.count * kept)
        for tile in stride(from: 0, to: p.rows, by: Self.rowsPerTile) {
          let size = min(Self.rowsPerTile, p.rows - tile)
          product(
            rows: part.count, columns: size, depth: p.width, centred.pointer + start * p.width, p.width,
            bank.packed.pointer + tile * p.width, p.width, transposeB: true, into: products, size)
          for query in 0..<part.count {
            scores.withUnsafeMutableBufferPointer { scores in
              rows.withUnsafeMutableBufferPointer { rows in
                guard let scores = scores.baseAddress, let rows = rows.baseAddress else { return }
                loops.pointee.select_candidates(
                  products + query * size, bank.squaredNorms.pointer + tile, size, tile, kept, scores + query * kept,
                  rows + query * kept)
              }
            }
          }
        }
        for query in 0..<part.count {
          let target = (start + query) * p.count
          rows.withUnsafeBufferPointer { rows in
            guard let rows = rows.baseAddress else { return }
            loops.pointee.rank_candidates(
              queries.pointer + (start + query) * p.width, bank.values.pointer, p.width, kept, rows + query * kept,
              p.count, distances.pointer + target, indices.pointer + target)
          }
        }
      }
    }
  }

  /// A task's distances take 64 x 2048 floats, half a megabyte: they stay in the second-level cache.
  private static let queriesPerTask = 64
  private static let rowsPerTile = 2048

  public func advanceCoreset(
    _ p: CoresetProblem, _ x: Storage, state: CoresetState, stretch: Range<Int>
  ) throws {
    try p.check(x, state, stretch, on: self)
    let chunk = 4096
    let tasks = (p.rows + chunk - 1) / chunk
    var best = [(row: Int, distance: Float)](repeating: (0, -1), count: tasks)
    let squaredDistance = loops.pointee.squared_distance
    withScratch(p.picks) { toEarlier in
      for pick in stretch {
        let last = pick - 1
        let centre = Int(state.picks.pointer[last])
        parallel(last, chunk: 512) { earlier in
          for other in earlier {
            toEarlier[other] = squaredDistance(
              x.pointer + centre * p.width, x.pointer + Int(state.picks.pointer[other]) * p.width, p.width)
          }
        }
        best.withUnsafeMutableBufferPointer { best in
          parallel(tasks) { task in
            best[task].row = loops.pointee.coreset_update(
              x.pointer, p.width, task * chunk, min((task + 1) * chunk, p.rows), centre, last, toEarlier,
              state.minimum.pointer, state.assigned.pointer, &best[task].distance)
          }
        }
        // Chunks in order and a strict comparison: the smallest row of equal distances.
        var farthest = best[0]
        for candidate in best.dropFirst() where candidate.distance > farthest.distance { farthest = candidate }
        state.picks.pointer[pick] = Int32(farthest.row)
        state.pickDistances.pointer[pick] = farthest.distance
      }
    }
  }
}

import Compute
package import Tensors

/// Runs a greedy k-centre selection in stretches, so that progress can be shown and a run be stopped.
package enum CoresetSelection {
  /// Picks between two looks at the host: a few tenths of a second.
  private static let stretch = 256

  /// Where a selection goes on from: the first rows are centres already.
  package struct Start {
    /// Rows `0 ..< centres`, in this order.
    let centres: Int
    /// Of every other row, the squared distance to its nearest centre, and which one that is.
    let squaredDistances: [Float]
    let nearestCentres: [Int32]

    package init(centres: Int, squaredDistances: [Float], nearestCentres: [Int32]) {
      self.centres = centres
      self.squaredDistances = squaredDistances
      self.nearestCentres = nearestCentres
    }
  }

  /// - rows: [rows, width]
  /// - after: centres that are there; by default the first row alone
  /// - count: of all picks, those there are already included
  /// - progress: called with the picks made; may throw to stop.
  /// - result: rows picked, in order; shorter than `count` when fewer rows already cover all.
  package static func picks(
    of rows: Tensor, after start: Start? = nil, count: Int, progress: (Int) throws -> Void
  ) throws -> [Int32] {
    let problem = try CoresetProblem(rows: rows.shape[0], width: rows.shape[1], picks: count)
    let state =
      try start.map { start in
        try CoresetState(
          problem, centres: start.centres, minimum: start.squaredDistances, assigned: start.nearestCentres,
          on: rows.device)
      } ?? CoresetState(problem, on: rows.device)
    let first = start?.centres ?? 1
    var made = first
    while made < count {
      let end = min(made + stretch, count)
      try rows.device.advanceCoreset(problem, rows.storage, state: state, stretch: made..<end)
      try rows.device.synchronize()
      made = end
      try progress(made)
    }
    let (picks, distances) = (try state.picks.values(), try state.pickDistances.values())
    let covered = distances.firstIndex { !($0 > 0) } ?? count
    return Array(picks[..<max(covered, first)])
  }
}

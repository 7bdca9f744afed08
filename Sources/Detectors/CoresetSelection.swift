import Compute
package import Tensors

/// Runs a greedy k-centre selection in stretches, so that progress can be shown and a run be stopped.
package enum CoresetSelection {
  /// Picks between two looks at the host: a few tenths of a second.
  private static let stretch = 256

  /// - rows: [rows, width]
  /// - progress: called with the picks made; may throw to stop.
  /// - result: rows picked, in order, the first row first; shorter than `picks` when fewer rows already cover all.
  package static func picks(of rows: Tensor, count: Int, progress: (Int) throws -> Void) throws -> [Int32] {
    let problem = try CoresetProblem(rows: rows.shape[0], width: rows.shape[1], picks: count)
    let state = try CoresetState(problem, on: rows.device)
    var made = 1
    while made < count {
      let end = min(made + stretch, count)
      try rows.device.advanceCoreset(problem, rows.storage, state: state, stretch: made..<end)
      try rows.device.synchronize()
      made = end
      try progress(made)
    }
    let (picks, distances) = (try state.picks.values(), try state.pickDistances.values())
    let covered = distances.firstIndex { !($0 > 0) } ?? count
    return Array(picks[..<max(covered, 1)])
  }
}

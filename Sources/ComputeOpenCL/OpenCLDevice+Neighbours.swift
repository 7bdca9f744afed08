public import Compute

extension OpenCLDevice {
  public func makeNeighbourBank(_ x: Storage, rows: Int, width: Int) throws -> NeighbourBank {
    try NeighbourBank.check(x, rows: rows, width: width, on: self)
    let mean = try Storage(count: width, on: self)
    try reduce(.mean, ReductionProblem(outer: 1, reduced: rows, inner: width), x, into: mean)
    let centred = try Storage(count: rows * width, on: self)
    try combineRows(.subtract, x, vector: mean, into: centred)
    let padded = (rows + tiling.panel - 1) / tiling.panel * tiling.panel
    let panels = try Storage(count: Shape.checkedCount([padded, width], operation: "nearest"), on: self)
    try launch("neighbours_pack", elements: panels.count, centred, panels, panels.count, width, rows)
    let squares = try Storage(count: padded, on: self)
    try launch("neighbours_norms", elements: padded, centred, squares, padded, width, rows)
    return NeighbourBank(rows: rows, width: width, values: x, mean: mean, packed: panels, squaredNorms: squares)
  }

  public func nearest(
    _ p: NeighbourProblem, queries: Storage, bank: NeighbourBank, distances: Storage, indices: IndexStorage
  ) throws {
    try p.check(queries, bank, distances, indices, on: self)
    let centred = try Storage(count: queries.count, on: self)
    try combineRows(.subtract, queries, vector: bank.mean, into: centred)
    let tasks = (p.queries + tiling.queriesPerTask - 1) / tiling.queriesPerTask
    let panels = bank.packed.count / bank.width / tiling.panel
    // Few queries: the bank is shared out, so that every core has some tasks. No more than that: each part has lists of its
    // own, and what is among the best of a part only is kept in vain.
    let perCore = tiling.shape == .cpu ? 4 : 8
    let wanted = min((perCore * traits.computeUnits + tasks - 1) / tasks, panels)
    let panelsPerSplit = (panels + wanted - 1) / wanted
    let splits = (panels + panelsPerSplit - 1) / panelsPerSplit
    // Rounding of the expanded form may swap near ties: a few more candidates than asked for are ranked exactly.
    let kept = min(p.count == 1 ? 4 : p.count + 8, p.rows)
    let listed = try Shape.checkedCount([p.queries, splits, kept], operation: "nearest")
    let scores = try Storage(count: listed, on: self)
    let candidates = try IndexStorage(count: listed, on: self)
    let group = tiling.shape == .cpu ? 1 : tiling.group
    try launch(
      "neighbours_candidates", size: [tasks * group, splits], group: [group, 1], centred, bank.packed,
      bank.squaredNorms, scores, candidates, p.queries, p.width, panels, panelsPerSplit, kept)
    try launch(
      "neighbours_rank", size: [p.queries], group: [tiling.shape == .cpu ? min(4, tiling.group) : tiling.group],
      queries, bank.values, scores, candidates, distances, indices, p.queries, p.width, splits, kept, p.count)
  }

  public func advanceCoreset(
    _ p: CoresetProblem, _ x: Storage, state: CoresetState, stretch: Range<Int>
  ) throws {
    try p.check(x, state, stretch, on: self)
    // CPU shape: some tasks a core, for balance, of a few hundred rows at least. GPU shape: a work-item a row.
    let chunk =
      tiling.shape == .cpu
      ? max((p.rows + 16 * traits.computeUnits - 1) / (16 * traits.computeUnits), 256)
      : tiling.group
    let groups = (p.rows + chunk - 1) / chunk
    let group = tiling.shape == .cpu ? 1 : tiling.group
    let best = try Storage(count: groups, on: self)
    let rows = try IndexStorage(count: groups, on: self)
    let toEarlier = try Storage(count: p.picks, on: self)
    for pick in stretch {
      let last = pick - 1
      if last > 0 { try launch("coreset_to_earlier", elements: last, x, state.picks, toEarlier, last, p.width) }
      try launch(
        "coreset_update", size: [groups * group], group: [group], x, state.picks, toEarlier, state.minimum,
        state.assigned, best, rows, last, p.width, p.rows, chunk)
      try launch(
        "coreset_pick", size: [group], group: [group], best, rows, state.picks, state.pickDistances, groups, pick)
    }
  }
}

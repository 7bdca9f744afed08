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
    if p.count == 1 {
      try nearestOne(p, queries, centred, bank, distances, indices)
    } else {
      try nearestSorted(p, queries, centred, bank, distances, indices)
    }
  }

  /// Distances are compared in registers and never stored: each lane of each split keeps its best row.
  private func nearestOne(
    _ p: NeighbourProblem, _ queries: Storage, _ centred: Storage, _ bank: NeighbourBank, _ distances: Storage,
    _ indices: IndexStorage
  ) throws {
    let rowsPerTask = tiling.shape == .cpu ? tiling.tile : tiling.rowsPerTask
    let tasks = (p.queries + rowsPerTask - 1) / rowsPerTask
    let panels = bank.packed.count / bank.width / tiling.panel
    // Few queries: the bank is shared out, so that every core has work.
    let splits = min(max(4 * traits.computeUnits / tasks, 1), panels)
    let panelsPerSplit = (panels + splits - 1) / splits
    let usedSplits = (panels + panelsPerSplit - 1) / panelsPerSplit
    let candidateCount = usedSplits * tiling.lanes
    let candidates = try IndexStorage(
      count: Shape.checkedCount([p.queries, candidateCount], operation: "nearest"), on: self)
    let (size, group) =
      tiling.shape == .cpu ? ([tasks, usedSplits], [1, 1]) : ([tasks * tiling.group, usedSplits], [tiling.group, 1])
    try launch(
      "neighbours_candidates", size: size, group: group, centred, bank.packed, bank.squaredNorms, candidates,
      p.queries, p.width, panels, panelsPerSplit)
    try launch(
      "neighbours_best", size: [p.queries], group: [tiling.shape == .cpu ? min(4, tiling.group) : tiling.group],
      queries, bank.values,
      candidates, distances, indices, p.queries, p.width, p.rows, candidateCount)
  }

  /// Products with the bank for some queries at a time, then each query's smallest, ranked exactly.
  private func nearestSorted(
    _ p: NeighbourProblem, _ queries: Storage, _ centred: Storage, _ bank: NeighbourBank, _ distances: Storage,
    _ indices: IndexStorage
  ) throws {
    // 64 MiB of products at a time.
    let chunk = min(max((16 << 20) / p.rows, 1), p.queries)
    let products = try Storage(count: chunk * p.rows, on: self)
    // Rounding of the expanded form may swap near ties: a few more candidates than asked for are ranked exactly.
    let kept = min(p.count + 8, p.rows)
    for first in stride(from: 0, to: p.queries, by: chunk) {
      let count = min(chunk, p.queries - first)
      var part = centred
      if count < p.queries {
        part = try Storage(count: count * p.width, on: self)
        try copy(
          BlockCopy(rows: 1, columns: count * p.width, sourceOffset: first * p.width), from: centred, into: part)
      }
      let problem = TileProblem(rows: count, columns: p.rows, depth: p.width)
      try multiplyTiles(problem, part, bank.packed, Epilogue(), into: products)
      try launch(
        "neighbours_sorted", size: [count], group: [tiling.shape == .cpu ? min(4, tiling.group) : tiling.group],
        queries, bank.values,
        products, bank.squaredNorms, distances, indices, first, count, p.width, p.rows, kept, p.count)
    }
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

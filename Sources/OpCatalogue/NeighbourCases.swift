import Compute

extension OpCatalogue {
  static let nearest = Op(
    name: "nearest", functions: ["makeNeighbourBank", "nearest"],
    bound: "4 u (√w + 4) (d + |q|² + |x|²); rows but for near ties",
    suite: [
      "queries=1 rows=1 width=1", "queries=5 rows=7 width=3", "queries=9 rows=33 width=17 count=3",
      "queries=3 rows=65 width=16", "queries=17 rows=40 width=8 count=9", "queries=2 rows=130 width=5 count=32",
      "queries=3 rows=600 width=3", "queries=9 rows=300 width=3 count=9",
      "queries=64 rows=257 width=31", "queries=129 rows=1000 width=40", "queries=33 rows=2049 width=15 count=5",
      "queries=196 rows=784 width=152", "queries=7 rows=4100 width=64", "queries=1 rows=10000 width=33",
      "queries=100 rows=100 width=1",
      "queries=65 rows=127 width=129 count=9", "queries=31 rows=31 width=33 count=31",
    ].map(listed), tinyCount: 8,
    random: { random in
      let rows = extentBelow(600, &random)
      return [
        "queries": extentBelow(130, &random), "rows": rows, "width": extentBelow(130, &random),
        "count": random.pick([1, 1, min(rows, 3), min(rows, 9), min(rows, 32)]),
      ]
    }
  ) { parameters in
    let p = try NeighbourProblem(
      queries: parameters.int("queries"), rows: parameters.int("rows"), width: parameters.int("width"),
      count: parameters.int("count", 1))
    let result: Shape = [p.queries, p.count]
    var made = OpCase(
      operation: "nearest", parameters: parameters,
      arrays: [
        .input("queries", [p.queries, p.width]), .input("bank", [p.rows, p.width]), .output("distances", result),
        .output("indices", result, isIndex: true),
      ],
      fills: [.normal, .positive, .integer, .offset, .duplicates],
      floatingPointOperations: p.floatingPointOperations, bytesMoved: p.bytesMoved,
      run: { device, a in
        let bank = try device.makeNeighbourBank(a[1], rows: p.rows, width: p.width)
        try device.nearest(p, queries: a[0], bank: bank, distances: a[2], indices: a.indices(3))
      },
      reference: { h, fill in nearestRows(p, h[0], h[1], exact: fill.isExact) })
    made.repeated = { device, a in
      let bank = try device.makeNeighbourBank(a[1], rows: p.rows, width: p.width)
      return { try device.nearest(p, queries: a[0], bank: bank, distances: a[2], indices: a.indices(3)) }
    }
    made.isUniformByNature = true
    return made
  }

  /// Distances are Σ(q − x)² of the rows as given, so they err like a sum of positive terms. Candidates come from the
  /// expanded form around the bank's mean, which errs in proportion to the squared norms: rows whose distances differ by
  /// less than four times that may be exchanged.
  ///
  /// - exact: whether the distances of rows are whole numbers, which Float32 holds: then the order of what is found is known
  private static func nearestRows(
    _ p: NeighbourProblem, _ queries: [Float], _ bank: [Float], exact: Bool
  ) -> [Expected] {
    let mean = (0..<p.width).map { k in
      (0..<p.rows).reduce(0.0) { $0 + Double(bank[$1 * p.width + k]) } / Double(p.rows)
    }
    func row(_ values: [Float], _ index: Int) -> [Double] {
      (0..<p.width).map { Double(values[index * p.width + $0]) }
    }
    func squared(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
    let norms = (0..<p.rows).map { squared(row(bank, $0), mean) }
    let root = Double(p.width).squareRoot()
    var (distances, allowed, indices) = ([Double](), [Double](), [Int32]())
    var all: [[Double]] = []
    var gaps: [Double] = []
    for query in 0..<p.queries {
      let q = row(queries, query)
      let toRows = (0..<p.rows).map { squared(q, row(bank, $0)) }
      let order = toRows.indices.sorted { (toRows[$0], $0) < (toRows[$1], $1) }
      for index in order.prefix(p.count) {
        distances.append(toRows[index])
        indices.append(Int32(index))
      }
      all.append(toRows)
      gaps.append(4 * unit * (root + 4) * (squared(q, mean) + (norms.max() ?? 0)))
    }
    for (place, distance) in distances.enumerated() {
      allowed.append(4 * unit * (root + 4) * distance + gaps[place / p.count])
    }
    // The first row of the bank that is equal to each.
    var firsts: [[Float]: Int] = [:]
    let twins = (0..<p.rows).map { row in
      let values = Array(bank[(row * p.width)..<((row + 1) * p.width)])
      if let first = firsts[values] { return first }
      firsts[values] = row
      return row
    }
    let (expected, tolerated, rows, table) = (distances, gaps, indices, all)
    return [
      .floats(distances, allowed: allowed),
      .integers(rows) { found in
        found.indices.filter { place in
          let (query, index) = (place / p.count, Int(found[place]))
          guard (0..<p.rows).contains(index) else { return true }
          if found[place] == rows[place] { return false }
          let start = query * p.count
          // Equal rows have equal scores, so the first of them must be found, and before the others.
          let found = found[start..<(start + p.count)]
          let isLaterTwin = twins[index] < index && !found[..<place].contains(Int32(twins[index]))
          let isRepeated = found.count { $0 == found[place] } > 1
          let before = place > start ? Int(found[place - 1]) : index
          let isMisplaced =
            exact && (0..<p.rows).contains(before)
            && (table[query][before], before) > (table[query][index], index)
          let isTooFar = !(abs(table[query][index] - expected[place]) <= 4 * tolerated[query])
          return isLaterTwin || isRepeated || isMisplaced || isTooFar
        }
      },
    ]
  }

  static let coreset = Op(
    name: "coreset", functions: ["advanceCoreset"], bound: "the same rows and bits",
    suite: [
      "rows=1 width=1 picks=1", "rows=7 width=3 picks=3", "rows=40 width=17 picks=9 first=5",
      "rows=65 width=16 picks=65",
      "rows=33 width=1 picks=12", "rows=257 width=31 picks=20 stretch=7",
      "rows=1000 width=40 picks=100", "rows=4099 width=152 picks=40", "rows=300 width=15 picks=300 stretch=64",
      "rows=5000 width=33 picks=60 first=4999",
    ].map(listed), tinyCount: 6,
    random: { random in
      let rows = extentBelow(600, &random)
      let picks = random.int(1...min(rows, 80))
      return [
        "rows": rows, "width": extentBelow(130, &random), "picks": picks, "first": random.int(0...(rows - 1)),
        "stretch": random.int(1...picks),
      ]
    }
  ) { parameters in
    let p = try CoresetProblem(
      rows: parameters.int("rows"), width: parameters.int("width"), picks: parameters.int("picks"),
      first: parameters.int("first", 0))
    let stretch = try parameters.int("stretch", p.picks)
    guard stretch >= 1 else { throw CaseError.malformed("stretch must be at least 1") }
    var made = OpCase(
      operation: "coreset", parameters: parameters,
      arrays: [
        .input("x", [p.rows, p.width]), .output("picks", [p.picks], isIndex: true), .output("distances", [p.picks]),
      ],
      fills: [.normal, .integer, .offset, .duplicates, .constant],
      floatingPointOperations: 3 * p.rows * p.width * p.picks, bytesMoved: 4 * p.rows * p.width,
      run: { device, a in
        let state = try CoresetState(p, on: device)
        for start in Swift.stride(from: 1, to: p.picks, by: stretch) {
          try device.advanceCoreset(p, a[0], state: state, stretch: start..<min(start + stretch, p.picks))
        }
        // The state makes its own arrays; what they hold is brought to the guarded ones.
        try device.copy(BlockCopy(rows: 1, columns: p.picks), from: state.pickDistances, into: a[2])
        try a.indices(1).replace(with: state.picks.values())
      },
      reference: { h, _ in picked(p, h[0]) })
    made.isUniformByNature = true
    return made
  }

  /// The selection without pruning, in the documented Float32 order of sums: every device must give the same bits.
  private static func picked(_ p: CoresetProblem, _ x: [Float]) -> [Expected] {
    func distance(_ a: Int, _ b: Int) -> Float {
      var lanes = [Float](repeating: 0, count: 16)
      for k in 0..<p.width {
        let difference = x[a * p.width + k] - x[b * p.width + k]
        let square = difference * difference
        lanes[k % 16] += square
      }
      for step in [8, 4, 2, 1] { for lane in 0..<step { lanes[lane] += lanes[lane + step] } }
      return lanes[0]
    }
    var nearest = [Float](repeating: .infinity, count: p.rows)
    var (picks, distances) = ([p.first], [Double.infinity])
    while picks.count < p.picks {
      for row in 0..<p.rows { nearest[row] = min(nearest[row], distance(row, picks[picks.count - 1])) }
      var farthest = 0
      for row in 0..<p.rows where nearest[row] > nearest[farthest] { farthest = row }
      picks.append(farthest)
      distances.append(Double(nearest[farthest]))
    }
    return [.exact(picks.map(Int32.init)), .exact(distances)]
  }
}

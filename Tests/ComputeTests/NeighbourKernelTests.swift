import Compute
import TestSupport
import Testing

@Suite("Nearest rows")
struct NeighbourKernelTests {
  struct Search: Sendable, CustomTestStringConvertible {
    let queries, rows, width, count: Int
    var testDescription: String { "\(count) of \(rows) x \(width) for \(queries)" }
  }

  private static let searches = [
    Search(queries: 1, rows: 1, width: 1, count: 1), Search(queries: 5, rows: 3, width: 7, count: 1),
    Search(queries: 67, rows: 129, width: 17, count: 1), Search(queries: 13, rows: 2100, width: 31, count: 1),
    Search(queries: 1, rows: 4099, width: 152, count: 1), Search(queries: 9, rows: 9, width: 5, count: 9),
    Search(queries: 3, rows: 65, width: 16, count: 3), Search(queries: 2, rows: 301, width: 24, count: 32),
  ]

  @Test(arguments: TestDevice.all, searches)
  func distancesAreTheSmallest(_ tested: TestDevice, _ s: Search) throws {
    var random = Reproducible(s.rows)
    let (q, x) = (random.floats(s.queries * s.width), random.floats(s.rows * s.width))
    let (distances, indices) = try search(s, q, x, on: tested.device)
    for query in 0..<s.queries {
      let all = Reference.squaredDistances(q[(query * s.width)..<((query + 1) * s.width)], x, width: s.width)
      let sorted = all.sorted().prefix(s.count)
      let found = distances[(query * s.count)..<((query + 1) * s.count)].map(Double.init)
      #expect(zip(found, sorted).allSatisfy { abs($0 - $1) <= $1 * sumTolerance(terms: s.width) })
      // Each row really has the distance that stands beside it, and no row comes twice.
      let rows = indices[(query * s.count)..<((query + 1) * s.count)].map(Int.init)
      #expect(zip(rows, found).allSatisfy { abs(all[$0] - $1) <= all[$0] * sumTolerance(terms: s.width) })
      #expect(Set(rows).count == s.count)
    }
  }

  /// Whole numbers make distances exact, and many of them equal.
  @Test(arguments: TestDevice.all, [1, 5])
  func ofEqualDistancesTheSmallerRowWins(_ tested: TestDevice, count: Int) throws {
    let s = Search(queries: 40, rows: 333, width: 3, count: count)
    var random = Reproducible(11)
    let (q, x) = (random.integers(s.queries * s.width, range: 2), random.integers(s.rows * s.width, range: 2))
    let (_, indices) = try search(s, q, x, on: tested.device)
    for query in 0..<s.queries where count == 1 {
      let all = Reference.squaredDistances(q[(query * s.width)..<((query + 1) * s.width)], x, width: s.width)
      let least = all.min()
      #expect(Int(indices[query]) == all.firstIndex { $0 == least })
    }
    for query in 0..<s.queries {
      let rows = Array(indices[(query * count)..<((query + 1) * count)])
      #expect(Set(rows).count == count)
    }
  }

  /// Rows far from the origin and near to each other: the expanded form alone would lose all digits.
  @Test(arguments: TestDevice.all)
  func anOffsetDoesNotCostDigits(_ tested: TestDevice) throws {
    let s = Search(queries: 21, rows: 500, width: 40, count: 1)
    var random = Reproducible(4)
    let q = random.floats(s.queries * s.width).map { $0 + 1000 }
    let x = random.floats(s.rows * s.width).map { $0 + 1000 }
    let (distances, _) = try search(s, q, x, on: tested.device)
    for query in 0..<s.queries {
      let all = Reference.squaredDistances(q[(query * s.width)..<((query + 1) * s.width)], x, width: s.width)
      let least = all.min() ?? .nan
      #expect(abs(Double(distances[query]) - least) <= 1e-5 * least)
    }
  }

  @Test(arguments: TestDevice.all)
  func aDamagedQueryShows(_ tested: TestDevice) throws {
    let s = Search(queries: 2, rows: 70, width: 4, count: 1)
    var random = Reproducible(6)
    var q = random.floats(8)
    q[1] = .nan
    let (distances, _) = try search(s, q, random.floats(280), on: tested.device)
    #expect(distances[0].isNaN)
    #expect(distances[1].isFinite)
  }

  @Test func moreNeighboursThanRowsThrow() {
    #expect(throws: ShapeError.self) { try NeighbourProblem(queries: 1, rows: 3, width: 2, count: 4) }
    #expect(throws: ShapeError.self) { try NeighbourProblem(queries: 1, rows: 300, width: 2, count: 33) }
  }

  private func search(
    _ s: Search, _ q: [Float], _ x: [Float], on device: any Device
  ) throws -> (distances: [Float], indices: [Int32]) {
    let bank = try device.makeNeighbourBank(Storage(x, on: device), rows: s.rows, width: s.width)
    let distances = try Storage(count: s.queries * s.count, on: device)
    let indices = try IndexStorage(count: s.queries * s.count, on: device)
    try device.nearest(
      NeighbourProblem(queries: s.queries, rows: s.rows, width: s.width, count: s.count),
      queries: Storage(q, on: device), bank: bank, distances: distances, indices: indices)
    return (try distances.values(), try indices.values())
  }
}

@Suite("Greedy k-centre selection")
struct CoresetKernelTests {
  @Test(arguments: TestDevice.all, [(1, 1, 1), (2, 3, 2), (65, 17, 20), (700, 33, 150), (9000, 5, 40)])
  func everyPickIsTheFarthest(_ tested: TestDevice, _ size: (rows: Int, width: Int, picks: Int)) throws {
    var random = Reproducible(size.rows)
    let x = random.floats(size.rows * size.width)
    let (picks, distances) = try select(x, size, first: size.rows / 2, on: tested.device, stretch: 7)
    var nearest = [Double](repeating: .infinity, count: size.rows)
    #expect(Int(picks[0]) == size.rows / 2)
    for step in 1..<max(size.picks, 1) {
      let centre = Int(picks[step - 1])
      let all = Reference.squaredDistances(x[(centre * size.width)..<((centre + 1) * size.width)], x, width: size.width)
      for row in 0..<size.rows { nearest[row] = min(nearest[row], all[row]) }
      let largest = nearest.max() ?? .nan
      let bound = largest * sumTolerance(terms: size.width)
      #expect(nearest[Int(picks[step])] >= largest - bound)
      #expect(abs(Double(distances[step]) - largest) <= bound)
    }
  }

  @Test func devicesPickTheSameRowsAtTheSameDistances() throws {
    var random = Reproducible(21)
    // Clusters, so that the triangle inequality prunes, with exact duplicates among them.
    let centres = random.floats(30 * 24)
    let noise = random.floats(3000 * 24)
    let x = (0..<3000).flatMap { row in
      (0..<24).map { k -> Float in
        let spread: Float = row % 5 == 0 ? 0 : 0.05
        return centres[row % 30 * 24 + k] + spread * noise[row * 24 + k]
      }
    }
    let results = try TestDevice.all.map { try select(x, (3000, 24, 500), first: 0, on: $0.device, stretch: 128) }
    let first = try #require(results.first)
    for (tested, result) in zip(TestDevice.all, results) {
      #expect(result.picks == first.picks, "\(tested.name)")
      #expect(result.distances == first.distances, "\(tested.name)")
    }
  }

  @Test(arguments: TestDevice.all)
  func duplicatesLeaveDistanceZero(_ tested: TestDevice) throws {
    let x: [Float] = [1, 2, 5, 5, 1, 2, 5, 5]
    let (picks, distances) = try select(x, (4, 2, 4), first: 0, on: tested.device, stretch: 3)
    #expect(picks[..<2] == [0, 1])
    #expect(distances[2...] == [0, 0])
  }

  @Test func nonsenseThrows() {
    #expect(throws: ShapeError.self) { try CoresetProblem(rows: 3, width: 2, picks: 4) }
    #expect(throws: ShapeError.self) { try CoresetProblem(rows: 3, width: 2, picks: 0) }
    #expect(throws: ShapeError.self) { try CoresetProblem(rows: 3, width: 2, picks: 1, first: 3) }
  }

  private func select(
    _ x: [Float], _ size: (rows: Int, width: Int, picks: Int), first: Int, on device: any Device, stretch: Int
  ) throws -> (picks: [Int32], distances: [Float]) {
    let problem = try CoresetProblem(rows: size.rows, width: size.width, picks: size.picks, first: first)
    let state = try CoresetState(problem, on: device)
    let storage = try Storage(x, on: device)
    for start in stride(from: 1, to: size.picks, by: stretch) {
      try device.advanceCoreset(problem, storage, state: state, stretch: start..<min(start + stretch, size.picks))
    }
    return (try state.picks.values(), try state.pickDistances.values())
  }
}

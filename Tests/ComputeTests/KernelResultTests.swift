import Compute
import TestSupport
import Testing

/// Results that no case of the catalogue asks for: damaged input, state kept between calls, large selections.
@Suite("Results of device functions beyond the catalogue")
struct KernelResultTests {
  @Test(arguments: TestDevice.all)
  func anIndexOutsideGivesNaN(_ tested: TestDevice) throws {
    let y = try Storage(count: 6, on: tested.device)
    try tested.device.gatherRows(
      Storage([1, 2, 3, 4], on: tested.device), width: 2, indices: IndexStorage([1, -1, 2], on: tested.device), into: y)
    let values = try y.values()
    #expect(Array(values[..<2]) == [3, 4])
    #expect(values[2...].allSatisfy { $0.isNaN })
  }

  @Test(arguments: TestDevice.all)
  func softmaxSpoilsOnlyTheRowOfANaN(_ tested: TestDevice) throws {
    let p = try SoftmaxProblem(rows: 3, columns: 3)
    let x: [Float] = [1, .nan, 2, -.infinity, -.infinity, -.infinity, 0, -.infinity, 0]
    let y = try Storage(count: 9, on: tested.device)
    try tested.device.softmax(p, Storage(x, on: tested.device), into: y)
    let values = try y.values()
    #expect(values[0...5].allSatisfy { $0.isNaN })
    #expect(Array(values[6...]) == [0.5, 0, 0.5])
  }

  /// One weight array that serves two problems must not be packed for one and used for the other.
  @Test(arguments: TestDevice.all)
  func oneWeightArrayServesSeveralShapes(_ tested: TestDevice) throws {
    let device = tested.device
    var random = Reproducible(5)
    let (x, w) = (random.integers(6 * 6 * 4), random.integers(3 * 3 * 4 * 2))
    let shared = try Storage(w, on: device)
    for (kernel, outputs) in [(3, 2), (1, 18), (3, 2)] {
      let p = try ConvolutionProblem(input: [1, 6, 6, 4], weight: [kernel, kernel, 4, outputs])
      let results = try [shared, Storage(w, on: device)].map { weight in
        let y = try Storage(count: p.outputCount, on: device)
        try device.convolve(p, Storage(x, on: device), weight, epilogue: Epilogue(), into: y)
        return try y.values()
      }
      #expect(results[0] == results[1])
      #expect(results[0].contains { $0 != 0 })
    }
  }

  /// B is packed once; not again only while its values are the same.
  @Test(arguments: TestDevice.all)
  func aChangedMatrixIsPackedAgain(_ tested: TestDevice) throws {
    let device = tested.device
    let identity = try Storage([1, 0, 0, 1], on: device)
    let b = try Storage([1, 2, 3, 4], on: device)
    let c = try Storage(count: 4, on: device)
    let plain = try MatrixProblem(rows: 2, columns: 2, depth: 2)
    let transposed = try MatrixProblem(rows: 2, columns: 2, depth: 2, transposeB: true)
    func product(_ p: MatrixProblem) throws -> [Float] {
      try device.multiply(p, identity, b, into: c, scale: 1, accumulate: false)
      return try c.values()
    }
    #expect(try product(plain) == [1, 2, 3, 4])
    #expect(try product(transposed) == [1, 3, 2, 4])
    try device.multiply(plain, identity, identity, into: b, scale: 10, accumulate: true)
    #expect(try product(plain) == [11, 2, 3, 14])
    #expect(try product(transposed) == [11, 3, 2, 14])
  }

  /// Two groups of rows far apart: within one the scores ‖x‖² − 2 q·x are equal after rounding, and only the exact
  /// distances of spare candidates find the nearest.
  @Test(arguments: TestDevice.all)
  func nearTiesAreRankedExactly(_ tested: TestDevice) throws {
    let device = tested.device
    let offsets: [Float] = [0.25, 0.1875, 0.125, 0.0625]
    let rows = offsets.map { 1024 + $0 } + offsets.map { -1024 - $0 }
    let bank = try device.makeNeighbourBank(
      Storage(rows.flatMap { [Float](repeating: $0, count: 8) }, on: device), rows: 8, width: 8)
    let (distance, index) = (try Storage(count: 1, on: device), try IndexStorage(count: 1, on: device))
    try device.nearest(
      NeighbourProblem(queries: 1, rows: 8, width: 8), queries: Storage([Float](repeating: 1024, count: 8), on: device),
      bank: bank, distances: distance, indices: index)
    #expect(try index.values() == [3])
    #expect(try distance.values() == [8 * 0.0625 * 0.0625])
  }

  @Test(arguments: TestDevice.all)
  func aDamagedQueryShows(_ tested: TestDevice) throws {
    let device = tested.device
    var random = Reproducible(6)
    var q = random.floats(8)
    q[1] = .nan
    let bank = try device.makeNeighbourBank(Storage(random.floats(280), on: device), rows: 70, width: 4)
    let (distances, indices) = (try Storage(count: 2, on: device), try IndexStorage(count: 2, on: device))
    try device.nearest(
      NeighbourProblem(queries: 2, rows: 70, width: 4), queries: Storage(q, on: device), bank: bank,
      distances: distances, indices: indices)
    let values = try distances.values()
    #expect(values[0].isNaN)
    #expect(values[1].isFinite)
  }

  /// Clusters, so that the triangle inequality prunes, with exact duplicates among them.
  @Test func devicesPickTheSameRowsAtTheSameDistances() throws {
    var random = Reproducible(21)
    let centres = random.floats(30 * 24)
    let noise = random.floats(3000 * 24)
    let x = (0..<3000).flatMap { row in
      (0..<24).map { k -> Float in
        let spread: Float = row % 5 == 0 ? 0 : 0.05
        return centres[row % 30 * 24 + k] + spread * noise[row * 24 + k]
      }
    }
    let results = try TestDevice.all.map { tested in
      let problem = try CoresetProblem(rows: 3000, width: 24, picks: 500)
      let state = try CoresetState(problem, on: tested.device)
      let storage = try Storage(x, on: tested.device)
      for start in stride(from: 1, to: 500, by: 128) {
        try tested.device.advanceCoreset(problem, storage, state: state, stretch: start..<min(start + 128, 500))
      }
      return (picks: try state.picks.values(), distances: try state.pickDistances.values())
    }
    let first = try #require(results.first)
    #expect(Set(first.picks).count == 500)
    for (tested, result) in zip(TestDevice.all, results) {
      #expect(result.picks == first.picks, "\(tested.name)")
      #expect(result.distances == first.distances, "\(tested.name)")
    }
  }
}

import Compute
import Tensors
import TestSupport
import Testing

@Suite("Nearest rows against PyTorch's values")
struct NeighbourTests {
  /// The fixtures have no two distances that float32 could not order, but for exact duplicates: the first one wins.
  @Test(arguments: TestDevice.all, OperationFixtures.cases("neighbours"))
  func equalsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let (queries, rows) = (
      try fixture.tensor("queries", on: tested.device), try fixture.tensor("bank", on: tested.device)
    )
    let (count, width) = (try fixture.integer("count"), rows.shape[1])
    let problem = try NeighbourProblem(queries: queries.shape[0], rows: rows.shape[0], width: width, count: count)
    let bank = try tested.device.makeNeighbourBank(rows.storage, rows: problem.rows, width: width)
    let distances = try Storage(count: problem.queries * count, on: tested.device)
    let indices = try IndexStorage(count: problem.queries * count, on: tested.device)
    try tested.device.nearest(problem, queries: queries.storage, bank: bank, distances: distances, indices: indices)
    #expect(try indices.values() == fixture.indices("indices"))
    // All terms are positive: the bound of a sum holds for each distance, not only for the largest.
    let tolerance = Tolerance(ofEach: 4 + 2 * Double(width).squareRoot())
    try expectEqual(distances.values(), fixture.values("distances"), within: tolerance, "\(fixture.name)")
  }

  @Test(arguments: TestDevice.all, [0, 33, 8])
  func moreNeighboursThanRowsOrThanTheLargestCountThrow(_ tested: TestDevice, count: Int) throws {
    let rows = count == 33 ? 40 : 7
    #expect(
      throws: ShapeError.outOfRange(
        operation: "nearest", what: "the number of neighbours", value: count, allowed: 1...min(rows, 32))
    ) { try NeighbourProblem(queries: 1, rows: rows, width: 3, count: count) }
  }
}

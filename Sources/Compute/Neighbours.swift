/// Rows prepared for nearest-neighbour search: constant at inference, so their packing is done once.
public struct NeighbourBank: Sendable {
  public let rows, width: Int
  /// [rows, width], as given; final distances are computed from these.
  public let values: Storage
  /// [width]: the rows' mean, subtracted from both sides of the search, which shrinks the norms and with them the
  /// cancellation of `‖q‖² − 2q·x + ‖x‖²`.
  public let mean: Storage
  /// The centred rows in the device's own layout, and their squared norms.
  public let packed: Storage
  public let squaredNorms: Storage

  package init(rows: Int, width: Int, values: Storage, mean: Storage, packed: Storage, squaredNorms: Storage) {
    self.rows = rows
    self.width = width
    self.values = values
    self.mean = mean
    self.packed = packed
    self.squaredNorms = squaredNorms
  }
}

/// The `count` nearest of a bank's rows for each query row.
///
/// - queries: [queries, width]
/// - distances: [queries, count], squared Euclidean, ascending, computed as Σ(q − x)² from the original rows
/// - indices: [queries, count], bank rows; of equal distances the smaller index first. Rows whose distances differ by no
///   more than the search's rounding, some 2⁻²² of their squared distances to the bank's mean, may be exchanged
public struct NeighbourProblem: Hashable, Sendable {
  public static let largestCount = 32
  public let queries, rows, width, count: Int

  /// - Throws: ``ShapeError`` when `count` is more than the rows or more than ``largestCount``.
  public init(queries: Int, rows: Int, width: Int, count: Int = 1) throws(ShapeError) {
    try Shape.checkedCount([queries, width], operation: "nearest")
    try Shape.checkedCount([rows, width], operation: "nearest")
    guard (1...min(rows, Self.largestCount)).contains(count) else {
      throw .outOfRange(
        operation: "nearest", what: "the number of neighbours", value: count, allowed: 1...min(rows, Self.largestCount))
    }
    self.queries = queries
    self.rows = rows
    self.width = width
    self.count = count
  }

  public var floatingPointOperations: Int { 2 * queries * rows * width }
  public var bytesMoved: Int { 4 * (queries + rows) * width }
}

/// Greedy k-centre selection (Sener and Savarese 2018; PatchCore, Roth et al. 2022, algorithm 1) of `picks` of `rows`.
///
/// The next centre is the row farthest from its nearest centre; the smallest index of equal ones. Squared distances are
/// summed in one fixed order on every device (``CoresetState``), so every device picks the same rows.
public struct CoresetProblem: Hashable, Sendable {
  public let rows, width, picks, first: Int

  public init(rows: Int, width: Int, picks: Int, first: Int = 0) throws(ShapeError) {
    try Shape.checkedCount([rows, width], operation: "coreset")
    guard (1...rows).contains(picks) else {
      throw .outOfRange(operation: "coreset", what: "the number of picks", value: picks, allowed: 1...rows)
    }
    guard (0..<rows).contains(first) else {
      throw .outOfRange(operation: "coreset", what: "the first row", value: first, allowed: 0...(rows - 1))
    }
    self.rows = rows
    self.width = width
    self.picks = picks
    self.first = first
  }
}

/// The selection so far, on the device: a long selection is advanced in stretches, so that progress can be shown and
/// the run be stopped.
///
/// Distances: lane `j` of 16 sums `(x − c)²` for k = j, j + 16, j + 32, … by one product and one addition each
/// (no fused multiply-add), then lanes are added in a tree: 8, 4, 2, 1. The same bits on every device.
public struct CoresetState: Sendable {
  /// [rows]: squared distance to the nearest centre, +∞ before the first.
  public let minimum: Storage
  /// [rows]: which pick that nearest centre is.
  public let assigned: IndexStorage
  /// [picks]: the rows picked.
  public let picks: IndexStorage
  /// [picks]: the squared distance at which each was picked (+∞ for the first); 0 means that all rows are covered.
  public let pickDistances: Storage

  public init(_ p: CoresetProblem, on device: any Device) throws {
    minimum = try Storage([Float](repeating: .infinity, count: p.rows), on: device)
    assigned = try IndexStorage([Int32](repeating: 0, count: p.rows), on: device)
    picks = try IndexStorage([Int32](repeating: Int32(p.first), count: p.picks), on: device)
    pickDistances = try Storage([Float](repeating: .infinity, count: p.picks), on: device)
  }

  /// A selection that goes on from centres: rows `0 ..< centres` are the first picks. Go on with pick `centres`.
  ///
  /// - minimum, assigned: [rows − centres], of every other row the squared distance to its nearest centre, and which
  public init(
    _ p: CoresetProblem, centres: Int, minimum others: [Float], assigned nearest: [Int32], on device: any Device
  ) throws {
    guard (1...p.picks).contains(centres) else {
      throw ShapeError.outOfRange(
        operation: "coreset", what: "the number of centres", value: centres, allowed: 1...p.picks)
    }
    guard others.count == p.rows - centres, nearest.count == others.count else {
      throw ShapeError.mismatch(
        operation: "coreset", argument: "minimum", expected: [p.rows - centres], found: [others.count])
    }
    let own = (0..<Int32(centres)).map { $0 }
    minimum = try Storage([Float](repeating: 0, count: centres) + others, on: device)
    assigned = try IndexStorage(own + nearest, on: device)
    picks = try IndexStorage(own + [Int32](repeating: 0, count: p.picks - centres), on: device)
    pickDistances = try Storage([Float](repeating: .infinity, count: p.picks), on: device)
  }
}

public protocol NeighbourKernels {
  /// Packs the rows of `x` for search.
  ///
  /// - x: [rows, width]
  func makeNeighbourBank(_ x: Storage, rows: Int, width: Int) throws -> NeighbourBank
  /// Searches without storing the matrix of distances: candidates by the expanded form, then exact distances.
  func nearest(
    _ p: NeighbourProblem, queries: Storage, bank: NeighbourBank, distances: Storage, indices: IndexStorage) throws
  /// Makes picks `stretch.lowerBound ..< stretch.upperBound` (pick 0 is given by the problem; start at 1).
  ///
  /// To make pick `t`, `minimum` is updated with centre `t − 1`, then the farthest row is taken. Exact pruning by the
  /// triangle inequality skips rows whose own centre is at least twice as near as the new centre is to that centre.
  /// No host round trip per pick.
  func advanceCoreset(_ p: CoresetProblem, _ x: Storage, state: CoresetState, stretch: Range<Int>) throws
}

extension NeighbourBank {
  package static func check(_ x: Storage, rows: Int, width: Int, on device: any Device) throws {
    try Shape.checkedCount([rows, width], operation: "nearest")
    try Arguments("nearest", on: device).require(x, "x", count: rows * width)
  }
}

extension NeighbourProblem {
  package func check(
    _ queries: Storage, _ bank: NeighbourBank, _ distances: Storage, _ indices: IndexStorage, on device: any Device
  ) throws {
    let arguments = Arguments("nearest", on: device)
    try arguments.require(queries, "queries", count: self.queries * width)
    try arguments.require(bank.values, "bank", count: rows * width)
    try arguments.require(distances, "distances", count: self.queries * count)
    try arguments.require(indices, "indices", count: self.queries * count)
  }
}

extension CoresetProblem {
  package func check(_ x: Storage, _ state: CoresetState, _ stretch: Range<Int>, on device: any Device) throws {
    let arguments = Arguments("coreset", on: device)
    try arguments.require(x, "x", count: rows * width)
    try arguments.require(state.minimum, "minimum", count: rows)
    try arguments.require(state.assigned, "assigned", count: rows)
    try arguments.require(state.picks, "picks", count: picks)
    try arguments.require(state.pickDistances, "pick distances", count: picks)
    guard stretch.lowerBound >= 1, stretch.upperBound <= picks else {
      throw ShapeError.outOfRange(
        operation: "coreset", what: "the end of the stretch", value: stretch.upperBound, allowed: 1...picks)
    }
  }
}

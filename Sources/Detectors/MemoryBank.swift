import Compute
import Foundation
import Tensors

/// The descriptors of normal pictures that new ones are compared with.
struct MemoryBank: Sendable {
  let neighbours: NeighbourBank

  /// - rows: [rows, width]
  /// - Throws: ``DetectorError/notFinite(what:)``: a search over NaN would find just any row.
  init(_ rows: Tensor) throws {
    neighbours = try rows.device.makeNeighbourBank(rows.storage, rows: rows.shape[0], width: rows.shape[1])
    // One NaN or infinity in any row is in its column's mean too.
    guard try neighbours.mean.values().allSatisfy(\.isFinite) else {
      throw DetectorError.notFinite(what: "A descriptor of the memory bank")
    }
  }

  /// The greedy k-centre coreset of `rows`, or all of them when the configuration says so.
  init(
    reducing rows: Tensor, _ configuration: PatchCoreConfiguration, progress: (Int, Int) throws -> Void
  ) throws {
    let count = configuration.bankRows(of: rows.shape[0])
    guard count < rows.shape[0] else {
      try self.init(rows)
      return
    }
    let picks = try CoresetSelection.picks(of: rows, count: count) { try progress($0, count) }
    try self.init(rows.gatheredRows(IndexStorage(picks, on: rows.device)))
  }

  /// A bank with more rows, as if it had been made of all of them.
  ///
  /// Where `bank` still holds every row it was made of, that is exactly what happens. Where it is a coreset already, greedy
  /// selection goes on from it: its rows are the first centres, and rows of `added` follow, always the one farthest from
  /// all centres, until there are as many as the configuration gives for all rows together.
  ///
  /// - origin: how many rows `bank` was made of
  /// - added: [rows, width]
  init(
    extending bank: MemoryBank, madeOf origin: Int, with added: Tensor, _ configuration: PatchCoreConfiguration,
    progress: (Int, Int) throws -> Void
  ) throws {
    let old = try Tensor(bank.neighbours.values, shape: [bank.rowCount, bank.neighbours.width])
    let all = try Tensor.concatenated([old, added], axis: 0)
    if bank.rowCount == origin {
      try self.init(reducing: all, configuration, progress: progress)
      return
    }
    let count = min(max(configuration.bankRows(of: origin + added.shape[0]), bank.rowCount), all.shape[0])
    let (squared, rows) = try bank.squaredNearest(added, count: 1)
    let start = CoresetSelection.Start(
      centres: bank.rowCount, squaredDistances: try squared.values(), nearestCentres: try rows.values())
    let picks = try CoresetSelection.picks(of: all, after: start, count: count) { try progress($0, count) }
    try self.init(all.gatheredRows(IndexStorage(picks, on: all.device)))
  }

  var rowCount: Int { neighbours.rows }

  /// Distance of each descriptor to its nearest bank row, and that row.
  ///
  /// - descriptors: [queries, width]; distances: [queries], Euclidean
  func nearest(_ descriptors: Tensor) throws -> (distances: Tensor, rows: IndexStorage) {
    let found = try search(descriptors, count: 1)
    return (try found.distances.reshaped(to: [descriptors.shape[0]]), found.rows)
  }

  /// The image score re-weighted by the neighbourhood of the nearest row (PatchCore, equation 7):
  /// `(1 − e^(d*) / Σ e^(dⱼ)) · s*` over the `count` bank rows nearest to the row `m*`, dⱼ their distances to the patch.
  ///
  /// - patch: [1, width]
  func reweighted(score: Float, patch: Tensor, row: Int32, count: Int) throws -> Float {
    let device = patch.device
    let bank = try Tensor(neighbours.values, shape: [neighbours.rows, neighbours.width])
    let count = min(count, neighbours.rows)
    guard count > 1 else { return score }
    let near = try search(bank.gatheredRows(IndexStorage([row], on: device)), count: count)
    let rows = try bank.gatheredRows(near.rows).values()
    let values = try patch.values()
    let distances = (0..<count).map { j in
      (0..<values.count).reduce(0.0) { sum, k in
        let difference = Double(values[k]) - Double(rows[j * values.count + k])
        return sum + difference * difference
      }.squareRoot()
    }
    // The nearest row is the first of its own neighbours, unless duplicates stand before it: take the given score.
    let largest = distances.max() ?? 0
    let sum = distances.reduce(0.0) { $0 + exp($1 - largest) }
    return Float((1 - exp(Double(score) - largest) / sum) * Double(score))
  }

  private func search(_ queries: Tensor, count: Int) throws -> (distances: Tensor, rows: IndexStorage) {
    let (squared, rows) = try squaredNearest(queries, count: count)
    return (try squared.mapped(.squareRoot), rows)
  }

  /// - squared: [queries, count]
  private func squaredNearest(_ queries: Tensor, count: Int) throws -> (squared: Tensor, rows: IndexStorage) {
    let problem = try NeighbourProblem(
      queries: queries.shape[0], rows: neighbours.rows, width: neighbours.width, count: count)
    let squared = try Storage(count: problem.queries * count, on: queries.device)
    let rows = try IndexStorage(count: problem.queries * count, on: queries.device)
    try queries.device.nearest(
      problem, queries: queries.storage, bank: neighbours, distances: squared, indices: rows)
    return (try Tensor(squared, shape: [problem.queries, count]), rows)
  }
}

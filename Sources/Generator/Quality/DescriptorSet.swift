package import Compute
import Tensors

/// Descriptors of pictures of one kind, checked: all of one size, all numbers.
struct DescriptorSet {
  /// [positions, width] each
  let pictures: [Tensor]
  /// [pictures, width]: of each picture the mean over its positions; nil where there is no picture.
  let means: Tensor?

  /// - shape: [positions, width], of every picture
  /// - Throws: ``GeneratorError``.
  init(_ pictures: [Tensor], shape: Shape, kind: String) throws {
    for picture in pictures where picture.shape != shape || shape.rank != 2 || shape.extents.contains(0) {
      throw GeneratorError.setting(
        name: "quality measures",
        reason:
          "need descriptors [positions, width] of one size: a \(kind) picture's are \(picture.shape), others \(shape)")
    }
    self.pictures = pictures.map(\.detached)
    guard !pictures.isEmpty else {
      means = nil
      return
    }
    let means = try Tensor.concatenated(
      self.pictures.map { try $0.reduced(.mean, axis: 0).reshaped(to: [1, shape[1]]) }, axis: 0)
    // One NaN or infinity in any row is in its picture's mean too.
    guard try means.values().allSatisfy(\.isFinite) else {
      throw GeneratorError.notFinite(what: "A descriptor of a \(kind) picture")
    }
    self.means = means
  }

  private init(_ pictures: [Tensor], _ means: Tensor?) { (self.pictures, self.means) = (pictures, means) }

  var isEmpty: Bool { pictures.isEmpty }
  var count: Int { pictures.count }
  var positions: Int { pictures.first?.shape[0] ?? 0 }
  var rowCount: Int { count * positions }

  func joined(_ other: DescriptorSet) throws -> DescriptorSet {
    let means = [means, other.means].compactMap { $0 }
    return DescriptorSet(pictures + other.pictures, means.isEmpty ? nil : try .concatenated(means, axis: 0))
  }

  /// Of every row the squared distance to the nearest row of `bank`: infinite where that has none.
  ///
  /// In blocks of whole pictures on both sides, so that memory does not grow with either.
  func squaredDistances(to bank: DescriptorSet) throws -> [Float] {
    var nearest = [Float](repeating: .infinity, count: rowCount)
    for part in bank.blocks {
      let neighbours = try bank.rows(part).neighbourBank()
      var start = 0
      for block in blocks {
        let found = try rows(block).nearest(in: neighbours).distances
        for (index, distance) in found.enumerated() where distance < nearest[start + index] {
          nearest[start + index] = distance
        }
        start += found.count
      }
    }
    guard bank.isEmpty || nearest.allSatisfy(\.isFinite) else {
      throw GeneratorError.notFinite(what: "A distance between descriptors")
    }
    return nearest
  }

  /// All rows, or `limit` of them, drawn without replacement, in order.
  ///
  /// - result: [rows, width]; of at least one picture
  func rows(limit: Int, _ key: RandomKey) throws -> Tensor {
    guard rowCount > limit else { return try rows(0..<count) }
    let drawn = RowDraw.indices(limit, of: rowCount, key)
    let places = Dictionary(grouping: drawn) { $0 / positions }
    return try Tensor.concatenated(
      places.keys.sorted().map { picture in
        let rows = (places[picture] ?? []).map { Int32($0 % positions) }
        return try pictures[picture].gatheredRows(IndexStorage(rows, on: pictures[picture].device))
      }, axis: 0)
  }

  private func rows(_ range: Range<Int>) throws -> Tensor { try .concatenated(Array(pictures[range]), axis: 0) }

  /// As many pictures at a time as have some ten thousand rows, at least one.
  private var blocks: [Range<Int>] {
    let length = max(10_000 / max(positions, 1), 1)
    return stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
  }
}

/// Which rows stand for many.
package enum RowDraw {
  /// `count` of the numbers 0 ..< `all`, each set of them equally likely, ascending (Floyd's algorithm: Bentley and Floyd 1987).
  ///
  /// - count: at most `all`
  package static func indices(_ count: Int, of all: Int, _ key: RandomKey) -> [Int] {
    var random = PhiloxStream(key)
    var drawn: Set<Int> = []
    for last in (all - count)..<all {
      if !drawn.insert(Int(random.next() % UInt64(last + 1))).inserted { drawn.insert(last) }
    }
    return drawn.sorted()
  }
}

extension Tensor {
  /// Of rows [rows, width].
  func neighbourBank() throws -> NeighbourBank {
    try device.makeNeighbourBank(storage, rows: shape[0], width: shape[1])
  }

  /// For each of these rows [rows, width] the squared distances to the bank's nearest ones and their numbers, row-major.
  ///
  /// - distances, rows: [rows, count], ascending
  func nearest(in bank: NeighbourBank, count: Int = 1) throws -> (distances: [Float], rows: [Int32]) {
    let problem = try NeighbourProblem(queries: shape[0], rows: bank.rows, width: bank.width, count: count)
    let distances = try Storage(count: shape[0] * count, on: device)
    let rows = try IndexStorage(count: shape[0] * count, on: device)
    try device.nearest(problem, queries: storage, bank: bank, distances: distances, indices: rows)
    return (try distances.values(), try rows.values())
  }
}

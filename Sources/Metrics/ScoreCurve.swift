/// Counts from which every threshold metric follows exactly: for each distinct score of a positive, how many positives
/// have it, and how many negatives have it or lie in the gap below it.
///
/// Ties are treated as one threshold. Counts are 64-bit integers, so they add up across chunks without rounding.
public struct ScoreCurve: Sendable {
  private let grid: ScoreGrid
  /// Positives with each score.
  public let positives: [Int]
  /// For each column of weights the sums over the positives with each score.
  let weights: [[Double]]
  /// Negatives with each score.
  public private(set) var equal: [Int]
  /// Negatives between scores: gaps[0] below u₁, gaps[k] above uₖ and below uₖ₊₁.
  public private(set) var gaps: [Int]
  public let positiveCount: Int

  /// Distinct scores of positives, and the thresholds asked for, ascending: u₁ < u₂ < …
  public var scores: [Float] { grid.scores }
  public var negativeCount: Int { equal.reduce(0, +) + gaps.reduce(0, +) }

  /// - positives: finite scores of defective items
  /// - weights: columns of one weight for each positive
  /// - thresholds: finite; where ``confusion(above:)`` will be asked for
  public init(positives values: [Float], weights columns: [[Double]] = [], thresholds: [Float] = []) {
    precondition(columns.allSatisfy { $0.count == values.count }, "every positive has a weight")
    precondition(values.count + thresholds.count < 1 << 32, "places of positives are 32-bit numbers")
    let all = values + thresholds
    // Score and place in one integer each, so that integers are sorted. Zeros of both signs are one score.
    var order = all.indices.map { UInt64(ScoreGrid.ordered(all[$0] + 0)) << 32 | UInt64($0) }
    order.sort()
    var (scores, counts): ([Float], [Int]) = ([], [])
    var sums = [[Double]](repeating: [], count: columns.count)
    var tied: [Double] = []
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, order[end] >> 32 == order[start] >> 32 { end += 1 }
      let places = order[start..<end].lazy.map { Int($0 & 0xFFFF_FFFF) }.filter { $0 < values.count }
      scores.append(all[Int(order[start] & 0xFFFF_FFFF)] + 0)
      counts.append(places.reduce(0) { count, _ in count + 1 })
      for column in columns.indices {
        // Summed in the order of their size, so that the order of pictures cannot matter.
        tied.removeAll(keepingCapacity: true)
        for place in places { tied.append(columns[column][place]) }
        if tied.count > 1 { tied.sort() }
        sums[column].append(tied.reduce(0, +))
      }
      start = end
    }
    grid = ScoreGrid(scores)
    positives = counts
    positiveCount = values.count
    weights = sums
    equal = [Int](repeating: 0, count: scores.count)
    gaps = [Int](repeating: 0, count: scores.count + 1)
  }

  /// Counts negatives: all values, or those where the mask is zero and that are not ignored. They must be finite.
  ///
  /// - mask, ignore: as many as values
  public mutating func count(negatives values: [Float], where mask: [UInt8]? = nil, ignore: [UInt8]? = nil) {
    for given in [mask, ignore] {
      precondition(given.map { $0.count == values.count } ?? true, "a mask has a value for every score")
    }
    equal.withUnsafeMutableBufferPointer { equal in
      gaps.withUnsafeMutableBufferPointer { gaps in
        grid.withSearch { search in
          // In blocks: the table's entries are fetched for many pixels at once, which the searches would keep waiting.
          withUnsafeTemporaryAllocation(of: Float.self, capacity: 512) { block in
            withUnsafeTemporaryAllocation(of: ScoreGrid.Range.self, capacity: 512) { ranges in
              var filled = 0
              func flush() {
                for index in 0..<filled { ranges[index] = search.range(block[index]) }
                for index in 0..<filled {
                  let (place, isEqual) = search.place(block[index], in: ranges[index])
                  if isEqual { equal[place] += 1 } else { gaps[place] += 1 }
                }
                filled = 0
              }
              for index in values.indices where (mask?[index] ?? 0) | (ignore?[index] ?? 0) == 0 {
                block[filled] = values[index] + 0
                filled += 1
                if filled == 512 { flush() }
              }
              flush()
            }
          }
        }
      }
    }
  }

  /// Adds another curve's negatives; both must have been made from the same positives.
  public mutating func merge(_ other: ScoreCurve) {
    precondition(
      other.scores == scores && other.positives == positives && other.weights == weights,
      "curves of different positives cannot be merged")
    for index in equal.indices { equal[index] += other.equal[index] }
    for index in gaps.indices { gaps[index] += other.gaps[index] }
  }
}

/// Counts from which every threshold metric follows exactly: for each distinct score of a positive, how many positives
/// have it, and how many negatives have it or lie in the gap below it.
///
/// Ties are treated as one threshold. Counts are 64-bit integers, so they add up across chunks without rounding.
public struct ScoreCurve: Sendable {
  /// Distinct scores of positives, ascending: u₁ < u₂ < …
  public let scores: [Float]
  /// Positives with each score.
  public let positives: [Int]
  /// Summed weights of the positives with each score.
  let weights: [Double]
  /// Negatives with each score.
  public private(set) var equal: [Int]
  /// Negatives between scores: gaps[0] below u₁, gaps[k] above uₖ and below uₖ₊₁.
  public private(set) var gaps: [Int]
  /// For each value of a score's upper 16 bits, the first u that can be reached: shortens the search.
  private let buckets: [Int32]

  public var positiveCount: Int { positives.reduce(0, +) }
  public var negativeCount: Int { equal.reduce(0, +) + gaps.reduce(0, +) }

  /// - positives: finite scores of defective items; weights: one each, 1 unless given
  public init(positives values: [Float], weights given: [Double]? = nil) {
    precondition(given.map { $0.count == values.count } ?? true, "every positive has a weight")
    // Score and place in one integer each, so that integers are sorted.
    let order = values.indices.map { UInt64(Self.ordered(values[$0] + 0)) << 32 | UInt64($0) }.sorted()
    var scores: [Float] = []
    var counts: [Int] = []
    var sums: [Double] = []
    var tied: [Double] = []
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, order[end] >> 32 == order[start] >> 32 { end += 1 }
      // Zeros of both signs are one score.
      scores.append(values[Int(order[start] & 0xFFFF_FFFF)] + 0)
      counts.append(end - start)
      if let given {
        // Summed in the order of their size, so that the order of pictures cannot matter.
        tied.removeAll(keepingCapacity: true)
        for place in order[start..<end] { tied.append(given[Int(place & 0xFFFF_FFFF)]) }
        if tied.count > 1 { tied.sort() }
        sums.append(tied.reduce(0, +))
      } else {
        sums.append(Double(end - start))
      }
      start = end
    }
    self.scores = scores
    positives = counts
    weights = sums
    equal = [Int](repeating: 0, count: scores.count)
    gaps = [Int](repeating: 0, count: scores.count + 1)
    var buckets = [Int32](repeating: 0, count: (1 << 16) + 1)
    var next = 0
    for bucket in 0..<(1 << 16) {
      while next < scores.count, Self.ordered(scores[next]) >> 16 < bucket { next += 1 }
      buckets[bucket] = Int32(next)
    }
    buckets[1 << 16] = Int32(scores.count)
    self.buckets = buckets
  }

  /// The float's bits as an integer that sorts like it.
  private static func ordered(_ value: Float) -> UInt32 {
    let bits = value.bitPattern
    return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
  }

  /// Counts negatives: all values, or those where the mask is zero. The values must be finite.
  public mutating func count(negatives values: [Float], where mask: [UInt8]? = nil) {
    precondition(mask.map { $0.count == values.count } ?? true, "a mask has a value for every score")
    // The arrays are reached through pointers once a chunk: this loop sees every normal pixel of a data set.
    equal.withUnsafeMutableBufferPointer { equal in
      gaps.withUnsafeMutableBufferPointer { gaps in
        scores.withUnsafeBufferPointer { scores in
          buckets.withUnsafeBufferPointer { buckets in
            for index in values.indices where mask == nil || mask?[index] == 0 {
              let value = values[index] + 0
              let bucket = Int(Self.ordered(value) >> 16)
              var (low, high) = (Int(buckets[bucket]), Int(buckets[bucket + 1]))
              while low < high {
                let middle = (low + high) / 2
                if scores[middle] < value { low = middle + 1 } else { high = middle }
              }
              if low < scores.count, scores[low] == value { equal[low] += 1 } else { gaps[low] += 1 }
            }
          }
        }
      }
    }
  }

  /// Adds another curve's negatives; both must have been made from the same positives.
  public mutating func merge(_ other: ScoreCurve) {
    precondition(other.scores == scores, "curves of different positives cannot be merged")
    for index in equal.indices { equal[index] += other.equal[index] }
    for index in gaps.indices { gaps[index] += other.gaps[index] }
  }
}

extension ScoreCurve {
  /// Area under the ROC curve: the chance that a positive scores above a negative, ties counting half.
  public var auroc: MetricValue {
    let (positive, negative) = (positiveCount, negativeCount)
    if let reason = missingClass(positive, negative) { return .undefined(reason: reason) }
    var below = 0
    // Ordered pairs, in halves: exact up to 2⁵², and to 16 digits beyond.
    var pairs: Double = 0
    for index in scores.indices {
      below += gaps[index]
      pairs += Double(positives[index]) * (Double(below) + 0.5 * Double(equal[index]))
      below += equal[index]
    }
    return .defined(pairs / (Double(positive) * Double(negative)))
  }

  /// Average precision: Σ (recall − previous recall) · precision over distinct thresholds, as scikit-learn's.
  public var averagePrecision: MetricValue {
    let positive = positiveCount
    guard positive > 0 else { return .undefined(reason: "there is no defective item") }
    var sum = 0.0
    walk { truePositives, falsePositives, index in
      sum +=
        Double(positives[index]) / Double(positive) * Double(truePositives)
        / Double(truePositives + falsePositives)
    }
    return .defined(sum)
  }

  /// The largest F1 = 2 TP / (2 TP + FP + FN) and its threshold, the largest one on ties; predictions are "score ≥ t".
  public var bestF1: (value: MetricValue, threshold: Float?) {
    let positive = positiveCount
    guard positive > 0 else { return (.undefined(reason: "there is no defective item"), nil) }
    var best = -1.0
    var threshold: Float?
    walk { truePositives, falsePositives, index in
      let value = 2 * Double(truePositives) / Double(truePositives + falsePositives + positive)
      if value > best { (best, threshold) = (value, scores[index]) }
    }
    return (.defined(best), threshold)
  }

  /// Area under the weighted recall over the false-positive rate from 0 to `limit`, divided by `limit`.
  ///
  /// - total: the sum of all weights. With weights 1/|region| and the number of regions this is AUPRO.
  func area(limit: Double, total: Double) -> Double {
    let negative = Double(negativeCount)
    var falsePositives = 0
    var (rate, recall, area) = (0.0, 0.0, 0.0)
    // One segment of the curve: `width` false positives over which the recall climbs by `rise`.
    func advance(_ width: Int, _ rise: Double) -> Bool {
      falsePositives += width
      let next = Double(falsePositives) / negative
      guard next > limit else {
        area += (next - rate) * (recall + rise / 2)
        (rate, recall) = (next, recall + rise)
        return true
      }
      let part = (limit - rate) / (next - rate)
      area += (limit - rate) * (recall + rise * part / 2)
      return false
    }
    guard advance(gaps[scores.count], 0) else { return area / limit }
    for index in scores.indices.reversed() {
      guard advance(equal[index], weights[index] / total), advance(gaps[index], 0) else { break }
    }
    return area / limit
  }

  /// Calls `body` at each distinct positive score, from the largest, with the counts of scores at or above it.
  private func walk(_ body: (_ truePositives: Int, _ falsePositives: Int, _ index: Int) -> Void) {
    var (truePositives, falsePositives) = (0, gaps[scores.count])
    for index in scores.indices.reversed() {
      truePositives += positives[index]
      falsePositives += equal[index]
      body(truePositives, falsePositives, index)
      falsePositives += gaps[index]
    }
  }

  func missingClass(_ positive: Int, _ negative: Int) -> String? {
    if positive == 0 { return "there is no defective item" }
    return negative == 0 ? "there is no good item" : nil
  }
}

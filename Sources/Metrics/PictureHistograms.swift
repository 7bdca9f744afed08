/// Scores of positives and negatives, picture by picture, in bins: enough to find AUROC again for any draw of the pictures.
///
/// Scores in one bin count as ties, so with as many bins as distinct scores AUROC is exact.
public struct PictureHistograms: Sendable {
  /// Ascending; a score belongs to the last bin whose edge is not above it, or to the first.
  public let edges: [Float]
  private var positives: [[Int32]] = []
  private var negatives: [[Int32]] = []

  public var pictures: Int { positives.count }

  /// - scores: finite; all that there are, or a sample of them
  /// - bins: at most so many, with about equally many scores each
  public init(scores: [Float], bins: Int = .max) {
    let sorted = scores.sorted()
    let step = max(Double(sorted.count) / Double(max(bins, 1)), 1)
    var edges: [Float] = []
    var place = 0.0
    while Int(place) < sorted.count {
      let score = sorted[Int(place)]
      if edges.last.map({ $0 < score }) ?? true { edges.append(score) }
      place += step
    }
    self.edges = edges.isEmpty ? [0] : edges
  }

  /// Adds a picture's scores, which must be finite.
  public mutating func add(positives: [Float], negatives: [Float]) {
    self.positives.append(histogram(positives))
    self.negatives.append(histogram(negatives))
  }

  private func histogram(_ scores: [Float]) -> [Int32] {
    var counts = [Int32](repeating: 0, count: edges.count)
    for score in scores {
      var (low, high) = (0, edges.count)
      while low < high {
        let middle = (low + high) / 2
        if edges[middle] <= score { low = middle + 1 } else { high = middle }
      }
      counts[max(low - 1, 0)] += 1
    }
    return counts
  }

  /// The area under the ROC curve of a draw; nil where it has no positive or no negative.
  ///
  /// - times: how often each picture was drawn
  public func auroc(times: [Int]) -> Double? {
    precondition(times.count == pictures, "every picture is drawn so many times")
    let (found, others) = (sum(positives, times), sum(negatives, times))
    var (below, area) = (0.0, 0.0)
    for (positive, negative) in zip(found, others) {
      area += positive * (below + negative / 2)
      below += negative
    }
    let all = found.reduce(0, +)
    return all > 0 && below > 0 ? area / (all * below) : nil
  }

  private func sum(_ histograms: [[Int32]], _ times: [Int]) -> [Double] {
    var sum = [Double](repeating: 0, count: edges.count)
    for (histogram, count) in zip(histograms, times) where count > 0 {
      for bin in sum.indices { sum[bin] += Double(Int(histogram[bin]) * count) }
    }
    return sum
  }
}

/// Draws of pictures with repetition, the same for all that is compared (Efron and Tibshirani 1993, chapter 8).
public struct PictureDraws: Sendable {
  /// [draws][pictures]: how often each picture is in a draw.
  public let times: [[Int]]

  /// - groups: each picture's; a draw has as many of each group as there are, so that no class is missing
  public init(
    groups: [some Hashable], draws: Int, using random: inout some RandomNumberGenerator
  ) {
    // In the order of their first pictures: a dictionary's own differs from run to run.
    let members = Dictionary(grouping: groups.indices) { groups[$0] }.values.sorted { $0[0] < $1[0] }
    times = (0..<draws).map { _ in
      var times = [Int](repeating: 0, count: groups.count)
      for group in members {
        for _ in group { times[group[Int.random(in: 0..<group.count, using: &random)]] += 1 }
      }
      return times
    }
  }
}

/// The middle part of values: from their 2.5 to their 97.5 per cent point unless said otherwise.
public struct PercentileInterval: Codable, Hashable, Sendable {
  public let low: Double
  public let high: Double

  /// - values: finite, at least one; points between two values are interpolated
  public init(_ values: [Double], part: Double = 0.95) {
    let sorted = values.sorted()
    func point(_ part: Double) -> Double {
      let place = part * Double(sorted.count - 1)
      let index = min(Int(place), sorted.count - 1)
      let next = sorted[min(index + 1, sorted.count - 1)]
      return sorted[index] + (next - sorted[index]) * (place - Double(index))
    }
    (low, high) = (point((1 - part) / 2), point((1 + part) / 2))
  }
}

/// Whether two scores put items in the same order.
public enum RankCorrelation {
  /// Spearman's ρ: Pearson's correlation of the ranks, where equal scores share the mean of theirs.
  ///
  /// - x, y: equally many
  public static func spearman(_ x: [Float], _ y: [Float]) -> MetricValue {
    precondition(x.count == y.count, "every item has two scores")
    guard x.count > 1 else { return .undefined(reason: "fewer than two items have no order") }
    guard !(x + y).contains(where: \.isNaN) else { return .undefined(reason: "a score is not a number") }
    let (a, b) = (ranks(x), ranks(y))
    // Ranks sum to n (n + 1) / 2, whatever is tied.
    let mean = Double(x.count + 1) / 2
    var (products, first, second) = (0.0, 0.0, 0.0)
    for (a, b) in zip(a, b) {
      products += (a - mean) * (b - mean)
      first += (a - mean) * (a - mean)
      second += (b - mean) * (b - mean)
    }
    guard first > 0, second > 0 else { return .undefined(reason: "all scores of a kind are equal") }
    return .defined(products / (first * second).squareRoot())
  }

  /// From 1, in halves.
  private static func ranks(_ values: [Float]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
      for place in start..<end { ranks[order[place]] = Double(start + end + 1) / 2 }
      start = end
    }
    return ranks
  }
}

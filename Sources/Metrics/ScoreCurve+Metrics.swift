/// How many items are called right and wrong at one threshold.
public struct ConfusionCounts: Hashable, Sendable {
  public let truePositives: Int
  public let falsePositives: Int
  public let trueNegatives: Int
  public let falseNegatives: Int

  /// The mean of the parts of defective and of good items that are called so: (TP/(TP + FN) + TN/(TN + FP))/2.
  public var balancedAccuracy: MetricValue {
    let (positive, negative) = (truePositives + falseNegatives, trueNegatives + falsePositives)
    if let reason = ScoreCurve.missingClass(positive, negative) { return .undefined(reason: reason) }
    return .defined((Double(truePositives) / Double(positive) + Double(trueNegatives) / Double(negative)) / 2)
  }
}

extension ScoreCurve {
  /// Area under the ROC curve: the chance that a positive scores above a negative, ties counting half.
  public var auroc: MetricValue {
    let (positive, negative) = (positiveCount, negativeCount)
    if let missing { return .undefined(reason: missing) }
    var below = 0
    // Ordered pairs, in halves: exact up to 2⁵², and to 16 digits beyond.
    var pairs: Double = 0
    for index in positives.indices {
      below += gaps[index]
      pairs += Double(positives[index]) * (Double(below) + 0.5 * Double(equal[index]))
      below += equal[index]
    }
    return .defined(pairs / (Double(positive) * Double(negative)))
  }

  /// Average precision: Σ (recall − previous recall) · precision over distinct thresholds, as scikit-learn's; not the
  /// trapezoids under the precision-recall curve.
  public var averagePrecision: MetricValue {
    if let missing { return .undefined(reason: missing) }
    let positive = Double(positiveCount)
    var sum = 0.0
    walk { truePositives, falsePositives, index in
      // A threshold without a positive may stand above every item, where precision is 0/0.
      guard positives[index] > 0 else { return }
      sum += Double(positives[index]) / positive * Double(truePositives) / Double(truePositives + falsePositives)
    }
    return .defined(sum)
  }

  /// The largest F1 = 2 TP / (2 TP + FP + FN) and its threshold, the largest one on ties; predictions are "score ≥ t".
  public var bestF1: (value: MetricValue, threshold: Float?) {
    best { 2 * Double($0) / Double($0 + $1 + positiveCount) }
  }

  /// The largest intersection over union TP / (TP + FP + FN) and its threshold; predictions are "score ≥ t".
  public var bestIoU: (value: MetricValue, threshold: Float?) {
    best { Double($0) / Double($1 + positiveCount) }
  }

  private func best(_ score: (_ truePositives: Int, _ falsePositives: Int) -> Double) -> (MetricValue, Float?) {
    if let missing { return (.undefined(reason: missing), nil) }
    var (best, threshold): (Double, Float?) = (-1, nil)
    let scores = scores
    walk { truePositives, falsePositives, index in
      let value = score(truePositives, falsePositives)
      if positives[index] > 0, value > best { (best, threshold) = (value, scores[index]) }
    }
    return (.defined(best), threshold)
  }

  /// The smallest part of negatives called defective at a threshold that finds at least `recall` of the positives.
  public func falsePositiveRate(recall: Double) -> MetricValue {
    guard recall > 0, recall <= 1 else { return .undefined(reason: "the recall must lie above 0 and not above 1") }
    if let missing { return .undefined(reason: missing) }
    var found: Int?
    walk { truePositives, falsePositives, _ in
      // Divided before it is compared: 19 of 20 then is 0.95, and not a little less.
      if found == nil, Double(truePositives) / Double(positiveCount) >= recall { found = falsePositives }
    }
    return .defined(Double(found ?? negativeCount) / Double(negativeCount))
  }

  /// Counts where "score > threshold" is called defective, as verdicts are.
  ///
  /// - threshold: one of the scores or of the thresholds named in the initializer; another is a programming error.
  public func confusion(above threshold: Float) -> ConfusionCounts {
    guard let place = scores.firstIndex(of: threshold) else {
      preconditionFailure("counts are known at positives' scores and at the thresholds named beforehand")
    }
    let truePositives = positives[(place + 1)...].reduce(0, +)
    let falsePositives = equal[(place + 1)...].reduce(0, +) + gaps[(place + 1)...].reduce(0, +)
    return ConfusionCounts(
      truePositives: truePositives, falsePositives: falsePositives, trueNegatives: negativeCount - falsePositives,
      falseNegatives: positiveCount - truePositives)
  }

  /// Area under a column of weights, summed from the largest score down, over the false-positive rate from 0 to `limit`,
  /// divided by `limit`. Straight lines join the curve's points, and cut it at the limit.
  ///
  /// - total: the curve's height is the sum of weights over this
  func area(limit: Double, column: Int, total: Double) -> Double {
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
    guard advance(gaps[positives.count], 0) else { return area / limit }
    for index in positives.indices.reversed() {
      guard advance(equal[index], weights[column][index] / total), advance(gaps[index], 0) else { break }
    }
    return area / limit
  }

  /// Calls `body` at each score, from the largest, with the counts of items at or above it.
  private func walk(_ body: (_ truePositives: Int, _ falsePositives: Int, _ index: Int) -> Void) {
    var (truePositives, falsePositives) = (0, gaps[positives.count])
    for index in positives.indices.reversed() {
      truePositives += positives[index]
      falsePositives += equal[index]
      body(truePositives, falsePositives, index)
      falsePositives += gaps[index]
    }
  }

  /// Why there is no metric, where a class is missing.
  var missing: String? { Self.missingClass(positiveCount, negativeCount) }

  static func missingClass(_ positive: Int, _ negative: Int) -> String? {
    if positive == 0 { return "there is no defective item" }
    return negative == 0 ? "there is no good item" : nil
  }
}

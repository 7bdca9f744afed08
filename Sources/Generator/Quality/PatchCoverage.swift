/// How much generated rows are used by a nearest-neighbour detector: a generator whose rows are nobody's nearest neighbours
/// changes nothing.
struct PatchCoverage {
  /// The part of held-out rows whose nearest row is a generated one.
  let share: Double
  /// The mean over held-out rows of `d(real ∪ generated) / d(real)`; 1 where a row is in the bank already.
  let distanceFactor: Double

  /// The bank is real ∪ generated. Both are searched apart, so that equal distances are real rows' whatever the search's order.
  ///
  /// - toReal, toGenerated: [held-out rows], squared distances to the nearest row of each, at least one
  init(toReal: [Float], toGenerated: [Float]) {
    var (used, factors) = (0, 0.0)
    for (real, generated) in zip(toReal, toGenerated) {
      if generated < real {
        used += 1
        factors += (Double(generated) / Double(real)).squareRoot()
      } else {
        factors += 1
      }
    }
    share = Double(used) / Double(toReal.count)
    distanceFactor = factors / Double(toReal.count)
  }
}

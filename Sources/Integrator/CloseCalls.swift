import Prompts

/// Candidates that may be judged otherwise when cosines move within their bounds.
///
/// Each cosine of candidate c is known within b_c, and thresholds within the settings' bound. Along the order of any device, its
/// accepted ones are all *possible* and hold all that are *sure*:
/// - possible: it may be above the thresholds; of the solid ones that surely come before it there are fewer than M, and of none
///   of them it is surely nearly the same. (Each of those is accepted, or M others were before it.)
/// - solid: possible, above the thresholds whatever happens, and of no possible one that may come before it perhaps nearly the same.
///   Only the rank can reject it.
/// - sure: solid, with fewer than M possible ones that may come before it.
///
/// What is possible and not sure is close.
struct CloseCalls {
  /// In rising order.
  var candidates: [Int] { possible.filter { !sure.contains($0) }.sorted() }

  private let scores: [CandidateScores]
  private let settings: CandidateSelection.Settings
  private let bounds, lower, upper: [Double]
  private let isSurelyAbove: [Bool]
  private(set) var possible: [Int] = []
  private(set) var sure: Set<Int> = []
  private var solid: [Int] = []

  /// - values: by which candidates are ranked
  init(
    _ scores: [CandidateScores], _ values: [Double], _ thresholds: SelectionThresholds,
    _ settings: CandidateSelection.Settings
  ) {
    let bounds = scores.map { $0.bound ?? settings.scoreBound }
    /// Whether both similarities are above with that much more, or less.
    func isAbove(_ index: Int, _ sign: Double) -> Bool {
      let slack = sign * (bounds[index] + settings.scoreBound)
      return scores[index].text + slack >= thresholds.text && scores[index].picture + slack >= thresholds.picture
    }
    (self.scores, self.settings, self.bounds) = (scores, settings, bounds)
    (lower, upper) = (zip(values, bounds).map(-), zip(values, bounds).map(+))
    isSurelyAbove = scores.indices.map { isAbove($0, -1) }
    // Without bounds the order is certain, that of equals, too.
    guard settings.scoreBound > 0 || bounds.contains(where: { $0 > 0 }) else { return }
    walk(scores.indices.filter { isAbove($0, 1) }.sorted { (-upper[$0], $0) < (-upper[$1], $1) })
  }

  /// By falling upper ends: all that may come before d is known once upper ends are below d's lower end.
  private mutating func walk(_ order: [Int]) {
    var waiting: [Int] = []
    for index in order {
      judge(waiting.filter { lower[$0] > upper[index] })
      waiting.removeAll { lower[$0] > upper[index] }
      guard isPossible(index) else { continue }
      possible.append(index)
      waiting.append(index)
    }
    judge(waiting)
  }

  private func isPossible(_ index: Int) -> Bool {
    let before = solid.filter { lower[$0] > upper[index] }
    return before.count < settings.kept
      && !before.contains { cosine(index, $0) - bounds[index] - bounds[$0] > settings.duplicateCosine }
  }

  private mutating func judge(_ indices: [Int]) {
    for index in indices where isSurelyAbove[index] {
      let before = possible.filter { $0 != index && upper[$0] >= lower[index] }
      guard
        !before.contains(where: { cosine(index, $0) + bounds[index] + bounds[$0] > settings.duplicateCosine })
      else { continue }
      solid.append(index)
      if before.count < settings.kept { sure.insert(index) }
    }
  }

  /// Beyond every limit for candidates of one group.
  private func cosine(_ a: Int, _ b: Int) -> Double {
    scores[a].isOfSameGroup(scores[b]) ? .infinity : Cosine.of(scores[a].vector, scores[b].vector)
  }
}

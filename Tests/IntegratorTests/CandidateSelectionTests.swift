import Compute
import Foundation
import TestSupport
import Testing

@testable import Integrator

@Suite("Selection of candidates")
struct CandidateSelectionTests {
  private static func vector(_ degrees: Double) -> [Float] { PlaneEncoder.vector(degrees) }
  private static func cosine(_ degrees: Double) -> Double { cos(degrees / 180 * .pi) }

  /// References at 0, 10 and 40 degrees, the text at 50. The mean of the others: of 0 at 25, of 10 at 20, of 40 at 5.
  @Test func thresholdsFollowTheEquations() throws {
    let found = try SelectionThresholds(
      references: [0, 10, 40].map(Self.vector), target: Self.vector(50), CandidateSelection.Settings())
    #expect(abs(found.text - (Self.cosine(50) - 0.01)) <= 1e-6)
    // Sorted: 35, 25, 10 degrees; a twentieth of the way through two gaps.
    let guardValue = Self.cosine(35) + 0.1 * (Self.cosine(25) - Self.cosine(35))
    #expect(abs(found.picture - (guardValue - 0.01)) <= 1e-6)
    let sum = [0.0, 10, 40].reduce((0.0, 0.0)) { ($0.0 + Self.cosine($1), $0.1 + Self.cosine(90 - $1)) }
    let length = (sum.0 * sum.0 + sum.1 * sum.1).squareRoot()
    #expect(
      abs(Double(found.centre[0]) - sum.0 / length) <= 1e-6 && abs(Double(found.centre[1]) - sum.1 / length) <= 1e-6)
    var settings = CandidateSelection.Settings()
    (settings.textMargin, settings.pictureMargin, settings.guardQuantile) = (0, 0.5, 1)
    let other = try SelectionThresholds(
      references: [0, 10, 40].map(Self.vector), target: Self.vector(50), settings)
    #expect(abs(other.text - Self.cosine(50)) <= 1e-6 && abs(other.picture - (Self.cosine(10) - 0.5)) <= 1e-6)
  }

  @Test func quantilesAreNumPys() {
    // numpy.quantile([3, 1, 4, 1, 5], [0, .05, .5, .9, 1])
    for (part, expected) in [(0, 1), (0.05, 1), (0.5, 3), (0.9, 4.6), (1, 5)] {
      #expect(abs(SelectionThresholds.quantile(part, of: [3, 1, 4, 1, 5]) - expected) <= 1e-12)
    }
  }

  @Test func tooFewOrDamagedReferencesAreRefused() {
    #expect(throws: IntegratorError.self) {
      try SelectionThresholds(references: [Self.vector(3)], target: Self.vector(0), CandidateSelection.Settings())
    }
    #expect(throws: IntegratorError.self) {
      try SelectionThresholds(
        references: [Self.vector(3), [.nan, 0]], target: Self.vector(0), CandidateSelection.Settings())
    }
  }

  private static func thresholds(text: Double, picture: Double) throws -> SelectionThresholds {
    // Its values are made to order by margins.
    var settings = CandidateSelection.Settings()
    (settings.textMargin, settings.pictureMargin) = (1 - text, 1 - picture)
    return try SelectionThresholds(references: [vector(0), vector(0)], target: vector(0), settings)
  }

  /// Every verdict once: the likeness to accepted ones counts only above both thresholds, and before the rank.
  @Test func verdictsByHand() throws {
    let scores: [(Double, Double, Double)] = [
      (0.5, 0.9, 0), (0.8, 0.2, 20), (0.7, 0.9, 40), (0.7, 0.8, 43), (0.9, 0.7, 60), (0.2, 0.2, 80), (0.65, 0.9, 100),
      (0.7, 0.9, 120), (0.45, 0.9, 61),
    ]
    let candidates = scores.map { CandidateScores(text: $0.0, picture: $0.1, vector: Self.vector($0.2)) }
    var settings = CandidateSelection.Settings()
    (settings.kept, settings.duplicateCosine) = (3, Self.cosine(5))
    let found = try CandidateSelection(candidates, Self.thresholds(text: 0.4, picture: 0.5), settings)
    #expect(found.accepted == [4, 2, 7])
    let expected: [CandidateSelection.Verdict] = [
      .rejected(reason: .rank), .rejected(reason: .pictureGuard), .accepted(rank: 2), .rejected(reason: .duplicate),
      .accepted(rank: 1), .rejected(reason: .text), .rejected(reason: .rank), .accepted(rank: 3),
      .rejected(reason: .duplicate),
    ]
    #expect(found.verdicts == expected)
    #expect(found.nearest.map { $0?.candidate } == [2, nil, 4, 2, nil, nil, 7, 4, 4])
    #expect(abs((found.nearest[3]?.cosine ?? 0) - Self.cosine(3)) <= 1e-6)
    #expect(found.trainingSet(shots: [100, 101], candidates: Array(0..<9)) == [100, 101, 4, 2, 7])
    // By likeness to the real pictures, equals by number.
    settings.ranking = .picture
    let other = try CandidateSelection(candidates, Self.thresholds(text: 0.4, picture: 0.5), settings)
    #expect(other.accepted == [0, 2, 6])
    // Nothing is nearly the same above 1, and none are kept of none.
    (settings.duplicateCosine, settings.kept) = (2, 100)
    #expect(try CandidateSelection(candidates, Self.thresholds(text: 0.4, picture: 0.5), settings).accepted.count == 7)
    settings.kept = 0
    #expect(try CandidateSelection(candidates, Self.thresholds(text: 0.4, picture: 0.5), settings).accepted == [])
    #expect(try CandidateSelection([], Self.thresholds(text: 0.4, picture: 0.5), settings).verdicts.isEmpty)
  }

  @Test func valuesOnThresholdsPassAndDamagedOnesAreRefused() throws {
    let thresholds = try Self.thresholds(text: 0.5, picture: 0.5)
    let on = CandidateScores(text: thresholds.text, picture: thresholds.picture, vector: Self.vector(0))
    #expect(try CandidateSelection([on], thresholds, CandidateSelection.Settings()).accepted == [0])
    for damaged in [
      CandidateScores(text: .nan, picture: 1, vector: [1, 0]), CandidateScores(text: 1, picture: .nan, vector: [1, 0]),
    ] {
      #expect(throws: IntegratorError.self) {
        try CandidateSelection([damaged], thresholds, CandidateSelection.Settings())
      }
    }
    var settings = CandidateSelection.Settings()
    settings.kept = -1
    #expect(throws: IntegratorError.self) { try CandidateSelection([on], thresholds, settings) }
    #expect(CandidateSelection.Settings.kept(shots: 4, areAll: false) == 40)
    #expect(CandidateSelection.Settings.kept(shots: 60, areAll: true) == 30)
  }

  /// A draw of scores: some equal, some vectors nearly the same.
  private struct Draw {
    var random: PhiloxStream
    var settings = CandidateSelection.Settings()
    var scores: [CandidateScores] = []

    init(_ number: Int) {
      random = PhiloxStream(RandomKey(seed: 77, step: UInt32(number)))
      settings.kept = Int(random.next() % 9)
      settings.ranking = random.next() % 2 == 0 ? .text : .picture
      settings.duplicateCosine = random.next() % 3 == 0 ? 2 : 0.99
      let isCoarse = random.next() % 2 == 0
      let groups = random.next() % 3 == 0 ? 7 : 0
      scores = (0..<Int(random.next() % 40)).map { _ in
        let values = [random.unit(), random.unit()].map { isCoarse ? ($0 * 8).rounded() / 8 : $0 }
        return CandidateScores(
          text: values[0], picture: values[1], vector: CandidateSelectionTests.vector(random.unit() * 120),
          group: groups == 0 ? nil : Int(random.next() % 9) % groups)
      }
    }
  }

  private static func isAbove(_ score: CandidateScores, _ thresholds: SelectionThresholds) -> Bool {
    score.text >= thresholds.text && score.picture >= thresholds.picture
  }

  @Test func whatHoldsForAnyScores() throws {
    for number in 0..<300 {
      let draw = Draw(number)
      let thresholds = try Self.thresholds(text: 0.3, picture: 0.4)
      let found = try CandidateSelection(draw.scores, thresholds, draw.settings)
      #expect(found.accepted.count <= draw.settings.kept && Set(found.accepted).count == found.accepted.count)
      for (index, verdict) in found.verdicts.enumerated() {
        let score = draw.scores[index]
        switch verdict {
        case .accepted(let rank): #expect(found.accepted[rank - 1] == index && Self.isAbove(score, thresholds))
        case .rejected(.text): #expect(score.text < thresholds.text)
        case .rejected(.pictureGuard): #expect(score.text >= thresholds.text && score.picture < thresholds.picture)
        case .rejected(.duplicate):
          let isNearlySame = found.nearest[index].map { $0.cosine > draw.settings.duplicateCosine } ?? false
          let isOfGroup = found.accepted.contains { score.group != nil && draw.scores[$0].group == score.group }
          #expect(Self.isAbove(score, thresholds) && (isNearlySame || isOfGroup))
        case .rejected(.rank):
          #expect(Self.isAbove(score, thresholds) && found.accepted.count == draw.settings.kept)
        }
      }
      // By rank values fall, equals come in their order; no two are nearly the same.
      for (first, second) in zip(found.accepted, found.accepted.dropFirst()) {
        let values = [first, second].map {
          draw.settings.ranking == .text ? draw.scores[$0].text : draw.scores[$0].picture
        }
        #expect(values[0] > values[1] || (values[0] == values[1] && first < second))
      }
      for a in found.accepted {
        for b in found.accepted where a < b {
          let cosine = zip(draw.scores[a].vector, draw.scores[b].vector).reduce(0) { $0 + Double($1.0) * Double($1.1) }
          #expect(cosine <= draw.settings.duplicateCosine)
          #expect(draw.scores[a].group == nil || draw.scores[a].group != draw.scores[b].group)
        }
      }
      #expect(try CandidateSelection(draw.scores, thresholds, draw.settings) == found)
    }
  }

  /// With higher thresholds nothing comes above them that was below. What is accepted shrinks, too, where candidates are ranked
  /// by the similarity whose threshold rises, or where neither rank, likeness nor group rejects; else one that goes makes room.
  @Test func acceptanceIsMonotoneInTheThresholds() throws {
    for number in 0..<300 {
      let draw = Draw(number)
      let steps = [0, 0.2, 0.5, 0.9]
      for (low, high) in zip(steps, steps.dropFirst()) {
        for isText in [true, false] {
          func accepted(_ level: Double, _ settings: CandidateSelection.Settings) throws -> (
            above: Set<Int>, kept: Set<Int>
          ) {
            let found = try CandidateSelection(
              draw.scores, Self.thresholds(text: isText ? level : 0.25, picture: isText ? 0.25 : level), settings)
            let above = found.verdicts.indices.filter {
              ![.rejected(reason: .text), .rejected(reason: .pictureGuard)].contains(found.verdicts[$0])
            }
            return (Set(above), Set(found.accepted))
          }
          let (lower, higher) = (try accepted(low, draw.settings), try accepted(high, draw.settings))
          #expect(higher.above.isSubset(of: lower.above))
          if (draw.settings.ranking == .text) == isText { #expect(higher.kept.isSubset(of: lower.kept)) }
          var open = draw.settings
          (open.kept, open.duplicateCosine) = (1000, 2)
          guard draw.scores.allSatisfy({ $0.group == nil }) else { continue }
          #expect(try accepted(high, open).kept.isSubset(of: accepted(low, open).kept))
        }
      }
    }
  }

  /// Whatever cosines do within their bounds, candidates that are not listed keep their place inside or outside.
  @Test func onlyListedCandidatesChange() throws {
    var (changed, listed, all) = (0, 0, 0)
    for number in 0..<400 {
      var draw = Draw(number)
      draw.settings.scoreBound = [0, 1e-4, 0.01, 0.03][number % 4]
      let bound = draw.settings.scoreBound
      if number % 5 == 0, let first = draw.scores.first {
        draw.scores[0] = CandidateScores(
          text: first.text, picture: first.picture, vector: first.vector, bound: .infinity, group: first.group)
      }
      let found = try CandidateSelection(draw.scores, Self.thresholds(text: 0.3, picture: 0.4), draw.settings)
      let close = Set(found.close)
      (listed, all) = (listed + close.count, all + draw.scores.count)
      if bound == 0, number % 5 != 0 { #expect(close.isEmpty) }
      for _ in 0..<8 {
        func moved(_ value: Double, _ bound: Double) -> Double { value + bound * (2 * draw.random.unit() - 1) }
        var other: [CandidateScores] = []
        for score in draw.scores {
          let isAny = score.bound == .infinity
          // An angle moves a cosine by no more than itself.
          let angle = atan2(Double(score.vector[1]), Double(score.vector[0])) * 180 / .pi
          let turned = isAny ? draw.random.unit() * 120 : angle + moved(0, bound) * 180 / .pi * 0.999
          other.append(
            CandidateScores(
              text: isAny ? draw.random.unit() : moved(score.text, bound),
              picture: isAny ? draw.random.unit() : moved(score.picture, bound), vector: Self.vector(turned),
              group: score.group))
        }
        let thresholds = try Self.thresholds(text: moved(0.3, bound), picture: moved(0.4, bound))
        let there = try CandidateSelection(other, thresholds, draw.settings)
        let difference = Set(found.accepted).symmetricDifference(there.accepted)
        #expect(difference.isSubset(of: close), "draw \(number)")
        changed += difference.count
      }
    }
    // The test has something to find, and not all are listed.
    #expect(changed > 100 && listed * 2 < all)
  }

  /// A stranger beside the cut: only those within reach of it are listed.
  @Test func thoseBesideTheCutAreListed() throws {
    var settings = CandidateSelection.Settings()
    (settings.kept, settings.scoreBound) = (2, 0.01)
    func close(_ texts: [Double]) throws -> [Int] {
      let scores = texts.enumerated().map {
        CandidateScores(text: $0.element, picture: 0.9, vector: Self.vector(Double($0.offset) * 20))
      }
      return try CandidateSelection(scores, Self.thresholds(text: 0.3, picture: 0.4), settings).close
    }
    #expect(try close([0.9, 0.8, 0.7]) == [])
    #expect(try close([0.9, 0.8, 0.785, 0.6]) == [1, 2])
    #expect(try close([0.9, 0.31]) == [1])
    #expect(try close([0.9, 0.29]) == [1])
    #expect(try close([0.9, 0.33]) == [] && close([0.9, 0.27]) == [])
    // Near the threshold, but below the cut.
    #expect(try close([0.9, 0.8, 0.31]) == [])
  }
}

import Compute
import Foundation
import Generator
import Images
import Prompts
import Tensors
import TestSupport
import Testing
import TextImage

@testable import Integrator

@Suite("Integrator")
struct IntegratorTests {
  private static let originals = [
    Original(parent: 0, copy: 0), Original(parent: 0, copy: 1), Original(parent: 1, copy: 0),
  ]

  private static func plane(
    prompts: [String] = ["30"], references: [Double] = [20, 25, 40],
    _ change: (inout Integrator.Settings) -> Void = { _ in }
  ) throws -> Integrator {
    var settings = Integrator.Settings()
    (settings.selection.duplicateCosine, settings.selection.kept) = (0.9999999, 5)
    change(&settings)
    return try Integrator(
      settings, encoder: PlaneEncoder(), prompts: prompts.map { Prompt($0) },
      references: references.map(PlaneEncoder.picture))
  }

  /// A picture whose angle the key decides.
  private static func made(_ original: Int, _ key: CandidateKey, _ target: [Float]) throws -> MadePicture {
    var random = PhiloxStream(key.random(.latent))
    return MadePicture(image: try PlaneEncoder.picture(60 * random.unit()), temperature: 0.5)
  }

  @Test func keysDependOnSeedRoundAndIndexAlone() throws {
    let (few, many) = (try Self.plane { $0.variants = 2 }, try Self.plane { $0.variants = 5 })
    let keys = few.keys(round: 1, originals: 3)
    #expect(keys.map(\.original) == [0, 1, 2, 0, 1, 2] && keys.map(\.key.index) == Array(0..<6))
    #expect(many.keys(round: 1, originals: 3).prefix(6).map(\.key) == keys.map(\.key))
    let all = (0..<3).flatMap { round in many.keys(round: round, originals: 3).map(\.key.seed) }
    #expect(Set(all).count == 45)
    #expect(try Self.plane { $0.seed = 43 }.keys(round: 1, originals: 3)[0].key.seed != keys[0].key.seed)
    #expect(keys[0].key.random(.crops, step: 3) != keys[0].key.random(.noise, step: 3))
  }

  @Test func everyCandidateIsRecorded() throws {
    let integrator = try Self.plane()
    var visited: [ScoredCandidate] = []
    let outcome = try integrator.run(originals: Self.originals, make: Self.made) { scored, image in
      let vector = try integrator.encoder.vectors(ofPictures: [image])[0]
      #expect(vector == scored.vector)
      visited.append(scored)
      return true
    }
    #expect(outcome.isComplete && outcome.candidates.count == 12 && visited.count == 12 && outcome.aims.count == 1)
    #expect(visited.allSatisfy { $0.candidate.verdict == nil })
    let aim = outcome.aims[0]
    #expect(aim.prompts == ["30"])
    for (index, scored) in outcome.candidates.enumerated() {
      let candidate = scored.candidate
      #expect(candidate.key.index == index && candidate.original == index % 3 && candidate.temperature == 0.5)
      #expect(candidate.parent == Self.originals[index % 3].parent && candidate.copy == Self.originals[index % 3].copy)
      func cosine(_ a: [Float]) -> Double { zip(a, scored.vector).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
      #expect(candidate.textSimilarity == cosine(aim.target))
      #expect(candidate.pictureSimilarity == cosine(aim.thresholds.centre))
      #expect(candidate.verdict == outcome.selection.verdicts[index])
      #expect(candidate.isAccepted == outcome.selection.accepted.contains(index))
      #expect(candidate.nearest?.key.index == outcome.selection.nearest[index]?.candidate)
    }
    #expect((1...5).contains(outcome.selection.accepted.count))
    let reasons = Set(outcome.selection.verdicts.filter { if case .rejected = $0 { true } else { false } })
    #expect(!reasons.isEmpty)
    let stored = try JSONEncoder().encode(outcome.candidates)
    #expect(try JSONDecoder().decode([ScoredCandidate].self, from: stored) == outcome.candidates)
  }

  /// Stopped after any candidate and gone on with what was stored, a run ends as one that was not stopped.
  @Test func aRunGoesOnWhereItStopped() throws {
    func integrator() throws -> Integrator {
      try Self.plane(prompts: ["10", "30", "50"]) { ($0.rounds, $0.promptEvery, $0.variants) = (3, 1, 2) }
    }
    // What is made depends on the round's prompt, as a refinement would.
    func make(_ original: Int, _ key: CandidateKey, _ target: [Float]) throws -> MadePicture {
      var random = PhiloxStream(key.random(.latent))
      let angle = Double(atan2(target[1], target[0])) * 180 / .pi
      return MadePicture(image: try PlaneEncoder.picture(angle + 15 * random.unit()), temperature: 0.5)
    }
    let whole = try integrator().run(originals: Self.originals, make: make)
    #expect(whole.isComplete && whole.candidates.count == 18)
    for stop in [1, 5, 6, 7, 17] {
      var stored: [CandidateKey: ScoredCandidate] = [:]
      let first = try integrator().run(originals: Self.originals, make: make) { scored, _ in
        // As it is read back.
        stored[scored.candidate.key] = try JSONDecoder().decode(
          ScoredCandidate.self, from: JSONEncoder().encode(scored))
        return stored.count < stop
      }
      #expect(!first.isComplete && first.candidates.count == stop && first.selection.verdicts.count == stop)
      var made = 0
      let second = try integrator().run(originals: Self.originals, known: { stored[$0] }, make: make) { _, _ in
        made += 1
        return true
      }
      #expect(made == 18 - stop && second.isComplete)
      #expect(second.candidates == whole.candidates && second.selection == whole.selection && second.aims == whole.aims)
    }
  }

  /// References at 20 to 40 degrees are nearest to the prompt 30; the pictures that are kept lie at 40 and more, and bring in 50.
  @Test func promptsFollowThePicturesThatAreKept() throws {
    func aims(_ every: Int, rounds: Int) throws -> [[String]] {
      let integrator = try Self.plane(prompts: ["10", "30", "50"]) {
        ($0.rounds, $0.promptEvery, $0.selection.textMargin, $0.selection.pictureMargin) = (rounds, every, 1, 1)
      }
      return try integrator.run(originals: Self.originals) { _, key, _ in
        MadePicture(image: try PlaneEncoder.picture(45 + Double(key.index % 12)), temperature: 0)
      }.aims.map(\.prompts)
    }
    #expect(try aims(0, rounds: 3) == [["30"], ["30"], ["30"]])
    #expect(try aims(1, rounds: 3) == [["30"], ["50"], ["50"]])
    #expect(try aims(2, rounds: 4) == [["30"], ["30"], ["50"], ["50"]])
    // Where nothing is kept the prompt stays.
    let nothing = try Self.plane(prompts: ["10", "30", "50"]) { ($0.rounds, $0.promptEvery) = (2, 1) }
    let outcome = try nothing.run(originals: Self.originals) { _, _, _ in
      MadePicture(image: try PlaneEncoder.picture(200), temperature: 0)
    }
    #expect(outcome.aims.map(\.prompts) == [["30"], ["30"]] && outcome.selection.accepted.isEmpty)
    // Of several prompts the direction of their mean.
    let both = try Self.plane(prompts: ["10", "30", "50"]) { $0.averagedPrompts = 2 }.aim(
      round: 0, by: [PlaneEncoder.vector(38)])
    #expect(both.prompts == ["30", "50"])
    expectEqual(both.target, PlaneEncoder.vector(40), within: Tolerance(absolute: 1e-6))
  }

  @Test func wrongSettingsAreNamed() throws {
    func expect(_ change: (inout Integrator.Settings) -> Void) {
      #expect(throws: IntegratorError.self) { try Self.plane(change) }
    }
    expect { $0.variants = 0 }
    expect { $0.rounds = 0 }
    expect { ($0.rounds, $0.promptEvery) = (2, 2) }
    expect { $0.averagedPrompts = 0 }
    expect { $0.selection.guardQuantile = 2 }
    #expect(throws: IntegratorError.self) { try Self.plane(prompts: []) }
    #expect(throws: IntegratorError.self) { try Self.plane().run(originals: [], make: Self.made) }
    #expect(throws: IntegratorError.self) {
      try Self.plane(references: [20]).run(originals: Self.originals, make: Self.made)
    }
  }
}

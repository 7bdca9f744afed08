import Generator
import Metrics
import Tensors
import TestSupport
import Testing

@Suite("Quality of generated pictures against other implementations")
struct QualityReferenceTests {
  /// Counts agree exactly, unless a distance equals another or a radius within rounding, which none does here. What is computed of
  /// Float32 distances has their error, a few 10⁻⁷, and more where mean vectors are rounded far from the origin.
  private static let tolerance = 2e-6

  @Test func theFixtureIsThere() throws {
    let fixture = try QualityFixture.read.get()
    #expect(fixture.cases.count == 6 && fixture.scores.count == 3 && fixture.blurs.count == 2)
  }

  @Test(arguments: TestDevice.all, QualityFixture.cases)
  func everyMeasureIsAsPublished(_ tested: TestDevice, _ given: QualityFixture.Case) throws {
    let device = tested.device
    var steps: [Int] = []
    let quality = try GenerationQuality(
      real: given.descriptors("real", given.real, on: device),
      copies: given.descriptors("copies", given.copies, on: device),
      generated: given.descriptors("generated", given.generated, on: device),
      heldOut: given.descriptors("heldOut", given.heldOut, on: device), given.settings
    ) { done, all in
      steps.append(done)
      #expect(all == 5)
    }
    #expect(steps == [1, 2, 3, 4, 5])
    #expect(given.measures.count >= 7)
    for measure in GenerationQuality.Measure.allCases where measure != .separability && measure != .ranking {
      guard let expected = given.measures[measure.rawValue] else {
        #expect(quality[measure].reason == "there are no copies", "\(measure)")
        continue
      }
      let error = abs((quality[measure].value ?? .nan) - expected)
      #expect(
        error <= Self.tolerance * max(expected, 1) * Double(max(given.offset, 1)),
        "\(measure): \(quality[measure]), not \(expected)")
    }
    let sets = [
      ("generated_to_real", quality.generatedToReal), ("generated_to_held_out", quality.generatedToHeldOut),
      ("real_to_held_out", quality.realToHeldOut),
    ]
    for (name, found) in sets {
      try expect(found, #require(given.comparisons[name]), name)
    }
  }

  private func expect(_ found: SetComparison, _ expected: [String: Double], _ set: String) throws {
    let kernel = try #require(expected["largestKernel"])
    #expect(found.subsets == 1 && found[.kernelDeviation].reason == "all rows were compared at once")
    for measure in SetComparison.Measure.allCases where measure != .kernelDeviation {
      let wanted = try #require(expected[measure.rawValue])
      // Products and kernels are rounded to Float32 before their means are subtracted.
      let tolerance = measure == .kernelDistance ? 5e-7 * max(kernel, 1) : 1e-12
      let error = abs((found[measure].value ?? .nan) - wanted)
      #expect(error <= tolerance, "\(measure), \(set): \(found[measure]), not \(wanted)")
    }
  }

  @Test func scoresAreComparedAsPublished() throws {
    let device = TestDevice.all[0].device
    for scores in try QualityFixture.read.get().scores {
      let quality = try GenerationQuality(
        real: SmallDescriptors.pictures("real", 2, on: device),
        generated: SmallDescriptors.pictures("other", 2, on: device),
        heldOut: [],
        scores: SelectionScores(
          heldOut: scores.normal, corrupted: scores.corrupted, candidates: scores.normal, reference: scores.reference))
      #expect(abs((quality[.separability].value ?? .nan) - scores.auroc) <= 1e-12)
      #expect(abs((quality[.ranking].value ?? .nan) - scores.spearman) <= 1e-12)
      #expect(quality.counts.heldOutScores == scores.normal.count && quality.counts.rankedScores == scores.normal.count)
      #expect(quality.counts.corruptedScores == scores.corrupted.count)
    }
  }
}

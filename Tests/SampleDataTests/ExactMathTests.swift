import Foundation
import Testing

@testable import SampleData

struct ExactMathTests {
  /// A hundredth of a grey level of 256.
  private static let tolerance = 4e-5

  private static let places = (-400...400).map { Float($0) * 0.037 }

  @Test func sineAndCosineFollowTheLibrary() {
    for x in Self.places {
      #expect(abs(Double(ExactMath.sine(x)) - sin(Double(x))) <= Self.tolerance)
      #expect(abs(Double(ExactMath.cosine(x)) - cos(Double(x))) <= Self.tolerance)
    }
  }

  @Test func powersFollowTheLibrary() {
    for x in Self.places {
      let expected = exp(Double(x))
      #expect(abs(Double(ExactMath.exp(x)) - expected) <= Self.tolerance * expected)
      let base = abs(x) + 0.001
      #expect(abs(Double(ExactMath.power(base, 1 / 2.4)) - pow(Double(base), 1 / 2.4)) <= 4 * Self.tolerance)
    }
    #expect(ExactMath.exp2(-200) == 0)
    #expect(ExactMath.power(0, 2) == 0)
  }

  @Test func turnsFollowTheLibraryInAllQuarters() {
    for step in 0..<64 {
      let angle = Double(step) / 64 * 2 * Double.pi - 3.1
      let found = ExactMath.turns(Float(sin(angle)) * 3, Float(cos(angle)) * 3)
      #expect(abs(Double(found) - atan2(sin(angle), cos(angle)) / (2 * .pi)) <= Self.tolerance)
    }
  }

  @Test func floorIsBelowOnBothSidesOfZero() {
    #expect([-2.5, -0.25, 0.25, 1.75, 1000.5].map { ExactMath.floor($0) } == [-3, -1, 0, 1, 1000])
  }
}

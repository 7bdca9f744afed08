import Images
import Testing

@Suite("Heat colours")
struct ColourMapTests {
  @Test func endsAndControlPointsAreInferno() {
    #expect(ColourMap.colour(0) == [0, 0, 4])
    #expect(ColourMap.colour(1) == [252, 255, 164])
    #expect(ColourMap.colour(3.0 / 9).x.rounded() == 120)
    #expect(ColourMap.colour(-7) == ColourMap.colour(0))
    #expect(ColourMap.colour(7) == ColourMap.colour(1))
    #expect(ColourMap.colour(.infinity) == ColourMap.colour(1))
    #expect(ColourMap.colour(-.infinity) == ColourMap.colour(0))
  }

  @Test func nanIsSeenInsteadOfTrapping() { #expect(ColourMap.colour(.nan) == ColourMap.colour(1)) }

  @Test func lightnessGrowsAllTheWay() {
    func lightness(_ value: Float) -> Float {
      let colour = ColourMap.colour(value)
      return 0.2126 * colour.x + 0.7152 * colour.y + 0.0722 * colour.z
    }
    let steps = (0...100).map { lightness(Float($0) / 100) }
    #expect(zip(steps, steps.dropFirst()).allSatisfy { $0 < $1 })
  }
}

import Metrics
import Testing

@Suite("Metrics as values")
struct MetricValueTests {
  @Test func theMeanLeavesUndefinedOnesOut() {
    let none = MetricValue.undefined(reason: "there is no good item")
    #expect(MetricValue.mean([.defined(0.5), none, .defined(1)]) == .defined(0.75))
    #expect(MetricValue.mean([none, none]) == none)
    #expect(MetricValue.mean([]) == .undefined(reason: "there is no category"))
  }

  @Test func aMetricHasEitherAValueOrAReason() {
    #expect(MetricValue.defined(0.25).value == 0.25)
    #expect(MetricValue.defined(0.25).reason == nil)
    #expect(MetricValue.undefined(reason: "why").value == nil)
    #expect(MetricValue.undefined(reason: "why").reason == "why")
  }

  @Test func errorsNameThePicture() {
    #expect(MetricError.notFinite(picture: "p").description == "The scores of p contain NaN or infinity.")
    #expect(MetricError.size(picture: "p", map: 6, mask: 4).description == "The map of p has 6 pixels, but its mask 4.")
    #expect(
      MetricError.width(picture: "p", width: 4, count: 6).description
        == "The 6 pixels of p cannot be rows of 4 pixels.")
  }
}

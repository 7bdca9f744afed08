import Compute
import Tensors
import TestSupport
import Testing

@Suite("Gated clamp")
struct GatedClampTests {
  /// Below, on, inside, on and above the limits, with gradients of both signs: stopped where a descent would go further out.
  @Test(arguments: TestDevice.all)
  func gradientsPassWhereTheyLeadBack(_ tested: TestDevice) throws {
    let places: [Float] = [-3, -1, 0.5, 2, 7]
    let gradients: [Float] = [0.25, -0.75, 0]
    let x = places.flatMap { place in gradients.map { _ in place } }
    let arriving = places.flatMap { _ in gradients }
    let tape = Tape()
    let watched = tape.watched(try Tensor(x, shape: [5, 3], on: tested.device))
    let result = try watched.gatedClamped(lower: -1, upper: 2)
    #expect(try result.values() == x.map { min(max($0, -1), 2) })
    let found = try tape.gradients(
      of: result, for: [watched], outputGradient: Tensor(arriving, shape: [5, 3], on: tested.device))[0]
    #expect(
      try found.values() == [0, -0.75, 0] + [0.25, -0.75, 0] + [0.25, -0.75, 0] + [0.25, -0.75, 0] + [0.25, 0, 0])
  }

  /// The rule as it is written, `g · (x − clamped x) ≥ 0`, over many values.
  @Test(arguments: TestDevice.all)
  func theRuleHoldsForAnyValues(_ tested: TestDevice) throws {
    var reproducible = Reproducible(31)
    let (x, g) = (reproducible.floats(1003).map { 3 * $0 }, reproducible.floats(1003))
    let tape = Tape()
    let watched = tape.watched(try Tensor(x, shape: [1003], on: tested.device))
    let result = try watched.gatedClamped(lower: 0, upper: 1)
    let found = try tape.gradients(
      of: result, for: [watched], outputGradient: Tensor(g, shape: [1003], on: tested.device))[0].values()
    #expect(found == zip(x, g).map { x, g in g * (x - min(max(x, 0), 1)) >= 0 ? g : 0 })
  }
}

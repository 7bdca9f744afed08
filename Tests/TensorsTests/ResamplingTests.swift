import Compute
import Tensors
import TestSupport
import Testing

@Suite("Resampling and smoothing against PyTorch's and SciPy's values")
struct ResamplingTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("resampling"))
  func resamplingEqualsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let mode: ResamplingProblem.Mode = try .named(fixture.text("mode"))
    let (x, size) = (try fixture.tensor("x", on: tested.device), try fixture.extent("size"))
    let y = try x.resampled(mode, height: size.height, width: size.width)
    #expect(try y.shape == fixture.shape("y"))
    // A position is the product of a rounded scale, rounded again: up to two units of itself, of at most n pixels. So
    // much of the difference between neighbours, at most twice the largest value, is lost. Nearest only selects.
    let tolerance = Tolerance(ofLargest: 4 + 4 * Double(max(x.shape[1], x.shape[2])))
    try expectEqual(y.values(), fixture.values("y"), within: mode == .nearest ? .exact : tolerance, "\(fixture.name)")
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("smoothing"))
  func smoothingEqualsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let (sigma, radius) = (try fixture.number("sigma"), fixture.integers["radius"]?.first)
    let y = try fixture.tensor("x", on: tested.device).gaussianSmoothed(sigma: sigma, radius: radius)
    #expect(try y.shape == fixture.shape("y"))
    let taps = 2 * (radius ?? Int(4 * sigma + 0.5)) + 1
    try expectEqual(y.values(), fixture.values("y"), within: .sum(depth: taps), "\(fixture.name)")
  }
}

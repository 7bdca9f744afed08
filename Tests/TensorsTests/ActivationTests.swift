import Compute
import Tensors
import TestSupport
import Testing

@Suite("Activations against PyTorch's values")
struct ActivationTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("activation"))
  func equalsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let activation: Activation = try .named(fixture.text("activation"))
    let (x, expected) = (try fixture.values("x"), try fixture.values("y"))
    let found = try fixture.tensor("x", on: tested.device).activated(activation).values()
    let excess = largestExcess(found, expected) { index in
      Self.allowed(activation, Double(x[index]), Double(expected[index]))
    }
    #expect(excess <= 1, "\(fixture.name): the largest error is \(excess) of what is allowed")
  }

  /// Below this, results may be flushed to zero: `x · e⁻ˣ` where `e⁻ˣ` is denormal.
  private static let denormal = 1e-35
  /// OpenCL allows exp 3 units in the last place, a division 2.5, tanh 5: at most 12 of our half units together.
  private static let function = 12.0

  /// The error allowed at `x`, where the exact value is `y`.
  private static func allowed(_ activation: Activation, _ x: Double, _ y: Double) -> Double {
    switch activation {
    case .none, .relu, .relu6: 0
    case .silu, .sigmoid, .tanh: Tolerance.unit * function * abs(y) + denormal
    // `1.702 x` is rounded twice before the exponential, which turns that into a relative error of its result.
    case .geluQuick: Tolerance.unit * (function + 2 * 1.702 * abs(x)) * abs(y) + denormal
    // `1 + erf` cancels where x is negative: two units of erf's value 1, times |x|/2 of up to 5.5.
    case .gelu: Tolerance.unit * (function * abs(y) + (x < 0 ? min(-x, 5.5) : 0)) + denormal
    }
  }
}

import Compute
import Tensors
import TestSupport
import Testing

@Suite("Element-wise operations against PyTorch's values")
struct ElementwiseTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("binary"))
  func binaryOperationsEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let operation: BinaryOperation = try .named(fixture.text("operation"))
    let y = try fixture.tensor("x", on: tested.device)
      .combined(operation, with: fixture.tensor("other", on: tested.device))
    // One rounding each, the same everywhere; OpenCL allows a division 2.5 units in the last place.
    let tolerance = operation == .divide ? Tolerance(ofEach: 5) : .exact
    #expect(try y.shape == fixture.shape("y"))
    try expectEqual(y.values(), fixture.values("y"), within: tolerance, "\(fixture.name)")
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("unary"))
  func unaryOperationsEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let operation: UnaryOperation = try .named(fixture.text("operation"))
    let y = try fixture.tensor("x", on: tested.device).mapped(operation)
    let tolerance: Tolerance =
      switch operation {
      case .square, .absolute: .exact
      // OpenCL's bounds: 3 units in the last place, and e⁻⁸⁷ and less may be flushed to zero.
      case .squareRoot, .logarithm, .reciprocal: Tolerance(ofEach: 6)
      case .exponential: Tolerance(ofEach: 6, absolute: 0x1p-125)
      }
    try expectEqual(y.values(), fixture.values("y"), within: tolerance, "\(fixture.name)")
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("affine"))
  func affineEqualsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let y = try fixture.tensor("x", on: tested.device)
      .affine(scale: Float(fixture.number("scale")), shift: Float(fixture.number("shift")))
    // The scale is a power of two, so only the addition rounds.
    try expectEqual(y.values(), fixture.values("y"), within: .exact)
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("clamp"))
  func clampingEqualsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let y = try fixture.tensor("x", on: tested.device)
      .clamped(lower: Float(fixture.number("lower")), upper: Float(fixture.number("upper")))
    try expectEqual(y.values(), fixture.values("y"), within: .exact)
  }
}

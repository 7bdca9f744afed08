import Compute
import Tensors
import TestSupport
import Testing

@Suite("Convolution against PyTorch's values")
struct ConvolutionTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("convolution"))
  func equalsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let (x, w) = (try fixture.tensor("x", on: tested.device), try fixture.tensor("w", on: tested.device))
    let activation: Activation = try .named(fixture.text("activation"))
    let y = try x.convolved(
      with: w, bias: fixture.optionalTensor("bias", on: tested.device),
      residual: fixture.optionalTensor("residual", on: tested.device), activation: activation,
      stride: fixture.extent("stride"), padding: fixture.padding(), dilation: fixture.extent("dilation"),
      groups: fixture.integer("groups"))
    #expect(try y.shape == fixture.shape("y"))
    let depth = w.shape[0] * w.shape[1] * w.shape[2]
    // Sums of products of small whole numbers are exact in any order.
    let tolerance = try fixture.text("data") == "whole" ? Tolerance.exact : Self.tolerance(activation, depth: depth)
    try expectEqual(y.values(), fixture.values("y"), within: tolerance, "\(fixture.name)")
  }

  /// Bounded activations shrink the scale that errors are measured by, the sums that they are applied to stay large:
  /// up to eight times the activation's slope of ¼ and largest value of 1.
  private static func tolerance(_ activation: Activation, depth: Int) -> Tolerance {
    var tolerance = Tolerance.sum(depth: depth)
    if activation == .sigmoid || activation == .tanh { tolerance.ofLargest *= 2 }
    return tolerance
  }
}

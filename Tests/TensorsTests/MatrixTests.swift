import Compute
import Tensors
import TestSupport
import Testing

@Suite("Matrix products against PyTorch's values")
struct MatrixTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("matrix"))
  func equalsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let y = try fixture.tensor("x", on: tested.device).multiplied(
      by: fixture.tensor("other", on: tested.device), transposed: fixture.flag("transposed"),
      otherTransposed: fixture.flag("otherTransposed"), scale: Float(fixture.number("scale")))
    #expect(try y.shape == fixture.shape("y"))
    let tolerance = try fixture.text("data") == "whole" ? Tolerance.exact : .sum(depth: fixture.integer("depth"))
    try expectEqual(y.values(), fixture.values("y"), within: tolerance, "\(fixture.name)")
  }
}

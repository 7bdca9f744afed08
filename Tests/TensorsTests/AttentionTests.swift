import Compute
import Tensors
import TestSupport
import Testing

@Suite("Attention against PyTorch's values")
struct AttentionTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("attention"))
  func equalsTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let y = try fixture.tensor("q", on: tested.device).attended(
      to: fixture.tensor("k", on: tested.device), values: fixture.tensor("v", on: tested.device),
      isCausal: fixture.flag("causal"))
    #expect(try y.shape == fixture.shape("y"))
    // Scores of size 3 err by some units, and the softmax doubles that.
    try expectEqual(y.values(), fixture.values("y"), within: Tolerance(ofLargest: 32), "\(fixture.name)")
  }

  @Test(arguments: TestDevice.oneOfEachKind)
  func otherShapesAreRefused(_ tested: TestDevice) throws {
    func tensor(_ shape: Shape) throws -> Tensor {
      try Tensor([Float](repeating: 0, count: shape.count), shape: shape, on: tested.device)
    }
    let q = try tensor([2, 3, 4, 5])
    let keys = try tensor([2, 7, 4, 5])
    for wrong in [[1, 7, 4, 5], [2, 6, 4, 5], [2, 7, 3, 5], [2, 7, 4, 6], [2, 7, 20]] as [Shape] {
      #expect(throws: ShapeError.self) { try q.attended(to: keys, values: tensor(wrong)) }
    }
    #expect(throws: ShapeError.self) { try tensor([2, 3, 20]).attended(to: keys, values: keys) }
  }
}

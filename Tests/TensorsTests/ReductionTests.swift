import Compute
import Tensors
import TestSupport
import Testing

@Suite("Reductions against PyTorch's values")
struct ReductionTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("reduction"))
  func reductionsEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let operation: ReductionOperation = try .named(fixture.text("operation"))
    let y = try fixture.tensor("x", on: tested.device).reduced(operation, axis: fixture.integer("axis"))
    #expect(try y.shape == fixture.shape("y"))
    let selects = operation == .maximum || operation == .minimum
    let tolerance = selects ? Tolerance.exact : .sum(depth: try fixture.integer("count"))
    try expectEqual(y.values(), fixture.values("y"), within: tolerance, "\(fixture.name)")
  }

  /// The first of equal elements.
  @Test(arguments: TestDevice.all, OperationFixtures.cases("position"))
  func positionsEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let x = try fixture.tensor("x", on: tested.device)
    let problem = try ReductionProblem(outer: x.shape[0], reduced: x.shape[1], inner: x.shape[2])
    let y = try IndexStorage(count: problem.outputCount, on: tested.device)
    try tested.device.position(ofSmallest: fixture.flag("smallest"), problem, x.storage, into: y)
    #expect(try y.values() == fixture.indices("y"))
  }
}

import Compute
import Tensors
import TestSupport
import Testing

/// Copies: every element must arrive with its bits.
@Suite("Gathering, joining, slicing and permuting against PyTorch's values")
struct IndexingTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("gather"))
  func gatheredRowsEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let y = try fixture.tensor("x", on: tested.device)
      .gatheredRows(IndexStorage(fixture.indices("indices"), on: tested.device))
    try expectCopied(y, fixture)
  }

  @Test(arguments: TestDevice.all)
  func anIndexOutsideGivesARowOfNaN(_ tested: TestDevice) throws {
    let x = try Tensor([1, 2, 3, 4], shape: [2, 2], on: tested.device)
    let y = try x.gatheredRows(IndexStorage([1, 2, -1, 0], on: tested.device)).values()
    #expect([y[0], y[1], y[6], y[7]] == [3, 4, 1, 2])
    #expect(y[2..<6].allSatisfy { $0.isNaN })
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("concatenation"))
  func concatenationsEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let parts = try (0..<fixture.integer("parts")).map { try fixture.tensor("x\($0)", on: tested.device) }
    try expectCopied(.concatenated(parts, axis: fixture.integer("axis")), fixture)
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("slice"))
  func slicesEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let range = try #require(fixture.integers["range"])
    let y = try fixture.tensor("x", on: tested.device).sliced(range[0]..<range[1], axis: fixture.integer("axis"))
    try expectCopied(y, fixture)
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("permutation"))
  func permutationsEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let y = try fixture.tensor("x", on: tested.device).permuted(#require(fixture.integers["order"]))
    try expectCopied(y, fixture)
  }

  private func expectCopied(_ y: Tensor, _ fixture: OperationCase) throws {
    #expect(try y.shape == fixture.shape("y"))
    try expectEqual(y.values(), fixture.values("y"), within: .exact, "\(fixture.name)")
  }
}

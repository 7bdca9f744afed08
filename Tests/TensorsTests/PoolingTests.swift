import Compute
import Tensors
import TestSupport
import Testing

@Suite("Pooling against PyTorch's values")
struct PoolingTests {
  @Test(arguments: TestDevice.all, OperationFixtures.cases("pooling"))
  func windowsEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let (kind, kernel) = (try Self.kind(fixture), try fixture.extent("kernel"))
    let y = try fixture.tensor("x", on: tested.device)
      .pooled(kind, kernel: kernel, stride: fixture.extent("stride"), padding: fixture.padding())
    #expect(try y.shape == fixture.shape("y"))
    try expectEqual(
      y.values(), fixture.values("y"), within: Self.tolerance(kind, window: kernel.height * kernel.width),
      "\(fixture.name)")
  }

  @Test(arguments: TestDevice.all, OperationFixtures.cases("global pooling"))
  func wholePicturesEqualTheReference(_ tested: TestDevice, _ fixture: OperationCase) throws {
    let (kind, x) = (try Self.kind(fixture), try fixture.tensor("x", on: tested.device))
    let y = try x.globallyPooled(kind)
    #expect(try y.shape == fixture.shape("y"))
    try expectEqual(
      y.values(), fixture.values("y"), within: Self.tolerance(kind, window: x.shape[1] * x.shape[2]), "\(fixture.name)")
  }

  private static func kind(_ fixture: OperationCase) throws -> PoolingProblem.Kind {
    switch try fixture.text("kind") {
    case "maximum": .maximum
    case "average of the window": .average(paddingCounts: true)
    default: .average(paddingCounts: false)
    }
  }

  /// A maximum is one of the elements.
  private static func tolerance(_ kind: PoolingProblem.Kind, window: Int) -> Tolerance {
    kind == .maximum ? .exact : .sum(depth: window)
  }
}

import Compute
import TestSupport
import Testing

@Suite("Pooling")
struct PoolingKernelTests {
  private static let problems: [PoolingProblem] = {
    let kinds: [PoolingProblem.Kind] = [.maximum, .average(paddingCounts: true), .average(paddingCounts: false)]
    return kinds.flatMap { kind in
      [
        try? PoolingProblem(kind, input: [1, 1, 1, 1], kernel: 1),
        try? PoolingProblem(kind, input: [3, 7, 5, 17], kernel: 3, stride: 1, padding: 1),
        try? PoolingProblem(kind, input: [1, 12, 9, 8], kernel: 3, stride: 2, padding: 1),
        try? PoolingProblem(
          kind, input: [2, 5, 11, 3], kernel: Extent2D(2, 4), stride: Extent2D(1, 3),
          padding: Padding(top: 1, left: 2, bottom: 0, right: 1)),
        try? PoolingProblem.global(kind, input: [3, 7, 7, 33]),
      ].compactMap { $0 }
    }
  }()

  @Test func allProblemsAreValid() { #expect(Self.problems.count == 15) }

  @Test(arguments: TestDevice.all, problems)
  func windowsEqualTheirDefinition(_ tested: TestDevice, _ p: PoolingProblem) throws {
    var random = Reproducible(p.inputCount)
    let x = random.floats(p.inputCount)
    let y = try Storage(count: p.outputCount, on: tested.device)
    try tested.device.pool(p, Storage(x, on: tested.device), into: y)
    #expect(
      try relativeError(y.values(), Reference.pool(p, x)) <= sumTolerance(terms: p.kernel.height * p.kernel.width))
  }

  @Test(arguments: TestDevice.all)
  func aMaximumKeepsNaN(_ tested: TestDevice) throws {
    let p = try PoolingProblem(.maximum, input: [1, 1, 6, 1], kernel: Extent2D(1, 3), stride: Extent2D(1, 3))
    let y = try Storage(count: 2, on: tested.device)
    try tested.device.pool(p, Storage([1, .nan, 2, 3, 1, 2], on: tested.device), into: y)
    let values = try y.values()
    #expect(values[0].isNaN && values[1] == 3)
  }

  @Test func paddingOfHalfAKernelOrMoreThrows() {
    #expect(throws: ShapeError.self) { try PoolingProblem(.maximum, input: [1, 5, 5, 1], kernel: 3, padding: 2) }
  }
}

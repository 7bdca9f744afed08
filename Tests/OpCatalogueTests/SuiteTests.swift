import OpCatalogue
import TestSupport
import Testing

/// Every operation on every device at the suite's smaller sizes; `parity run` has all, which without optimisation would
/// take minutes here.
private let largestWork = 20_000

@Suite("Operations against Float64 references")
struct SuiteTests {
  @Test(arguments: OpCatalogue.operations.map(\.name), TestDevice.all)
  func casesPass(_ name: String, _ tested: TestDevice) throws {
    let operation = try OpCatalogue.operation(name)
    for parameters in operation.suite {
      let made = try operation.makeCase(parameters)
      for fill in made.fills where made.work <= largestWork {
        let result = try made.result(made.prepared(fill, seed: 42), on: tested.device, CaseOptions())
        #expect(result.status != .failed, "\(made.text(fill)): \(result.message)")
      }
    }
  }

  @Test(arguments: OpCatalogue.operations.map(\.name), TestDevice.oneOfEachKind)
  func linearOperationsMatchTheirTransposes(_ name: String, _ tested: TestDevice) throws {
    let operation = try OpCatalogue.operation(name)
    for parameters in operation.suite.prefix(operation.tinyCount) {
      let made = try operation.makeCase(parameters)
      guard made.isLinear else { continue }
      let gap = try made.adjointGap(.normal, on: tested.device, CaseOptions())
      #expect(gap.error <= gap.bound, "\(made.text(.normal))")
    }
  }
}

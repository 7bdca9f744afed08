import OpCatalogue
import TestSupport
import Testing

/// The smallest cases of every operation on every device; `parity run` has all of them.
@Suite("Operations against Float64 references")
struct SuiteTests {
  @Test(arguments: OpCatalogue.operations.map(\.name), TestDevice.all)
  func tinyCasesPass(_ name: String, _ tested: TestDevice) throws {
    let operation = try OpCatalogue.operation(name)
    for parameters in operation.suite.prefix(operation.tinyCount) {
      let made = try operation.makeCase(parameters)
      for fill in made.fills where made.work <= 20_000 {
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

import Compute
import Foundation
import OpCatalogue
import Testing

@Suite("The catalogue of operations")
struct CoverageTests {
  /// Functions of the kernel protocols, as their sources declare them.
  private func deviceFunctions() throws -> [String] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("Sources/Compute")
    var names: [String] = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path) where file.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for part in text.components(separatedBy: "public protocol ").dropFirst() {
        guard part.prefix(while: { $0 != " " && $0 != "{" }).hasSuffix("Kernels") else { continue }
        let body = part.components(separatedBy: "\n}")[0]
        names += body.components(separatedBy: "  func ").dropFirst().map { String($0.prefix { $0 != "(" }) }
      }
    }
    return names
  }

  @Test func everyDeviceFunctionHasCases() throws {
    let functions = try deviceFunctions()
    #expect(functions.count >= 20, "the protocols were not found: \(functions)")
    let covered = Set(OpCatalogue.operations.flatMap(\.functions))
    for function in functions { #expect(covered.contains(function), "\(function) has no case in the catalogue") }
  }

  /// A derivative is a `…Backward…` and needs cases of its own, under its name.
  @Test func everyGradientHasAnOperation() throws {
    for function in try deviceFunctions() where function.contains("Backward") {
      #expect(OpCatalogue.operations.contains { $0.name == function }, "\(function) has no operation of its name")
    }
  }

  @Test func namesAreUnique() {
    let names = OpCatalogue.operations.map(\.name)
    #expect(Set(names).count == names.count)
  }

  @Test func theSuiteHasTwoThousandCases() throws {
    let count = try OpCatalogue.operations.reduce(0) { sum, operation in
      try sum + operation.suite.reduce(0) { try $0 + operation.makeCase($1).fills.count }
    }
    #expect(count >= 2000)
  }

  @Test(arguments: OpCatalogue.operations.map(\.name))
  func everyCaseOfTheSuiteReadsAsItPrints(_ name: String) throws {
    let operation = try OpCatalogue.operation(name)
    #expect((1...operation.suite.count).contains(operation.tinyCount))
    for parameters in operation.suite {
      let made = try operation.makeCase(parameters)
      #expect(!made.fills.isEmpty)
      let again = try OpCatalogue.makeCase(parsing: made.text(made.fills[0]))
      #expect(again.case.text(again.fill) == made.text(made.fills[0]))
    }
  }

  @Test(arguments: OpCatalogue.operations.map(\.name))
  func randomCasesAreLegal(_ name: String) throws {
    let operation = try OpCatalogue.operation(name)
    for number in 0..<200 {
      var random = CaseRandom(key: "\(number)", seed: 1)
      let parameters = operation.random(&random)
      #expect(throws: Never.self, "\(parameters)") { try operation.makeCase(parameters) }
    }
  }

  @Test func wrongTextsAreNamed() {
    #expect(throws: CaseError.unknownOperation("fly")) { try OpCatalogue.makeCase(parsing: "op=fly n=1") }
    #expect(throws: CaseError.malformed("op is missing")) { try OpCatalogue.makeCase(parsing: "n=1") }
    #expect(throws: CaseError.malformed("'n' is not name=value")) { try OpCatalogue.makeCase(parsing: "op=fill n") }
    #expect(throws: CaseError.malformed("n=x is not a whole number")) {
      try OpCatalogue.makeCase(parsing: "op=fill n=x")
    }
    #expect(throws: (any Error).self) { try OpCatalogue.makeCase(parsing: "op=fill n=1 data=moss") }
    #expect(throws: ShapeError.self) { try OpCatalogue.makeCase(parsing: "op=convolve h=1 w=1 c=1 o=1 k=3") }
  }
}

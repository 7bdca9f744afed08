import ArgumentParser
import Foundation
package import OpCatalogue
import ToolSupport

/// Operations by name.
package struct OperationArguments: ParsableArguments {
  @Option(help: ArgumentHelp("Operations, with * for any text: 'conv*,pool'.", valueName: "GLOB,…"))
  package var ops = "*"

  package init() {}

  /// - Throws: ``UsageError`` when no operation has such a name.
  package func operations() throws -> [Op] {
    let patterns = ops.split(separator: ",").map(String.init)
    let found = OpCatalogue.operations.filter { operation in patterns.contains { fnmatch($0, operation.name, 0) == 0 } }
    guard !found.isEmpty else { throw UsageError("No operation is called '\(ops)'; the list command shows them.") }
    return found
  }
}

extension Parameters {
  /// From a list separated by ';', or from a file with one case a line.
  package static func list(_ textOrFile: String) throws -> [Parameters] {
    let text = (try? String(contentsOfFile: textOrFile, encoding: .utf8)) ?? textOrFile
    return try text.split(whereSeparator: { $0 == ";" || $0 == "\n" }).map { try Parameters(parsing: $0) }
  }
}

import ArgumentParser
import Foundation
import OpCatalogue
import ToolSupport
import Variants

/// Which cases of the catalogue.
struct SelectionArguments: ParsableArguments {
  @OptionGroup var names: OperationArguments
  @Option(
    help: ArgumentHelp("Kinds of data: \(Fill.allCases.map(\.rawValue).joined(separator: ", ")).", valueName: "KIND,…"))
  var data: String?
  @Option(help: ArgumentHelp("Leave out cases with more multiplications than this.", valueName: "COUNT"))
  var maxWork = 50_000_000

  func validate() throws {
    for kind in data?.split(separator: ",").map(String.init) ?? [] where Fill(rawValue: kind) == nil {
      throw ValidationError("'\(kind)' is no kind of data.")
    }
  }

  /// The kinds asked for; nil where none was.
  var kinds: Set<Fill>? { data.map { Set($0.split(separator: ",").compactMap { Fill(rawValue: String($0)) }) } }

  /// Every case that fits.
  ///
  /// - parameters: of each operation
  func texts(kinds: [Fill] = Fill.allCases, _ parameters: (Op) throws -> [Parameters]) throws -> [String] {
    let wanted = self.kinds ?? Set(kinds)
    return try names.operations().flatMap { operation in
      try parameters(operation).flatMap { parameters in
        let made = try operation.makeCase(parameters)
        guard made.work <= maxWork else { return [String]() }
        return made.fills.filter(wanted.contains).map { made.text($0) }
      }
    }
  }
}

/// The fixed suite or a list in its place, and the record of its errors.
struct SuiteArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Parameters instead of the suite's: a list separated by ';', or a file with one case a line.",
      valueName: "LIST|FILE"))
  var shapes: String?
  @Option(help: ArgumentHelp("Warn where an error has grown threefold over this record.", valueName: "FILE"))
  var baseline: String?
  @Option(help: ArgumentHelp("Record the errors of this run.", valueName: "FILE"))
  var updateBaseline: String?

  /// What to run of an operation whose suite is `suite`.
  func parameters(_ suite: [Parameters]) throws -> [Parameters] {
    guard let shapes else { return suite }
    return try Parameters.list(shapes)
  }
}

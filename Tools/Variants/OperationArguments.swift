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
  /// Every combination of values: `m=64,256 k=64..4096*2` has 2 times 7.
  ///
  /// A value is a number or word, or a range `a..b` with `+step` or `*factor` behind it; words are separated by commas.
  package static func product(_ axes: String) throws -> [Parameters] {
    try axes.split(separator: " ").reduce([Parameters()]) { all, axis in
      let parts = axis.split(separator: "=", maxSplits: 1).map(String.init)
      guard parts.count == 2 else { throw UsageError("'\(axis)' is no axis; one looks like m=64,256 or k=64..4096*2.") }
      let values = try parts[1].split(separator: ",").flatMap { try axisValues(String($0)) }
      return all.flatMap { one in values.map { one.with(parts[0], $0) } }
    }
  }

  private static func axisValues(_ text: String) throws -> [String] {
    guard text.contains("..") else { return [text] }
    guard let match = text.wholeMatch(of: /(\d+)\.\.(\d+)(?:([+*])(\d+))?/), let first = Int(match.1),
      let last = Int(match.2), let step = Int(match.4 ?? "1"), step > (match.3 == "*" ? 1 : 0), first <= last,
      last <= Int(Int32.max), step <= last,
      first > 0 || match.3 != "*"
    else { throw UsageError("'\(text)' is no range; one looks like 64..4096*2, 1..9 or 0..100+25.") }
    let next: (Int) -> Int = { match.3 == "*" ? $0 * step : $0 + step }
    return sequence(first: first, next: next).prefix { $0 <= last }.map(String.init)
  }

  /// From a list separated by ';', or from a file with one case a line.
  package static func list(_ textOrFile: String) throws -> [Parameters] {
    let text = (try? String(contentsOfFile: textOrFile, encoding: .utf8)) ?? textOrFile
    return try text.split(whereSeparator: { $0 == ";" || $0 == "\n" }).map { try Parameters(parsing: $0) }
  }
}

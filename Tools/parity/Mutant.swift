import Foundation
import OpCatalogue

/// One change of one place in a source: a fault that the suite must find.
struct Mutant {
  let file: String
  /// The kernel or function that it belongs to.
  let function: String
  /// `cpu` or `gpu`; nil where both shapes share the code.
  let shape: String?
  let line: Int
  let kind: String
  let before: String
  let after: String
  /// Tried only where there are not enough others.
  let isSpare: Bool

  /// What a list of justified survivors names it by: stable while the line is.
  var key: String {
    "\(function)\(shape.map { " (\($0))" } ?? ""): \(before.trimmingCharacters(in: .whitespaces)) -> \(after.trimmingCharacters(in: .whitespaces))"
  }

  func apply(to text: String) -> String {
    var lines = text.components(separatedBy: "\n")
    lines[line - 1] = after
    return lines.joined(separator: "\n")
  }
}

/// Finds the places of a source that can be changed.
struct MutantFinder {
  private struct Rule {
    let kind: String
    let pattern: String
    /// A template: $1 is the pattern's first group.
    let replacement: String
    /// For functions with few places that the other rules change.
    var isSpare = false
  }

  /// Comparisons, terms, indices, bounds, initial values, barriers: the mistakes that people make in kernels.
  private static let rules = [
    Rule(kind: "bound", pattern: #"(?<=[\w\)] )<(?= [\w\(])"#, replacement: "<="),
    Rule(kind: "bound", pattern: #"(?<=[\w\)] )<=(?= [\w\(])"#, replacement: "<"),
    Rule(kind: "bound", pattern: #"(?<=[\w\)\]] )>(?= [\w\(])"#, replacement: "<"),
    Rule(kind: "bound", pattern: #"(?<=[\w\)\]] )>=(?= [\w\(])"#, replacement: ">"),
    Rule(kind: "index", pattern: #" \+ 1\b(?!\.)"#, replacement: " + 2"),
    Rule(kind: "index", pattern: #" - 1\b(?!\.)"#, replacement: ""),
    Rule(kind: "term", pattern: #" \+= "#, replacement: " -= "),
    Rule(kind: "term", pattern: #" \+ (?!1\b)"#, replacement: " - "),
    Rule(kind: "term", pattern: #"(?<=[\w\)\]]) - (?!1\b)"#, replacement: " + "),
    Rule(kind: "term", pattern: #"(?<=[\w\)\]]) \* (?=[\w\(])"#, replacement: " + "),
    Rule(kind: "term", pattern: #" / "#, replacement: " * "),
    Rule(kind: "term", pattern: #" % "#, replacement: " / "),
    Rule(kind: "barrier", pattern: #"barrier\([A-Z_]+\);"#, replacement: ";"),
    Rule(kind: "swap", pattern: #"\bstride_y\b"#, replacement: "stride_x"),
    Rule(kind: "swap", pattern: #"\bstride_x\b"#, replacement: "stride_y"),
    Rule(kind: "swap", pattern: #"\btop\b"#, replacement: "left"),
    Rule(kind: "swap", pattern: #"\bheight\b"#, replacement: "width"),
    Rule(kind: "swap", pattern: #"\bwidth\b"#, replacement: "height"),
    Rule(kind: "swap", pattern: #"\bkernel_width\b"#, replacement: "kernel_height"),
    Rule(kind: "choice", pattern: #"\bmin\("#, replacement: "max("),
    Rule(kind: "choice", pattern: #"\bmax\("#, replacement: "min("),
    Rule(kind: "choice", pattern: "&&", replacement: "||"),
    Rule(kind: "choice", pattern: #"\|\|"#, replacement: "&&"),
    Rule(kind: "value", pattern: #" = 0;"#, replacement: " = 1;"),
    Rule(kind: "value", pattern: #"\bisnan\(\w+\)"#, replacement: "0"),
    Rule(kind: "value", pattern: #"-INFINITY"#, replacement: "0.0f"),
    Rule(kind: "index", pattern: #"(?<=\w)\[(\w+)\]"#, replacement: "[$1 + 1]", isSpare: true),
    Rule(kind: "index", pattern: #"get_global_id\(0\)"#, replacement: "get_local_id(0)", isSpare: true),
    Rule(kind: "index", pattern: #"get_local_id\(0\)"#, replacement: "get_group_id(0)", isSpare: true),
    Rule(kind: "index", pattern: #"get_group_id\(0\)"#, replacement: "get_local_id(0)", isSpare: true),
    Rule(kind: "bound", pattern: #"(?<=[\w\)] )<(?= [\w\(])"#, replacement: ">", isSpare: true),
    Rule(kind: "index", pattern: #"(\w)\+\+"#, replacement: "$1 += 2", isSpare: true),
    Rule(kind: "value", pattern: #"\b0\.0f\b"#, replacement: "1.0f", isSpare: true),
    Rule(kind: "choice", pattern: " == ", replacement: " != ", isSpare: true),
    Rule(kind: "choice", pattern: " != ", replacement: " == ", isSpare: true),
    Rule(kind: "term", pattern: #" \+= "#, replacement: " = ", isSpare: true),
    Rule(kind: "term", pattern: #" /= 2"#, replacement: " /= 4", isSpare: true),
    Rule(
      kind: "value", pattern: #"(\w+) \? ([\w\.\[\]]+) : ([\w\.\[\]]+)"#, replacement: "$1 ? $3 : $2", isSpare: true),
  ]

  /// - Throws: when a rule's pattern is wrong, which is our own mistake.
  static func mutants(of text: String, file: String) throws -> [Mutant] {
    let lines = text.components(separatedBy: "\n")
    let places = try owners(of: lines, file: file)
    var found: [Mutant] = []
    for (index, line) in lines.enumerated() {
      guard let (function, shape) = places[index] else { continue }
      let code = line.components(separatedBy: "//")[0]
      // What only brings lines to the cache changes no result.
      guard !code.lowercased().contains("prefetch") else { continue }
      for rule in rules {
        let expression = try NSRegularExpression(pattern: rule.pattern)
        for match in expression.matches(in: code, range: NSRange(code.startIndex..., in: code)) {
          guard let range = Range(match.range, in: code) else { continue }
          let after = code.replacingCharacters(
            in: range,
            with: expression.replacementString(for: match, in: code, offset: 0, template: rule.replacement))
          // Renaming a parameter or a declaration gives a program that means the same, or none.
          guard !isDeclaration(line, lines, index) || (rule.kind != "swap" && !rule.isSpare) else { continue }
          found.append(
            Mutant(
              file: file, function: function, shape: shape, line: index + 1, kind: rule.kind, before: line,
              after: after, isSpare: rule.isSpare
            ))
        }
      }
    }
    return found
  }

  private static func isDeclaration(_ line: String, _ lines: [String], _ index: Int) -> Bool {
    let code = line.trimmingCharacters(in: .whitespaces)
    return code.hasPrefix("int ") || code.contains("kernel void") || code.contains(", int ") || code.hasPrefix("long ")
      || code.contains(", long ") || code.hasPrefix("local float ") || code.hasPrefix("float ") && code.hasSuffix("];")
  }

  /// The function that each line of code belongs to; nil for blank lines, comments and preprocessing.
  private static func owners(of lines: [String], file: String) throws -> [(String, String?)?] {
    // A definition begins at the margin, with a name before a parenthesis and a type.
    let heads = try NSRegularExpression(
      pattern: #"^[A-Za-z_].*?\b(\w+)\((?:ITEM_ARGUMENT )?(?:global|local|const|constant|long|int|float|void)\b"#)
    var owners: [(String, String?)?] = []
    var shapes: [String?] = []
    var current: String?
    for line in lines {
      let code = line.trimmingCharacters(in: .whitespaces)
      let whole = NSRange(line.startIndex..., in: line)
      if code.hasPrefix("#") {
        if code.hasPrefix("#if") {
          shapes.append(code == "#if SHAPE_CPU" ? "cpu" : code == "#if !SHAPE_CPU" ? "gpu" : shapes.last ?? nil)
        } else if code == "#else", let last = shapes.popLast() {
          shapes.append(last == "cpu" ? "gpu" : last == "gpu" ? "cpu" : last)
        } else if code == "#endif" {
          _ = shapes.popLast()
        }
        owners.append(nil)
        continue
      }
      if let match = heads.firstMatch(in: line, range: whole), let range = Range(match.range(at: 1), in: line) {
        current = String(line[range])
      }
      let shape = shapes.last ?? nil
      guard let current, !code.isEmpty, !code.hasPrefix("//"), !code.hasPrefix("*") else {
        owners.append(nil)
        continue
      }
      owners.append((current, shape))
    }
    return owners
  }
}

import ToolSupport

/// Reads a ``Formula`` from its text, by recursive descent.
struct FormulaParser {
  private let text: String
  private var tokens: [String]

  init(_ text: String) {
    self.text = text
    tokens = text.matches(of: /\d+(?:\.\d+)?|\w+|==|[-+*\/<(),]|\S/).map { String($0.0) }.reversed()
  }

  mutating func formula() throws -> Formula {
    let formula = try comparison()
    guard tokens.isEmpty else { throw unexpected() }
    return formula
  }

  private mutating func comparison() throws -> Formula {
    let left = try sum()
    guard let sign = taken(["==", "<"]) else { return left }
    return .binary(sign, left, try sum())
  }

  private mutating func sum() throws -> Formula {
    var result = try product()
    while let sign = taken(["+", "-"]) { result = .binary(sign, result, try product()) }
    return result
  }

  private mutating func product() throws -> Formula {
    var result = try factor()
    while let sign = taken(["*", "/"]) { result = .binary(sign, result, try factor()) }
    return result
  }

  private mutating func factor() throws -> Formula {
    guard let token = tokens.popLast() else { throw Failure("The formula '\(text)' ends too early.") }
    if token == "(" {
      let inner = try comparison()
      try expect(")")
      return inner
    }
    if token == "-" { return .binary("-", .number(0), try factor()) }
    if let number = Double(token) { return .number(number) }
    guard token.wholeMatch(of: /[A-Za-z_]\w*/) != nil else { throw unexpected(token) }
    guard taken(["("]) != nil else { return .name(token) }
    var arguments = [try comparison()]
    while taken([","]) != nil { arguments.append(try comparison()) }
    try expect(")")
    return .call(token, arguments)
  }

  private mutating func taken(_ signs: [String]) -> String? {
    guard let last = tokens.last, signs.contains(last) else { return nil }
    return tokens.popLast()
  }

  private mutating func expect(_ sign: String) throws {
    guard taken([sign]) != nil else { throw unexpected() }
  }

  private func unexpected(_ token: String? = nil) -> Failure {
    guard let token = token ?? tokens.last else { return Failure("The formula '\(text)' ends too early.") }
    return Failure("The formula '\(text)' has '\(token)' where nothing like it belongs.")
  }
}

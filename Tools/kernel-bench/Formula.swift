import Foundation
import ToolSupport

/// Arithmetic on names, as headers of kernels state it: `groups * 64 * up(depth, 16) + has_bias * n`.
///
/// Comparisons (`==`, `<`) are 1 or 0. There are ``functions``, and those that a text defines.
indirect enum Formula: Equatable {
  case number(Double)
  case name(String)
  case binary(String, Formula, Formula)
  case call(String, [Formula])

  /// A function that the text of kernels defines: `activated(kind) = 2 * (kind == 1)`.
  struct Definition: Equatable {
    var parameters: [String]
    var body: Formula
  }

  /// What names stand for.
  struct Scope {
    var values: [String: Double] = [:]
    var definitions: [String: Definition] = [:]
  }

  /// - Throws: ``Failure`` that says what is wrong with the text.
  init(parsing text: String) throws {
    var parser = FormulaParser(text)
    self = try parser.formula()
  }

  /// - Throws: ``Failure`` where a name or function is unknown.
  func value(in scope: Scope) throws -> Double {
    switch self {
    case .number(let value): return value
    case .name(let name):
      guard let value = scope.values[name] else { throw Failure("'\(name)' has no value.") }
      return value
    case .binary(let sign, let left, let right):
      return try Self.combined(sign, left.value(in: scope), right.value(in: scope))
    case .call(let name, let arguments):
      let values = try arguments.map { try $0.value(in: scope) }
      if let definition = scope.definitions[name], definition.parameters.count == values.count {
        var inner = Scope(definitions: scope.definitions)
        inner.values = Dictionary(zip(definition.parameters, values)) { $1 }
        return try definition.body.value(in: inner)
      }
      guard let function = Self.functions[name], function.count == values.count else {
        throw Failure("There is no function '\(name)' of \(values.count) arguments.")
      }
      return function.body(values)
    }
  }

  /// The names that it reads.
  var names: Set<String> {
    switch self {
    case .number: []
    case .name(let name): [name]
    case .binary(_, let left, let right): left.names.union(right.names)
    case .call(_, let arguments): arguments.reduce(into: []) { $0.formUnion($1.names) }
    }
  }

  private static func combined(_ sign: String, _ left: Double, _ right: Double) -> Double {
    switch sign {
    case "+": left + right
    case "-": left - right
    case "*": left * right
    case "/": left / right
    case "<": left < right ? 1 : 0
    default: left == right ? 1 : 0
    }
  }

  /// Kept short: what the sizes of tiles, edges of pictures and trees need.
  static let functions: [String: (count: Int, body: @Sendable ([Double]) -> Double)] = [
    "ceil": (1, { $0[0].rounded(.up) }), "floor": (1, { $0[0].rounded(.down) }), "log": (1, { log($0[0]) }),
    "min": (2, { min($0[0], $0[1]) }), "max": (2, { max($0[0], $0[1]) }),
    // The next multiple of the second argument.
    "up": (2, { ($0[0] / $0[1]).rounded(.up) * $0[1] }),
    // Windows along an axis of a picture: n of them with `kernel` taps each, stride, dilation, padding before and the
    // picture's extent. The taps of all that fall inside of the picture; and the squares of each window's.
    "taps": (6, { Self.insideTaps($0).reduce(0, +) }),
    "squared_taps": (6, { Self.insideTaps($0).reduce(0) { $0 + $1 * $1 } }),
  ]

  private static func insideTaps(_ arguments: [Double]) -> [Double] {
    let numbers = arguments.map { Int($0) }
    let (count, kernel, stride, dilation, before, extent) =
      (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
    return (0..<max(count, 0)).map { output in
      Double((0..<kernel).count { 0..<extent ~= output * stride - before + $0 * dilation })
    }
  }
}

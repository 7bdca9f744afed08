/// What the text of kernels says without a compiler.
enum KernelText {
  /// The names of each kernel's arguments in the GPU shape, in their order.
  ///
  /// - prelude: the text that stands before it
  static func arguments(of text: String, prelude: String) -> [String: [String]] {
    let shape = gpuShape(of: text)
    let macros = macros(of: gpuShape(of: prelude) + "\n" + shape)
    var found: [String: [String]] = [:]
    for match in shape.matches(of: /kernel\b[^;{}]*?\bvoid (\w+)\(([^)]*)\)/) {
      let list = match.2.split(separator: ",").flatMap { argument -> [Substring] in
        let name = argument.filter { !$0.isWhitespace }
        return macros[name].map { $0.split(separator: ",") } ?? [argument]
      }
      // The last word of each.
      found[String(match.1)] = list.compactMap { $0.matches(of: /\w+/).last.map { String($0.0) } }
    }
    return found
  }

  /// Without the lines of the other shape; other conditions keep both branches.
  private static func gpuShape(of text: String) -> String {
    // Of each open condition: whether lines are dropped in its present branch, and whether it asks for the shape.
    var open: [(drops: Bool, isShape: Bool)] = []
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("#if") {
        let isShape = line.hasPrefix("#if SHAPE_CPU")
        open.append((isShape, isShape))
      } else if line.hasPrefix("#else"), let last = open.last {
        open[open.count - 1].drops = last.isShape && !last.drops
      } else if line.hasPrefix("#endif") {
        _ = open.popLast()
      } else if !open.contains(where: \.drops) {
        lines.append(line)
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Texts of macros without arguments, by name.
  private static func macros(of text: String) -> [String: String] {
    let joined = text.replacing("\\\n", with: " ")
    let found = joined.matches(of: /#define (\w+) (.+)/).map { (String($0.1), String($0.2)) }
    return Dictionary(found) { $1 }
  }
}

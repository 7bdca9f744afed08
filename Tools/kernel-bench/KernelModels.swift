import ComputeOpenCL
import Foundation
import ToolSupport

/// The models in the headers of kernels, with what formulas need to know of the kernels' text.
///
/// ```
/// // Model of softmax_rows
/// //   typical: 0.88 operations a byte in softmax rows=4096 columns=1024
/// //   needs: 20 registers, 256 bytes local, 64 items: 32 groups a unit by items
/// //   results = groups * columns
/// //   loads = 3 * results
/// //   operations = 7 * results +
/// //     groups * 130
/// ```
/// Lines that begin five blanks deep go on with the one before. Short ones stand on one line:
/// `// Model of elementwise_fill: results = n; stores = n`. A function of several models is defined once:
/// `// Model of activated(kind) = (kind == 1)`.
struct KernelModels: Equatable {
  private(set) var models: [String: KernelModel] = [:]
  private(set) var definitions: [String: Formula.Definition] = [:]
  /// Names of arguments by kernel, for the kernels that the GPU shape has.
  private(set) var arguments: [String: [String]] = [:]

  /// - texts: of the files, by their names
  /// - Throws: ``Failure`` where a header is malformed.
  init(texts: [String: String]) throws {
    for (file, text) in texts.sorted(by: { $0.key < $1.key }) {
      do { try read(text, prelude: texts["prelude"] ?? "") } catch { throw Failure("\(file).cl: \(error)") }
    }
  }

  /// The model that a launch belongs to: `winograd_input` for `winograd4_input`.
  func model(of launch: LaunchRecord) -> KernelModel? { models[Self.name(launch.kernel)] }

  static func name(_ kernel: String) -> String {
    let family = kernel.prefix { $0 != "_" }
    return family.filter { !$0.isNumber } + kernel.dropFirst(family.count)
  }

  /// What is wrong with the headers before anything is run.
  var problems: [String] {
    let missing = arguments.keys.filter { models[$0] == nil }.map { "\($0) has no model in its header." }
    let stray = models.keys.filter { arguments[$0] == nil }.map { "There is a model of \($0), and no such kernel." }
    let others = models.values.flatMap { model -> [String] in
      let unknown = model.unknownNames(arguments: arguments[model.kernel] ?? [])
      var found = unknown.map { "The model of \(model.kernel) uses '\($0)', which is not known there." }
      if !model.steps.contains(where: { $0.name == "results" }) {
        found.append("The model of \(model.kernel) does not say how many results there are.")
      }
      if let needs = model.needs, needs.expected != (needs.groups, needs.binding) {
        found.append("\(model.kernel): \(needs.expected.groups) groups fit a unit by \(needs.expected.binding).")
      }
      return found
    }
    return (missing + stray + others).sorted()
  }

  private mutating func read(_ text: String, prelude: String) throws {
    arguments.merge(KernelText.arguments(of: text, prelude: prelude)) { $1 }
    for entries in Self.blocks(text) {
      guard let match = entries[0].wholeMatch(of: /Model of (\w+)(?:\((.*?)\) = (.+))?/) else {
        throw Failure("'\(entries[0])' is no model; one begins with 'Model of <kernel>'.")
      }
      let name = String(match.1)
      if let parameters = match.2, let body = match.3 {
        let names = parameters.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        definitions[name] = Formula.Definition(parameters: names, body: try Formula(parsing: String(body)))
      } else {
        guard models[name] == nil else { throw Failure("There are two models of \(name).") }
        models[name] = try Self.model(name, entries.dropFirst())
      }
    }
  }

  /// Entries of each header, the first one with its name.
  private static func blocks(_ text: String) -> [[String]] {
    var blocks: [[String]] = []
    var isOpen = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if let match = line.wholeMatch(of: /\/\/ (Model of .*)/) {
        let parts = match.1.split(separator: ":", maxSplits: 1).map(String.init)
        let entries = parts.count > 1 ? parts[1].split(separator: ";").map(String.init) : []
        blocks.append(([parts[0]] + entries).map { $0.trimmingCharacters(in: .whitespaces) })
        isOpen = true
      } else if isOpen, let match = line.wholeMatch(of: /\/\/ {3,}(.*)/) {
        let last = blocks.count - 1
        if line.hasPrefix("//     ") {
          blocks[last][blocks[last].count - 1] += " " + match.1
        } else {
          blocks[last] += match.1.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
        }
      } else {
        isOpen = false
      }
    }
    return blocks
  }

  private static func model(_ kernel: String, _ entries: ArraySlice<String>) throws -> KernelModel {
    var model = KernelModel(kernel: kernel)
    for entry in entries {
      if let match = entry.wholeMatch(of: /typical: ([\d.]+) operations a byte in (.+)/) {
        model.typical = KernelModel.Typical(intensity: Double(match.1) ?? .nan, problem: String(match.2))
      } else if let match = entry.wholeMatch(
        of: /needs: (\d+) registers, (\d+) bytes local, (\d+) items: (\d+) groups a unit by (.+)/)
      {
        let numbers = [match.1, match.2, match.3, match.4].map { Int($0) ?? 0 }
        model.needs = KernelModel.Needs(
          registers: numbers[0], localBytes: numbers[1], items: numbers[2], groups: numbers[3],
          binding: String(match.5))
      } else if let match = entry.wholeMatch(of: /(\w+) = (.+)/) {
        let formula = try Formula(parsing: String(match.2))
        model.steps.append(KernelModel.Step(name: String(match.1), formula: formula))
      } else {
        throw Failure("The model of \(kernel) has a line that says nothing: '\(entry)'")
      }
    }
    return model
  }
}

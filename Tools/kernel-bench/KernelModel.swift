import ComputeOpenCL
import Foundation
import ToolSupport

/// What the header of a kernel says of its GPU shape: how often memory is touched, how much is computed, and what a
/// work-group occupies.
struct KernelModel: Equatable {
  /// What a launch does; the names that headers use are those of the cases.
  enum Quantity: String, CaseIterable, Codable {
    /// Words of 4 bytes.
    case loads, stores
    case localLoads = "local_loads"
    case localStores = "local_stores"
    /// Floating-point ones; a fused multiply-add is two, a function one.
    case operations

    var title: String { rawValue.replacingOccurrences(of: "_", with: " ") }
  }

  /// A problem of the catalogue, and the operations a byte of global memory in it.
  struct Typical: Equatable {
    var intensity: Double
    var problem: String
  }

  /// What a work-group occupies, and how many fit a compute unit.
  struct Needs: Equatable {
    /// An estimate: the 32-bit values of an item that live at once.
    var registers: Int
    var localBytes: Int
    var items: Int
    var groups: Int
    var binding: String

    /// A compute unit's: NVIDIA's since 2014, and about AMD's and Intel's.
    static let unit = (registers: 65_536, localBytes: 49_152, items: 2048)

    /// How many groups fit, and what binds them.
    var expected: (groups: Int, binding: String) {
      let limits = [
        ("items", Self.unit.items / max(items, 1)), ("registers", Self.unit.registers / max(registers * items, 1)),
        ("local memory", localBytes > 0 ? Self.unit.localBytes / localBytes : .max),
      ]
      return limits.map { (groups: $0.1, binding: $0.0) }.min { $0.groups < $1.groups } ?? (0, "")
    }
  }

  struct Step: Equatable {
    var name: String
    var formula: Formula
  }

  var kernel: String
  var typical: Typical?
  var needs: Needs?
  /// Quantities, and names that later ones use, in their order.
  var steps: [Step] = []

  /// Names that every model may use beside the kernel's arguments.
  static let commonNames: Set = [
    "items", "groups", "size0", "size1", "size2", "groups0", "groups1", "groups2", "M", "VW",
  ]

  /// What a model says of one launch.
  struct Stated {
    /// Elements of the result.
    var results: Double
    var quantities: [Quantity: Double]
    /// Operations in the lanes of vectors beyond the first: an instruction on vectors is counted once.
    var unseen: Double
    /// Whether the model speaks of such a launch: what others do depends on the data.
    var isValid: Bool
  }

  ///
  /// - arguments: the kernel's, by position
  /// - vectorWidth: VW of the kernels
  func evaluated(
    _ launch: LaunchRecord, arguments: [String], definitions: [String: Formula.Definition], vectorWidth: Int
  ) throws -> Stated {
    guard arguments.count == launch.numbers.count else {
      throw Failure(
        "\(kernel) has \(arguments.count) arguments in its text and was launched with \(launch.numbers.count).")
    }
    var scope = Formula.Scope(values: Self.values(of: launch), definitions: definitions)
    scope.values["VW"] = Double(vectorWidth)
    for (name, number) in zip(arguments, launch.numbers) { scope.values[name] = number }
    for step in steps {
      do { scope.values[step.name] = try step.formula.value(in: scope) } catch {
        throw Failure("The model of \(kernel) does not say its \(step.name): \(error)")
      }
    }
    // What no line says is nothing, and an argument may have a quantity's name.
    let said = Set(steps.map(\.name))
    func value(_ name: String) -> Double { said.contains(name) ? scope.values[name] ?? 0 : 0 }
    return Stated(
      results: value("results"),
      quantities: Dictionary(uniqueKeysWithValues: Quantity.allCases.map { ($0, value($0.rawValue)) }),
      unseen: value("unseen"), isValid: !said.contains("valid") || value("valid") > 0)
  }

  private static func values(of launch: LaunchRecord) -> [String: Double] {
    var values = ["items": Double(launch.size.reduce(1, *))]
    var groups = 1
    for dimension in 0..<3 {
      let size = dimension < launch.size.count ? launch.size[dimension] : 1
      let count = dimension < launch.group.count ? size / launch.group[dimension] : 1
      values["size\(dimension)"] = Double(size)
      values["groups\(dimension)"] = Double(count)
      groups *= count
    }
    values["groups"] = Double(groups)
    values["M"] = Double(launch.kernel.prefix { $0 != "_" }.filter(\.isNumber)) ?? 0
    return values
  }

  /// Names that neither the launch, nor the kernel's arguments, nor earlier lines define.
  func unknownNames(arguments: [String]) -> Set<String> {
    var known = Self.commonNames.union(arguments)
    var unknown: Set<String> = []
    for step in steps {
      unknown.formUnion(step.formula.names.subtracting(known))
      known.insert(step.name)
    }
    return unknown
  }
}

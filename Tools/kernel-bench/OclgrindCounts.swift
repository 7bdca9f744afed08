import Foundation
import ToolSupport

/// What Oclgrind's `--inst-counts` says of one launch.
struct OclgrindCounts: Equatable {
  var kernel: String
  var quantities: [KernelModel.Quantity: Double] = [:]

  /// The launches in their order, from what Oclgrind prints when each has ended.
  static func all(in output: String) -> [OclgrindCounts] {
    var found: [OclgrindCounts] = []
    for line in output.split(separator: "\n") {
      if let match = line.wholeMatch(of: /Instructions executed for kernel '(\w+)':/) {
        found.append(OclgrindCounts(kernel: String(match.1)))
      } else if let match = line.wholeMatch(of: /\s*(\d+) - (.+)/), let count = Double(match.1), !found.isEmpty,
        let (quantity, amount) = meaning(of: String(match.2), count)
      {
        found[found.count - 1].quantities[quantity, default: 0] += amount
      }
    }
    return found
  }

  /// What an instruction counts as; nil for what no model speaks of: whole numbers, private memory, control.
  private static func meaning(of instruction: String, _ count: Double) -> (KernelModel.Quantity, Double)? {
    if let match = instruction.wholeMatch(of: /(load|store) (global|local) \((\d+) bytes\)/) {
      return (memory(isLoad: match.1 == "load", isGlobal: match.2 == "global"), (Double(match.3) ?? 0) / 4)
    }
    // vload16 and the like: the address space is in the mangled name, 1 is global and 3 local.
    if let match = instruction.wholeMatch(of: /call _Z\d+v(load|store)(_half[a-z_]*?)?(\d*)(?:m|f|D).*U3AS([13]).*\(\)/)
    {
      let words = (Double(match.3) ?? 1) * (match.2 == nil ? 1 : 0.5)
      return (memory(isLoad: match.1 == "load", isGlobal: match.4 == "1"), count * words)
    }
    // Instructions on vectors are not told from others.
    if ["fadd", "fsub", "fmul", "fdiv", "frem", "fneg", "fcmp"].contains(instruction) { return (.operations, count) }
    // A mangled name: its length, itself, and the types of its arguments, of which the first has to be of floats.
    if let match = instruction.wholeMatch(of: /call _Z(\d+)(\w+)\(\)/), let length = Int(match.1) {
      let (name, types) = (match.2.prefix(length), match.2.dropFirst(length))
      guard let first = types.prefixMatch(of: /f|Dv(\d+)_f/), !name.hasPrefix("v"), !name.hasPrefix("select") else {
        return nil
      }
      let lanes = first.1.flatMap { Double($0) } ?? 1
      return (.operations, count * lanes * (["fma", "mad"].contains(name) ? 2 : 1))
    }
    if let match = instruction.wholeMatch(of: /call llvm\.(\w+)\.(?:v(\d+))?f32\(\)/) {
      let lanes = match.2.flatMap { Double($0) } ?? 1
      return (.operations, count * lanes * (["fma", "fmuladd"].contains(match.1) ? 2 : 1))
    }
    return nil
  }

  private static func memory(isLoad: Bool, isGlobal: Bool) -> KernelModel.Quantity {
    isLoad ? (isGlobal ? .loads : .localLoads) : (isGlobal ? .stores : .localStores)
  }
}

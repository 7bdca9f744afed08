import Foundation

/// A kernel in one case: what was counted, and what its model says.
struct ModelRow: Codable {
  var kernel: String
  var text: String
  /// A part of the model.
  var tolerance: Double
  /// Elements of the result.
  var results = 0.0
  var counted: [KernelModel.Quantity: Double] = [:]
  var stated: [KernelModel.Quantity: Double] = [:]

  init(kernel: String, text: String, tolerance: Double) {
    self.kernel = kernel
    self.text = text
    self.tolerance = tolerance
  }

  /// The quantities that are further from the model than they may be.
  var wrong: [KernelModel.Quantity] {
    KernelModel.Quantity.allCases.filter { quantity in
      let (found, model) = (counted[quantity] ?? 0, stated[quantity] ?? 0)
      return !(abs(found - model) <= tolerance * model)
    }
  }

  static let header = ["kernel", "case"] + KernelModel.Quantity.allCases.map(\.title) + ["verdict"]

  /// Counted over stated, a result each.
  var cells: [String] {
    let quantities = KernelModel.Quantity.allCases.map { quantity -> String in
      let (found, model) = (counted[quantity] ?? 0, stated[quantity] ?? 0)
      if found == 0 && model == 0 { return "-" }
      return String(format: "%.4g/%.4g", found / results, model / results)
    }
    let verdict = wrong.isEmpty ? "passed" : "FAILED: " + wrong.map(\.title).joined(separator: ", ")
    return [kernel, text.replacingOccurrences(of: " data=normal", with: "")] + quantities + [verdict]
  }
}

import ArgumentParser
import Compute
import OpCatalogue
import Variants

/// What is asked of a case.
enum CaseCheck: String, Codable, ExpressibleByArgument {
  /// Its outputs against the reference, and every variant's against each other's.
  case values
  /// ⟨J·v, y⟩ against ⟨v, Jᵀ·y⟩.
  case adjoint
}

/// Runs cases in this process.
struct CaseExecutor {
  let variants: [Variant]
  let options: CaseOptions
  var check = CaseCheck.values

  /// The case on each variant of `names` (all when empty); `begin` is told before each.
  func records(for text: String, names: [String] = [], begin: (String) -> Void = { _ in }) throws -> [CaseRecord] {
    let (made, fill) = try OpCatalogue.makeCase(parsing: text)
    guard check == .values || made.isLinear else { throw CaseError.malformed("\(made.operation) is not linear") }
    let prepared = made.prepared(fill, seed: options.seed)
    var records: [CaseRecord] = []
    var earlier: [(name: String, result: CaseResult)] = []
    for variant in variants where names.isEmpty || names.contains(variant.name) {
      begin(variant.name)
      var record = CaseRecord(
        made, fill, seed: options.seed, variant: variant.name, device: variant.deviceName, status: .passed)
      record.check = check
      do {
        switch check {
        case .values:
          let result = try made.result(prepared, on: variant.device, options)
          record.take(result)
          compare(result, with: earlier, made, prepared, &record)
          earlier.append((variant.name, result))
        case .adjoint:
          record.take(try made.adjointGap(fill, on: variant.device, options), scale: options.toleranceScale)
        }
      } catch {
        record.status = .failed
        record.message = "\(error)"
      }
      records.append(record)
    }
    return records
  }

  /// Two implementations may each be right within the bound, and still not by the same reading of the definition.
  private func compare(
    _ result: CaseResult, with earlier: [(name: String, result: CaseResult)], _ made: OpCase,
    _ prepared: OpCase.Prepared, _ record: inout CaseRecord
  ) {
    for (name, other) in earlier where result.status != .failed && other.status != .failed {
      guard let ratio = made.disagreement(result, other, prepared, options) else { continue }
      // JSON has no infinities.
      record.pairRatio = max(record.pairRatio ?? 0, min(ratio, .greatestFiniteMagnitude))
      if !(ratio <= 1), record.status != .failed {
        record.status = .failed
        record.message = "differs from \(name) by \(ratio) of what two errors within their bounds may add up to"
      }
    }
  }
}

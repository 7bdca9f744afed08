import Compute
import OpCatalogue

/// Runs cases in this process.
struct CaseExecutor {
  let variants: [Variant]
  let options: CaseOptions

  /// The case on each variant of `names` (all when empty); `begin` is told before each.
  func records(for text: String, names: [String] = [], begin: (String) -> Void = { _ in }) throws -> [CaseRecord] {
    let (made, fill) = try OpCatalogue.makeCase(parsing: text)
    let prepared = made.prepared(fill, seed: options.seed)
    var records: [CaseRecord] = []
    for variant in variants where names.isEmpty || names.contains(variant.name) {
      begin(variant.name)
      var record = CaseRecord(
        made, fill, seed: options.seed, variant: variant.name, device: variant.deviceName, status: .passed)
      do { record.take(try made.result(prepared, on: variant.device, options)) } catch {
        record.status = .failed
        record.message = "\(error)"
      }
      records.append(record)
    }
    return records
  }
}

import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport

/// Runs the GPU shape on Oclgrind in a child, and compares what is counted with the headers' models.
struct ModelCheck {
  var models: KernelModels
  var kernelFolder: String?
  /// Oclgrind's driver library.
  var library: String
  /// A part of the model.
  var tolerance: Double
  /// Seconds that the child may take.
  var timeout: Double

  struct Result {
    var rows: [ModelRow] = []
    /// What the headers say otherwise than is found.
    var findings: [String] = []
  }

  /// - cases: texts
  /// - isWhole: whether these are all cases, so that a kernel that none of them launches is a finding
  func checked(_ cases: [String], isWhole: Bool) throws -> Result {
    let (work, counts) = try counted(cases)
    let launches = work.counted.flatMap(\.launches)
    guard launches.map({ KernelModels.name($0.kernel) }) == counts.map(\.kernel) else {
      throw Failure("Oclgrind counted \(counts.count) launches where \(launches.count) were made, so none is known.")
    }
    var result = Result(findings: models.problems)
    var rest = counts[...]
    for one in work.counted {
      result.rows += try rows(of: one, rest.prefix(one.launches.count), work.vectorWidth)
      rest = rest.dropFirst(one.launches.count)
    }
    let launched = Set(launches.map { KernelModels.name($0.kernel) })
    result.findings += try headerFindings(work, launched)
    if isWhole { result.findings += coverageFindings(result.rows) }
    return result
  }

  /// Every model is compared; one of the whole form in two cases, so that edges are among them.
  private func coverageFindings(_ rows: [ModelRow]) -> [String] {
    let cases = Dictionary(grouping: rows) { KernelModels.name($0.kernel) }.mapValues(\.count)
    return models.models.values.sorted { $0.kernel < $1.kernel }.compactMap { model in
      let wanted = ModelCases.unchecked.contains(model.kernel) ? 0 : model.needs == nil ? 1 : 2
      let found = cases[model.kernel] ?? 0
      return found < wanted ? "\(model.kernel) is compared in \(found) cases, which is fewer than \(wanted)." : nil
    }
  }

  private func counted(_ cases: [String]) throws -> (ModelledWork, [OclgrindCounts]) {
    let folder = try TemporaryFolder()
    let operations = Set(cases.map(Self.operation))
    let typical = Set(models.models.values.compactMap(\.typical).map { "op=" + $0.problem }).sorted().filter {
      operations.contains(Self.operation($0))
    }
    var arguments = ["model-worker", "--result", folder.path("launches")]
    if let kernelFolder { arguments += ["--kernel-dir", kernelFolder] }
    if !typical.isEmpty { arguments += ["--typical"] + typical }
    let environment = [
      // Digits are grouped elsewhere.
      "LC_ALL": "C", "OCL_ICD_VENDORS": library, "OCLGRIND_INST_COUNTS": "1", "XDG_CACHE_HOME": folder.url.path,
    ]
    let outcome = try ChildProcess(
      arguments: arguments + ["--cases"] + cases, environment: environment, timeout: timeout
    ).run()
    guard outcome.end == .code(0) else { throw Failure("Nothing was counted: \(outcome.explanation)") }
    let work = try JSONDecoder().decode(ModelledWork.self, from: Data(folder.text("launches").utf8))
    return (work, OclgrindCounts.all(in: outcome.output))
  }

  /// `op=multiply` of a case's text.
  private static func operation(_ text: String) -> Substring { text.prefix { $0 != " " } }

  /// One a kernel: its launches in a case are added up.
  private func rows(
    of one: ModelledWork.Case, _ counts: ArraySlice<OclgrindCounts>, _ vectorWidth: Int
  ) throws -> [ModelRow] {
    var rows: [String: ModelRow] = [:]
    for (launch, count) in zip(one.launches, counts) {
      guard let model = models.model(of: launch) else { continue }
      let stated = try evaluated(model, launch, vectorWidth)
      guard stated.isValid else { continue }
      var row = rows[launch.kernel] ?? ModelRow(kernel: launch.kernel, text: one.text, tolerance: tolerance)
      row.results += stated.results
      for quantity in KernelModel.Quantity.allCases {
        row.counted[quantity, default: 0] += count.quantities[quantity] ?? 0
        row.stated[quantity, default: 0] += stated.quantities[quantity] ?? 0
      }
      row.stated[.operations, default: 0] -= stated.unseen
      rows[launch.kernel] = row
    }
    return rows.values.sorted { $0.kernel < $1.kernel }
  }

  private func evaluated(
    _ model: KernelModel, _ launch: LaunchRecord, _ vectorWidth: Int
  ) throws -> KernelModel.Stated {
    try model.evaluated(
      launch, arguments: models.arguments[model.kernel] ?? [], definitions: models.definitions,
      vectorWidth: vectorWidth)
  }

  /// Intensities, work-groups and local memory.
  private func headerFindings(_ work: ModelledWork, _ launched: Set<String>) throws -> [String] {
    try models.models.values.sorted { $0.kernel < $1.kernel }.filter { launched.contains($0.kernel) }.flatMap { model in
      var findings = needsFindings(of: model, work)
      if let typical = model.typical, let found = try intensity(of: model, work, "op=" + typical.problem),
        !(abs(found - typical.intensity) <= tolerance * found)
      {
        let values = String(format: "%.3g operations a byte by its model, %g", found, typical.intensity)
        findings.append("\(model.kernel) has \(values) by its header.")
      }
      return findings
    }
  }

  private func needsFindings(of model: KernelModel, _ work: ModelledWork) -> [String] {
    guard let needs = model.needs else { return [] }
    var findings: [String] = []
    if let found = work.localBytes[model.kernel], found != needs.localBytes {
      findings.append("\(model.kernel) takes \(found) bytes of local memory, its header says \(needs.localBytes).")
    }
    let launches = work.counted.flatMap(\.launches).filter { KernelModels.name($0.kernel) == model.kernel }
    let items = Set(launches.map { $0.group.reduce(1, *) })
    if items != [needs.items] {
      findings.append("\(model.kernel) has work-groups of \(items.sorted()), its header says \(needs.items).")
    }
    return findings
  }

  /// Operations a byte of global memory, as loads and stores ask for it: caches may spare a part. Nil where the problem's
  /// operation is none of those that are checked.
  private func intensity(of model: KernelModel, _ work: ModelledWork, _ text: String) throws -> Double? {
    guard let typical = work.typical.first(where: { $0.text == text }) else { return nil }
    var (operations, words) = (0.0, 0.0)
    for launch in typical.launches where KernelModels.name(launch.kernel) == model.kernel {
      let stated = try evaluated(model, launch, work.vectorWidth)
      guard stated.isValid else { continue }
      operations += stated.quantities[.operations] ?? 0
      words += (stated.quantities[.loads] ?? 0) + (stated.quantities[.stores] ?? 0)
    }
    return operations / (4 * words)
  }
}

import ArgumentParser
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct TuneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tune", abstract: "Find the kernels' tile sizes that are fastest on a device, and keep them for it.",
    discussion: """
      Candidates run in child processes: each must give right results in the suite, between guards, and is then timed in \
      turn with the built-in sizes; slow ones leave the race early. What is 3 % faster or more is kept in the user's \
      cache, by device, driver and the kernels' text: flawless, parity and kernel-bench take it and say so. They leave \
      it alone under --tuning off, which makes runs give the same bits whatever was tuned.

      Examples:
        kernel-bench tune
        kernel-bench tune --ops 'conv*' --budget 30s --dry-run
      """)

  @OptionGroup var operations: OperationArguments
  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Time for all of it, about.", valueName: "SECONDS"))
  var budget = "60s"
  @Option(help: ArgumentHelp("Seconds that a child process may take.", valueName: "S"))
  var timeout = 120.0
  @Flag(help: "Keep nothing.")
  var dryRun = false
  @Option(help: ArgumentHelp("Write what was tried as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  private var seconds: Double? { Double(budget.hasSuffix("s") ? String(budget.dropLast()) : budget) }

  func validate() throws {
    guard let seconds, seconds > 0, timeout > 0 else {
      throw ValidationError("--budget and --timeout must be positive numbers of seconds, such as 60s.")
    }
  }

  /// One line of the report.
  private struct Row: Encodable {
    let variant, family, candidate, outcome: String
    var ratio: Double?
  }

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    let wanted = Set(try operations.operations().map(\.name))
    let opened = try OpenCLVariant.open(devices, usesTuning: false)
    if let reason = opened.skipped { return try Output.line("skipped: \(reason)\n0 passed, 0 failed, 1 skipped") }
    let work = opened.variants.flatMap { variant in
      TunedFamily.all.filter { $0.shape == variant.device.shape && !$0.operations.isDisjoint(with: wanted) }
        .map { (variant: variant, family: $0) }
    }
    let start = ContinuousClock.now
    var (rows, problems, files) = ([Row](), [String](), Set<String>())
    for (index, (variant, family)) in work.enumerated() {
      let left = (seconds ?? 0) - (ContinuousClock.now - start) / .seconds(1)
      let tuner = Tuner(
        variant: variant, device: devices.device, kernelFolder: devices.kernels.kernelDir, timeout: timeout,
        note: { try progress.note($0) })
      let known = Tuning.read(for: variant.device.driver)?.entries ?? []
      let result = try tuner.tune(family, known: known, budget: max(left, 0) / Double(work.count - index))
      rows += Self.rows(variant, family, result)
      if let problem = result.problem { problems.append("\(family.name) was not timed: \(problem)") }
      if !dryRun, result.problem == nil { files.insert(try keep(result, of: family, variant.device)) }
      try progress.report("families", index + 1, of: work.count)
    }
    try report(rows, problems, files.sorted(), skipped: work.isEmpty)
  }

  private static func rows(_ variant: OpenCLVariant, _ family: TunedFamily, _ result: Tuner.Result) -> [Row] {
    func row(_ candidate: String, _ outcome: String, _ ratio: Double? = nil) -> Row {
      Row(variant: variant.name, family: family.name, candidate: candidate, outcome: outcome, ratio: ratio)
    }
    let chosen = result.entries.first { $0.verdict == .chosen }?.parameters
    return result.timed.map { row($0.choice, $0.choice == chosen ? "chosen" : "not chosen", $0.ratio) }
      + result.entries.filter { $0.verdict == .wrong }.map { row($0.parameters, "wrong") }
      + result.untried.map { row($0, "not tried: no time") }
  }

  /// Replaces the family's earlier choice; what was wrong with the same kernels stays known.
  private func keep(_ result: Tuner.Result, of family: TunedFamily, _ device: OpenCLDevice) throws -> String {
    let source = try Tuning.sourceHash(family.files, folder: devices.kernels.kernelDir)
    var tuning =
      Tuning.read(for: device.driver) ?? Tuning(device: device.traits.name, driver: device.driver)
    tuning.entries.removeAll { entry in
      entry.files == family.files && entry.shape == family.shape.rawValue
        && (entry.verdict == .chosen || entry.source != source)
    }
    tuning.entries += result.entries
    let file = Tuning.file(for: device.driver)
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    try OutputFile.write(tuning.encoded(), to: file.path)
    return file.path
  }

  private func report(_ rows: [Row], _ problems: [String], _ files: [String], skipped: Bool) throws {
    if let json {
      var document = RunDescription.object
      document["tried"] = try rows.map { try RunDescription.object($0) }
      document["files"] = files
      try OutputFile.writeJSON(document, to: json)
    }
    if json != "-" {
      var table = Table(["kernels", "variant", "tiles", "ratio", "outcome"], leftColumns: 3)
      for row in rows {
        let ratio = row.ratio.map { String(format: "%.3f", $0) } ?? "-"
        table.add([row.family, row.variant, row.candidate, ratio, row.outcome])
      }
      try Output.line(table.text)
      for line in problems + files.map({ "kept in \($0)" }) { try Output.line(line) }
      if skipped { try Output.line("skipped: these kernels have no sizes to choose on this device") }
      let wrong = rows.count { $0.outcome == "wrong" }
      try Output.line(
        "\(rows.count - wrong) passed, \(wrong + problems.count) failed, \(skipped ? 1 : 0) skipped")
    }
    if !problems.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

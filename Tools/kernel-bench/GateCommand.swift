import ArgumentParser
import Benchmarking
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct GateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gate", abstract: "Judge changed kernels: instructions, resources and times against a base folder.",
    discussion: """
      Looks at the operations whose kernels differ from the base, and asks: do they take more instructions (count), more \
      memory or smaller work-groups (static), or longer, in turn with the base (ab)? Exit 0 when nothing is worse, 1 when \
      something is, 6 when the machine was too noisy to time. Tiles are the built-in ones on both sides.

      Examples:
        kernel-bench gate --base base/Kernels
        kernel-bench gate --base base/Kernels --kernel-dir Kernels --skip count
      """)

  enum Check: String, CaseIterable, ExpressibleByArgument { case count, `static`, ab }

  @Option(help: ArgumentHelp("The folder of kernels that is compared with.", valueName: "DIR"))
  var base: String
  @OptionGroup var operations: OperationArguments
  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: "A check that is left out: count, static or ab; may be repeated.")
  var skip: [Check] = []
  @Option(
    help: ArgumentHelp(
      "Parameters of timed cases instead of the built-in ones: a list separated by ';', or a file.",
      valueName: "LIST|FILE"))
  var shapes: String?
  @Option(help: ArgumentHelp("Pairs of each timed case, at least 6.", valueName: "COUNT"))
  var pairs = 31
  @Option(help: ArgumentHelp("Slower by this is too slow, where arithmetic bounds.", valueName: "PERCENT"))
  var threshold = 3.0
  @Option(help: ArgumentHelp("The same where memory bounds.", valueName: "PERCENT"))
  var thresholdMem = 5.0
  @Option(help: ArgumentHelp("A change of instructions that counts.", valueName: "PERCENT"))
  var tolerance = 0.1
  @Flag(help: "Ambiguous times are findings, too.")
  var strict = false
  @Option(help: ArgumentHelp("Write every check as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    guard pairs >= 6, threshold > 0, thresholdMem > 0, tolerance >= 0 else {
      throw ValidationError("--pairs must be at least 6, the thresholds positive, --tolerance not negative.")
    }
  }

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    let folder = try TemporaryFolder()
    let head = try devices.kernels.kernelDir ?? Self.builtIn(in: folder)
    let changes = try KernelChanges(from: base, to: head)
    let affected = changes.affected(try operations.operations())
    try progress.note("changed: \(changes.files.isEmpty ? "nothing" : changes.files.joined(separator: ", "))")
    if let reason = try OpenCLVariant.open(devices).skipped {
      return try report([GateCheck(name: "all", verdict: .skipped, findings: [reason])])
    }
    guard !affected.isEmpty else { return try report([]) }
    var checks: [GateCheck] = []
    for check in Check.allCases where !skip.contains(check) {
      switch check {
      case .count: checks.append(try count(affected, head))
      case .static: checks.append(try resources(head))
      case .ab: checks.append(try times(affected, head, progress))
      }
      try progress.note("\(check.rawValue): \(checks[checks.count - 1].verdict.rawValue)")
    }
    try report(checks)
  }

  private static func builtIn(in folder: TemporaryFolder) throws -> String {
    try KernelFolder.write(to: folder.url.appendingPathComponent("kernels"))
    return folder.path("kernels")
  }

  /// Operations without a counted case are left out.
  private func count(_ affected: [Op], _ head: String) throws -> GateCheck {
    let counted = try affected.filter { try !CountedCases.texts([$0]).isEmpty }
    guard !counted.isEmpty else {
      return GateCheck(name: "count", verdict: .skipped, findings: ["no case of these operations is counted"])
    }
    var results: [InstructionCounter.Result] = []
    for folder in [base, head] {
      let counter = InstructionCounter(
        operations: counted, device: devices.device, variant: devices.variant == "all" ? "cpu" : devices.variant,
        kernelFolder: folder, choice: "", timeout: 1800)
      let (result, reason) = try counter.counted()
      guard let result else { return GateCheck(name: "count", verdict: .skipped, findings: [reason ?? ""]) }
      results.append(result)
    }
    return GateCheck.counts(results[0], results[1], tolerance: tolerance / 100)
  }

  private func resources(_ head: String) throws -> GateCheck {
    let found = try [base, head].map { folder in
      var selection = selection(folder)
      selection.variant = devices.variant
      return try selection.open().variants.reduce(into: [String: KernelResources]()) { all, variant in
        for (name, resources) in try (variant.device as? OpenCLDevice)?.kernelResources() ?? [:] {
          all["\(name) on \(variant.name)"] = resources
        }
      }
    }
    return GateCheck.resources(found[0], found[1])
  }

  private func selection(_ folder: String) -> VariantSelection {
    var selection = devices.selection
    if selection.device == "all" { selection.device = "opencl" }
    (selection.kernelFolder, selection.usesTuning) = (folder, false)
    return selection
  }

  private func times(_ affected: [Op], _ head: String, _ progress: ProgressReporter) throws -> GateCheck {
    let cases = try BenchmarkShapes.cases(affected, shapes: shapes)
    let sides = try [base, head].map { try BenchedVariant.open(selection($0)).variants.first }
    guard !cases.isEmpty, let a = sides[0], let b = sides[1] else {
      return GateCheck(name: "ab", verdict: .skipped, findings: ["no case of these operations is timed"])
    }
    let bench = PairedBench(
      a: a, b: b, pairs: pairs, timer: BlockTimer(), seed: 42, thresholds: (threshold / 100, thresholdMem / 100))
    var records: [PairedRecord] = []
    for (index, made) in cases.enumerated() {
      records.append(bench.record(made))
      try progress.report("timed cases", index + 1, of: cases.count)
    }
    return GateCheck.pairs(records, strict: strict)
  }

  private func report(_ checks: [GateCheck]) throws {
    let status = GateCheck.status(checks)
    if let json {
      var document = RunDescription.object
      document["checks"] = try checks.map { try RunDescription.object($0) }
      document["status"] = Int(status.rawValue)
      try OutputFile.writeJSON(document, to: json)
    }
    if json != "-" {
      for check in checks {
        try Output.line("\(check.name): \(check.verdict.rawValue)")
        for line in check.findings { try Output.line("  ! \(line)") }
        for line in check.notes { try Output.line("    \(line)") }
      }
      let failed = checks.count { $0.verdict == .changed }
      let skipped = checks.count { $0.verdict == .skipped || $0.verdict == .tooNoisy }
      try Output.line("\(checks.count - failed - skipped) passed, \(failed) failed, \(skipped) skipped")
    }
    if status != .done { throw ExitCode(status.rawValue) }
  }
}

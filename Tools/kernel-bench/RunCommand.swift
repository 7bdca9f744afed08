import ArgumentParser
import Backbones
import Benchmarking
import Foundation
import OpCatalogue
import ToolSupport
import Variants

struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Time operations, after checking their results, and compare them with the roofs.",
    discussion: """
      Results are checked once: against the Float64 reference, or where that would take long against another variant; \
      the JSON says which. %roof is the least time that the measured roofs allow, as a part of the time measured: '!' \
      below 50 %, '!!' below 20 %. A case is unstable when plain arithmetic ran 5 % faster or slower after it than \
      before it. The OpenCL kernels' GPU shape is timed on GPUs only, unless --variant gpu asks for it.

      Examples:
        kernel-bench run
        kernel-bench run --ops 'conv*,multiply' --blas
        kernel-bench run --ops multiply --shapes 'm=512 n=512 k=512;m=64 n=64 k=64'
        kernel-bench run --ops multiply --axes 'm=64,256 n=64 k=64..4096*2' --isolate
        kernel-bench run --network resnet18 --weights random:1 --batch 1 --size 256
      """)

  @OptionGroup var operations: OperationArguments
  @OptionGroup var devices: VariantArguments
  @OptionGroup var measuring: MeasuringArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(
    help: ArgumentHelp(
      "Parameters instead of the built-in ones: a list separated by ';', or a file with one case a line.",
      valueName: "LIST|FILE"))
  var shapes: String?
  @Option(
    help: ArgumentHelp(
      "Every combination of parameters, for each shape: 'm=64,256 k=64..4096*2' has 14.", valueName: "AXES"))
  var axes: String?
  @Option(help: "Whether results are checked before they are timed: on or off.")
  var verify = Verify.on
  @Option(help: "The operations of a network's pass in their order, as 'step --layers' prints them.")
  var network: BackboneKind?
  @Option(
    help: ArgumentHelp("The network's weights, or 'random:' and a seed (default: from the cache).", valueName: "FILE"))
  var weights: String?
  @Option(help: ArgumentHelp("The network's pictures (default: 1).", valueName: "COUNT"))
  var batch: Int?
  @Option(help: ArgumentHelp("Their height and width (default: 256).", valueName: "PIXELS"))
  var size: Int?
  @Flag(help: "Compare with the CPU path, in turn.")
  var blas = false
  @Flag(help: "Run each case in a child process, so that a crash or hang is a result (exit 4).")
  var isolate = false
  @Option(help: ArgumentHelp("Seconds that a case may take under --isolate.", valueName: "S"))
  var timeout = 120.0
  @Option(help: ArgumentHelp("Roofs that were measured before, for the child of --isolate.", visibility: .hidden))
  var roofs: String?
  @Option(help: ArgumentHelp("Write every case as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?
  @Option(help: ArgumentHelp("Write the table as Markdown.", valueName: "FILE"))
  var md: String?

  @Flag(help: "Print the cases and run nothing.")
  var list = false

  func validate() throws {
    guard timeout > 0 else { throw ValidationError("--timeout must be positive.") }
    guard network != nil || weights == nil && batch == nil && size == nil else {
      throw ValidationError("--weights, --batch and --size are those of a --network.")
    }
    guard network == nil || shapes == nil && axes == nil && md == nil && !isolate && !blas && !list else {
      throw ValidationError(
        "--network brings shapes of its own and goes with --weights, --batch, --size, --samples, --seed, --json and devices only."
      )
    }
  }

  enum Verify: String, CaseIterable, ExpressibleByArgument { case on, off }

  func run() throws {
    if let network { return try step(network).run() }
    try OutputFile.check(json)
    try OutputFile.check(md)
    let progress = try reporting.progress()
    let cases = try BenchmarkShapes.cases(operations.operations(), shapes: shapes, axes: axes)
    guard !cases.isEmpty else { throw Failure("No case fits these options, so nothing was timed.") }
    guard !list else {
      return try Output.line(cases.map { "op=\($0.operation) \($0.parameters)" }.joined(separator: "\n"))
    }
    devices.kernels.applyHere()
    var selection = devices.selection
    selection.profiledKinds = measuring.timer.profiledKinds
    let opened = try BenchedVariant.open(selection)
    if let problem = opened.openCLProblem { try progress.note("Only the CPU path is measured: \(problem)") }
    for variant in opened.variants { try progress.note("\(variant.name): \(variant.deviceName)") }
    let roofs = try self.roofs.map(Self.roofs) ?? BenchedVariant.roofs(of: opened.variants)
    let bench = CaseBench(
      variants: opened.variants, roofs: roofs, measuring: measuring, verifies: verify == .on, comparesWithBLAS: blas)
    let isolated = isolate ? try IsolatedCases(roofs, variants: opened.variants.map(\.name), timeout: timeout) : nil
    var records: [BenchRecord] = []
    for (index, made) in cases.enumerated() {
      records += try isolated?.records(made) ?? bench.records(made)
      try progress.report("cases", index + 1, of: cases.count)
    }
    try report(records, opened, roofs)
  }

  private func step(_ network: BackboneKind) throws -> StepCommand {
    var step = try StepCommand.parse(["--network", network.rawValue, "--layers", "--samples", "\(measuring.samples)"])
    (step.weights, step.batch, step.size) = (weights, batch, size)
    (step.seed, step.json) = (measuring.seed, json)
    (step.devices, step.reporting) = (devices, reporting)
    try step.validate()
    return step
  }

  private static func roofs(_ path: String) throws -> [String: Roofs] {
    try JSONDecoder().decode([String: Roofs].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func report(
    _ records: [BenchRecord], _ opened: (variants: [BenchedVariant], openCLProblem: String?), _ roofs: [String: Roofs]
  ) throws {
    let failed = records.count { ![.ok, .unstable].contains($0.status) }
    let rows = records.map(\.row)
    if let json {
      var document = RunDescription.object
      document["devices"] = Dictionary(uniqueKeysWithValues: opened.variants.map { ($0.name, $0.deviceName) })
      document["device_details"] = Dictionary(uniqueKeysWithValues: opened.variants.map { ($0.name, $0.details) })
      document["roofs"] = try roofs.mapValues { try RunDescription.object($0) }
      document["cases"] = try records.map { try RunDescription.object($0) }
      document["seed"] = measuring.seed
      try OutputFile.writeJSON(document, to: json)
    }
    if let md {
      let lines = ([BenchRecord.header, BenchRecord.header.map { _ in "---" }] + rows).map {
        "| \($0.joined(separator: " | ")) |\n"
      }
      try OutputFile.write(Data(lines.joined().utf8), to: md)
    }
    if json != "-" {
      for variant in opened.variants {
        guard let measured = roofs[variant.name] else { continue }
        try Output.line("\(variant.name): \(variant.deviceName) | \(RoofCommand.line(measured))")
      }
      var table = Table(BenchRecord.header, leftColumns: 3)
      for row in rows { table.add(row) }
      try Output.line(table.text)
      for record in records where !record.message.isEmpty { try Output.line("\(record.id): \(record.message)") }
      let skipped = opened.openCLProblem == nil ? 0 : 1
      try Output.line("\(records.count - failed) passed, \(failed) failed, \(skipped) skipped")
    }
    if records.contains(where: { [.crash, .timeout].contains($0.status) }) {
      throw ExitCode(ExitStatus.childCrashed.rawValue)
    }
    if failed > 0 { throw ExitCode(ExitStatus.failed.rawValue) }
  }
}

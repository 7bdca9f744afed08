import ArgumentParser
import ComputeOpenCL
import Foundation
import ToolSupport
import Variants

struct CompileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compile", abstract: "Time what compiling the kernels costs: from nothing, and from either cache.",
    discussion: """
      Three child processes compile every program and launch every kernel once: with empty caches, with the driver's own \
      cache filled by that, and with the programs that Flawless stores while the driver's cache is empty. Many drivers \
      compile at the first launch, for each size of work-group: those launches are timed on their own.

      Examples:
        kernel-bench compile
        kernel-bench compile --ops 'conv*,nearest' --variant cpu --json compile.json
      """)

  @OptionGroup var operations: OperationArguments
  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Seconds that a child process may take.", valueName: "S"))
  var timeout = 600.0
  @Option(help: ArgumentHelp("Write the times as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  /// Names the folder of a driver's cache: PoCL, NVIDIA, Intel, Mesa.
  private static let cacheVariables = ["POCL_CACHE_DIR", "CUDA_CACHE_PATH", "NEO_CACHE_DIR", "MESA_SHADER_CACHE_DIR"]

  func validate() throws {
    guard timeout > 0 else { throw ValidationError("--timeout must be positive.") }
  }

  func run() throws {
    try OutputFile.check(json)
    _ = try operations.operations()
    let progress = try reporting.progress()
    // Said here, a missing device has an exit code of its own.
    if let reason = try OpenCLVariant.open(devices).skipped {
      return try Output.line("skipped: \(reason)\n0 passed, 0 failed, 1 skipped")
    }
    let folder = try TemporaryFolder()
    let stages: [(stage: CompileRecord.Stage, driverCache: String, arguments: [String])] = [
      (.nothing, "filled", ["--stores"]), (.driver, "filled", []), (.own, "empty", ["--uses-cache"]),
    ]
    var measured: [CompileRecord.Stage: [String: CompileTimes]] = [:]
    for (index, stage) in stages.enumerated() {
      let times = try child(folder, driverCache: folder.folder(stage.driverCache), stage.arguments)
      // Some platforms are left to the driver's cache; nothing of ours is there then.
      let isOwn = times.values.contains { $0.programs.contains(where: \.isFromCache) }
      if stage.stage != .own || isOwn { measured[stage.stage] = times }
      try progress.report("caches", index + 1, of: stages.count)
    }
    try report(CompileRecord.all(measured))
  }

  private func child(
    _ folder: TemporaryFolder, driverCache: String, _ arguments: [String]
  ) throws -> [String: CompileTimes] {
    var environment = Dictionary(uniqueKeysWithValues: Self.cacheVariables.map { ($0, driverCache) })
    environment["XDG_CACHE_HOME"] = try folder.folder("own")
    let result = folder.path("times.json")
    let outcome = try ChildProcess(
      arguments: [
        "compile-worker", "--ops", operations.ops, "--device", devices.device, "--variant", devices.variant, "--result",
        result,
      ] + (devices.kernels.kernelDir.map { ["--kernel-dir", $0] } ?? []) + arguments,
      environment: environment, timeout: timeout
    ).run()
    guard outcome.end == .code(0), let data = FileManager.default.contents(atPath: result),
      let times = try? JSONDecoder().decode([String: CompileTimes].self, from: data)
    else { throw Failure("Nothing was compiled: \(outcome.explanation)") }
    return times
  }

  private func report(_ records: [CompileRecord]) throws {
    if let json {
      var document = RunDescription.object
      document["programs"] = try records.map { try RunDescription.object($0) }
      try OutputFile.writeJSON(document, to: json)
    }
    guard json != "-" else { return }
    let stages = CompileRecord.Stage.allCases
    var table = Table(
      ["program", "variant", "kernels"] + stages.map { "cached \($0.title): build + first ms" }, leftColumns: 2)
    for record in records {
      let kernels = Set(record.costs.values.flatMap { $0.kernels.map(\.kernel) }).count
      table.add(
        [record.file, record.variant, "\(kernels)"]
          + stages.map { stage in
            record.costs[stage.rawValue].map { String(format: "%.1f + %.1f", $0.build, $0.firstLaunches) } ?? "-"
          })
    }
    try Output.line(table.text)
    for stage in stages {
      let costs = records.compactMap { $0.costs[stage.rawValue] }
      let total = costs.reduce(0) { $0 + $1.build + $1.firstLaunches }
      try Output.line(
        costs.isEmpty
          ? "cached \(stage.title): skipped: this platform's programs are not stored"
          : String(format: "cached \(stage.title): %.0f ms in all", total))
    }
    let skipped = records.contains { $0.costs[CompileRecord.Stage.own.rawValue] != nil } ? 0 : 1
    try Output.line("\(records.count) passed, 0 failed, \(skipped) skipped")
  }
}

import ArgumentParser
import Benchmarking
import Foundation
import ToolSupport
import Variants

struct RoofCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "roof", abstract: "Measure what each device can do at most.",
    discussion: """
      Multiply-adds and exponentials in chains that fill the units, copying and reading at sizes from the caches to \
      memory, and launches. The fastest of several blocks counts: other work on a machine only takes away.

      Examples:
        kernel-bench roof
        kernel-bench roof --device cpu --json roofs.json
      """)

  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Blocks of each measurement.", valueName: "COUNT"))
  var samples = 25
  @Option(help: ArgumentHelp("Write the roofs as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    guard samples >= 1 else { throw ValidationError("--samples must be at least 1.") }
  }

  func run() throws {
    try OutputFile.check(json)
    let progress = try reporting.progress()
    let opened = try BenchedVariant.open(devices.selection)
    if let problem = opened.openCLProblem { try progress.note("Only the CPU path is measured: \(problem)") }
    var measured: [(variant: BenchedVariant, roofs: Roofs)] = []
    for (index, variant) in opened.variants.enumerated() {
      measured.append((variant, try RoofMeasurement(variant.device).measured(repetitions: samples)))
      try progress.report("roofs", index + 1, of: opened.variants.count)
    }
    if let json {
      var document = RunDescription.object
      document["roofs"] = try measured.map { variant, roofs in
        try RunDescription.object(roofs).merging(["variant": variant.name, "device": variant.deviceName]) { $1 }
      }
      document["opencl_problem"] = opened.openCLProblem as Any? ?? NSNull()
      try OutputFile.writeJSON(document, to: json)
    }
    guard json != "-" else { return }
    for (variant, roofs) in measured {
      try Output.line("\(variant.name): \(variant.deviceName)")
      try Output.line(Self.line(roofs))
      var table = Table(["bytes", "copy GB/s", "read GB/s"], leftColumns: 0)
      for (copy, read) in zip(roofs.copy, roofs.read) {
        table.add([
          "\(copy.bytes)", String(format: "%.1f", copy.gigabytesPerSecond),
          String(format: "%.1f", read.gigabytesPerSecond),
        ])
      }
      try Output.line(table.text)
      try Output.line()
    }
    try Output.line("\(measured.count) passed, 0 failed, \(opened.openCLProblem == nil ? 0 : 1) skipped")
  }

  /// One line with the roofs that bound operations.
  static func line(_ roofs: Roofs) -> String {
    String(
      format: "roofs: FMA %.0f GFLOP/s, exp %.1f G/s, cache %.0f GB/s (to %d MiB), DRAM %.0f GB/s | "
        + "launch %.1f us, with finish %.1f us",
      roofs.multiplyAdd, roofs.exponential, roofs.cacheBandwidth, roofs.cacheBytes >> 20, roofs.memoryBandwidth,
      roofs.launch, roofs.finish)
  }
}

import ArgumentParser
import Compute
import ComputeOpenCL
import Foundation
import ToolSupport
import Variants

struct StaticCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "static",
    abstract: "Print what the driver says of each compiled kernel, and compare it with a record.",
    discussion: """
      Private and local memory, the largest work-group and its preferred multiple. These have no noise: another value \
      than in the record is a finding (exit 1). Records are kept by device, driver and shape of the kernels; where a \
      record has none of those at hand, that is said and counts as skipped.

      Examples:
        kernel-bench static
        kernel-bench static --update-baseline resources.json
        kernel-bench static --baseline resources.json
      """)

  @OptionGroup var devices: VariantArguments
  @OptionGroup var reporting: ReportingArguments
  @Option(help: ArgumentHelp("Compare with this record.", valueName: "FILE"))
  var baseline: String?
  @Option(help: ArgumentHelp("Record what is found.", valueName: "FILE"))
  var updateBaseline: String?

  private typealias Record = [String: [String: KernelResources]]

  func run() throws {
    try OutputFile.check(updateBaseline)
    let known = try baseline.map(Self.read)
    var selection = devices.selection
    if selection.device == "all" { selection.device = "opencl" }
    selection.kernelFolder = devices.kernels.kernelDir
    // A record is of the built-in tiles.
    selection.usesTuning = false
    var (record, table) = (
      Record(), Table(["kernel", "variant", "private", "local", "group", "multiple"], leftColumns: 2)
    )
    var (findings, skipped, kernels) = ([String](), [String](), 0)
    for variant in try selection.open().variants {
      guard let device = variant.device as? OpenCLDevice else { continue }
      let key = "\(variant.name), \(device.traits.name), \(device.traits.driver)"
      let found = try device.kernelResources()
      record[key] = found
      kernels += found.count
      for (name, resources) in found.sorted(by: { $0.key < $1.key }) {
        table.add([
          name, variant.name, "\(resources.privateBytes)", "\(resources.localBytes)", "\(resources.groupLimit)",
          "\(resources.preferredMultiple)",
        ])
      }
      guard let known else { continue }
      guard let before = known[key] else {
        skipped.append("no baseline of \(key)")
        continue
      }
      for (name, resources) in found.sorted(by: { $0.key < $1.key }) where before[name] != resources {
        findings.append(
          "\(name) on \(variant.name): was \(before[name].map { "\($0)" } ?? "not there"), is \(resources)")
      }
    }
    guard kernels > 0 else {
      throw Failure("There is no OpenCL variant '\(devices.variant)', so nothing was looked at.")
    }
    try Output.line(table.text)
    for finding in findings { try Output.line(finding) }
    for reason in skipped { try Output.line("skipped: \(reason)") }
    try Output.line("\(kernels - findings.count) passed, \(findings.count) failed, \(skipped.count) skipped")
    if let updateBaseline {
      let object = try record.mapValues { try $0.mapValues { try RunDescription.object($0) } }
      try OutputFile.writeJSON(object, to: updateBaseline)
    }
    if !findings.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
  }

  private static func read(_ path: String) throws -> Record {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw Failure("The baseline '\(path)' cannot be read.")
    }
    do { return try JSONDecoder().decode(Record.self, from: data) } catch {
      throw Failure("The baseline '\(path)' is no record of kernels; make one with --update-baseline.")
    }
  }
}

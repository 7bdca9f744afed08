import ArgumentParser
import Compute
import Devices
import Foundation
import ToolSupport

struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "List every device with its limits and its self-test.",
    discussion: """
      Builds kernels, so the first time takes some seconds. Says which device --device auto takes, and which package \
      brings a driver where there is none.

      Examples:
        flawless devices
        flawless devices --json devices.json
      """)

  @Option(help: ArgumentHelp("Write the list as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func run() throws {
    try OutputFile.check(json)
    let report = DeviceReport.gather()
    if let json {
      try OutputFile.writeJSON(
        [
          "devices": report.entries.map(object),
          "opencl_problem": report.openCLProblem.map { $0 as Any } ?? NSNull(),
        ], to: json)
    }
    guard json != "-" else { return }
    for entry in report.entries {
      try Output.line("\(entry.isAutomatic ? "*" : " ") \(entry.name)  \(entry.traits.name)")
      for (name, value) in details(entry) { try Output.line("    \(name): \(value)") }
    }
    try Output.line("* is what --device auto takes.")
    guard !report.entries.contains(where: { $0.platform != nil && $0.traits.kind == .gpu && $0.failure == nil }) else {
      return
    }
    if let problem = report.openCLProblem { try Output.line("OpenCL: \(problem).") }
    try Output.line(Self.adviceWithoutGPU)
  }

  static let adviceWithoutGPU = """
    There is no OpenCL GPU to use. A GPU needs its driver's ICD file in /etc/OpenCL/vendors; these packages bring it:
      NVIDIA   nvidia-opencl-icd (Debian), libnvidia-compute-<version> (Ubuntu)
      AMD      mesa-opencl-icd, or rocm-opencl-runtime from AMD
      Intel    intel-opencl-icd
      any CPU  pocl-opencl-icd
    The loader itself, libOpenCL.so.1, is in ocl-icd-libopencl1.
    """

  private func details(_ entry: DeviceReport.Entry) -> [(String, String)] {
    let traits = entry.traits
    var lines: [(String, String)] = []
    if let platform = entry.platform { lines.append(("platform", platform)) }
    lines.append(("kind", traits.kind.rawValue))
    lines.append(("driver", "\(traits.driver) (\(traits.vendor))"))
    lines.append(("compute units", "\(traits.computeUnits), vectors of \(traits.vectorWidth) floats"))
    lines.append(("memory", "\(traits.globalMemory >> 20) MiB, largest buffer \(traits.largestBuffer >> 20) MiB"))
    if traits.largestWorkGroup > 0 {
      lines.append(("work-group", "\(traits.largestWorkGroup) items, \(traits.localMemory >> 10) KiB local memory"))
    }
    lines.append(("self-test", entry.failure.map { "FAILED: \($0)" } ?? "passed"))
    return lines
  }

  private func object(_ entry: DeviceReport.Entry) -> [String: Any] {
    [
      "name": entry.name, "platform": entry.platform.map { $0 as Any } ?? NSNull(), "device": entry.traits.name,
      "kind": entry.traits.kind.rawValue, "vendor": entry.traits.vendor, "driver": entry.traits.driver,
      "compute_units": entry.traits.computeUnits, "global_memory_bytes": entry.traits.globalMemory,
      "largest_buffer_bytes": entry.traits.largestBuffer, "local_memory_bytes": entry.traits.localMemory,
      "largest_work_group": entry.traits.largestWorkGroup, "vector_width": entry.traits.vectorWidth,
      "self_test": entry.failure.map { "failed: \($0)" } ?? "passed", "automatic": entry.isAutomatic,
    ]
  }
}

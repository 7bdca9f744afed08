import ArgumentParser
import Compute
import ComputeCPU
import ComputeOpenCL
import Devices
import Foundation
import OpCatalogue
import ToolSupport

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Probe every device, and list the operations with their cases and bounds.",
    discussion: """
      Each device is probed in a child process: what drivers are known to get wrong, the self-test, and the speed against \
      the CPU path. u is half a unit in the last place of 1.

      Examples:
        parity list
        parity list --json devices.json
      """)

  @Option(help: ArgumentHelp("Seconds that a device may take for one finding.", valueName: "S"))
  var timeout = 20.0
  @Option(help: ArgumentHelp("Write the devices as JSON; '-' is standard output.", valueName: "FILE"))
  var json: String?

  func validate() throws {
    guard timeout > 0 else { throw ValidationError("--timeout must be positive.") }
  }

  private struct Probed {
    let device: String
    let name: String
    let variants: [String]
    let probe: DeviceProbe
  }

  func run() throws {
    try OutputFile.check(json)
    var (probed, problem) = ([Probed](), String?.none)
    do { for device in try OpenCL.devices() { probed.append(try openCL(device)) } } catch let error as DeviceError {
      problem = "\(error)"
    }
    probed.append(
      Probed(
        device: "cpu", name: CPUDevice().traits.name, variants: ["blas"],
        probe: try .isolated("cpu", timeout: timeout)))
    if let json {
      try OutputFile.writeJSON(
        ["schema": "parity-list/1", "devices": try probed.map(object), "opencl_problem": problem as Any? ?? NSNull()],
        to: json)
    }
    guard json != "-" else { return }
    if let problem { try Output.line("OpenCL: \(problem)") }
    for entry in probed {
      try Output.line("\(entry.device)  \(entry.name): variants \(entry.variants.joined(separator: ", "))")
      for finding in entry.probe.findings {
        let name = finding.name.padding(toLength: 20, withPad: " ", startingAt: 0)
        try Output.line(
          "    \(name)  \(finding.verdict == .right ? "" : "\(finding.verdict.rawValue): ")\(finding.detail)")
      }
      try Output.line("    verdict               \(entry.probe.verdict)")
    }
    try Output.line()
    try Output.line(operations().text)
  }

  private func openCL(_ device: OpenCLDeviceDescription) throws -> Probed {
    let name = "opencl:\(device.platformIndex):\(device.deviceIndex)"
    return Probed(
      device: name, name: "\(device.traits.name) (\(device.platformName))",
      variants: KernelShape.allCases.map(\.rawValue), probe: try .isolated(name, timeout: timeout))
  }

  private func object(_ entry: Probed) throws -> [String: Any] {
    [
      "device": entry.device, "name": entry.name, "variants": entry.variants, "verdict": entry.probe.verdict,
      "findings": try JSONSerialization.jsonObject(with: JSONEncoder().encode(entry.probe.findings)),
    ]
  }

  private func operations() throws -> Table {
    var table = Table(["operation", "bound", "device functions", "suite", "cases", "kinds of data"], leftColumns: 3)
    for operation in OpCatalogue.operations {
      let made = try operation.suite.map { try operation.makeCase($0) }
      let kinds = Fill.allCases.filter { fill in made.contains { $0.fills.contains(fill) } }
      table.add([
        operation.name, operation.bound, operation.functions.joined(separator: ", "), "\(made.count)",
        "\(made.reduce(0) { $0 + $1.fills.count })", kinds.map(\.rawValue).joined(separator: ","),
      ])
    }
    return table
  }
}

import ArgumentParser
import Compute
import ComputeCPU
import ComputeOpenCL
import Devices
import Foundation
import ToolSupport

/// A child that probes one device when it is told to: `finding …` as JSON for each, then `end`. Broken drivers crash and
/// hang.
struct ProbeWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "probe-worker", shouldDisplay: false)
  @Option var device = "cpu"

  func run() throws {
    try WorkerCommand.say("ready \t")
    var input = LineInput()
    guard try input.next() != nil else { return }
    try DeviceProbe.run(on: open()) { finding in
      try WorkerCommand.say("finding " + String(decoding: JSONEncoder().encode(finding), as: UTF8.self))
    }
    try WorkerCommand.say("end")
  }

  /// With the kernels' shape that programs use on it.
  private func open() throws -> any Device {
    if device == "cpu" { return CPUDevice() }
    guard let request = DeviceRequest(device), let found = try DeviceChoice.match(request, among: OpenCL.devices())
    else {
      throw DeviceError.unavailable(requested: device, reason: "there is no such OpenCL device")
    }
    return try OpenCLDevice(found)
  }
}

extension DeviceProbe {
  /// Probes a device in a child process.
  ///
  /// - timeout: seconds between two findings
  static func isolated(_ device: String, timeout: Double) throws -> DeviceProbe {
    let worker = Worker("probe-worker", ["--device=\(device)"])
    defer { worker.stop() }
    var probe = DeviceProbe()
    func lose(_ how: String) {
      let last = probe.findings.last.map { "after '\($0.name)'" } ?? "at its start"
      probe.add(Finding(name: "process", verdict: .wrong, detail: "\(how) \(last)"))
    }
    do { try worker.start() } catch let end as WorkerEnd {
      lose(end.how)
      return probe
    }
    worker.send("probe")
    while true {
      try Interruption.check()
      switch worker.next(within: timeout) {
      case .line(let line) where line.hasPrefix("finding "):
        probe.add(try JSONDecoder().decode(Finding.self, from: Data(line.dropFirst("finding ".count).utf8)))
      case .line: return probe
      case .ended(let how):
        lose("it \(how)")
        return probe
      case .late:
        lose("nothing came within \(timeout.formatted()) s")
        return probe
      }
    }
  }
}

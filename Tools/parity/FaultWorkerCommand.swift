import ArgumentParser
import Compute
import ComputeOpenCL
import Devices
import Foundation
import OpCatalogue
import ToolSupport

/// A child that works under faults: opens a device as programs do, runs cases, and says how that ended.
///
/// A request is `named fault` or `automatic fault`, with the fault as ``Fault`` prints it, or `none`. The answer is
/// `outcome kind fired|unfired leak… | words`, where kind is `right`, `fallback`, `typed`, `WRONG` or `UNTYPED`.
struct FaultWorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "fault-worker", shouldDisplay: false)
  @Option var seed: UInt64 = 42
  /// Stores built programs after requests without a fault, and where the fault is in storing.
  @Flag var storesPrograms = false

  /// The main path of an inference: convolutions, products, search, selection, reductions, copies.
  static let texts = [
    "op=convolve h=7 w=5 c=17 o=16 k=1 data=integer", "op=convolve h=9 w=11 c=19 o=19 k=3 p=1 g=19 data=integer",
    "op=multiply m=13 n=21 k=5 ta=1 data=integer", "op=nearest queries=5 rows=65 width=16 data=normal",
    "op=coreset rows=40 width=17 picks=9 first=5 data=normal",
    "op=reduce outer=3 reduced=129 inner=1 f=sum data=integer",
    "op=resample h=3 w=5 c=2 oh=7 ow=4 mode=bilinearHalfPixel data=normal",
    "op=copy rows=5 columns=7 so=2 ss=9 data=index",
  ]

  func run() throws {
    OpenCLFaults.prepare()
    try Self.say("ready \t")
    var input = LineInput()
    while let line = try input.next() {
      let words = line.split(separator: " ", maxSplits: 1).map(String.init)
      guard words.count == 2 else { throw UsageError("The line '\(line)' is no request.") }
      let fault = Fault(words[1])
      let before = fault.map { OpenCLFaults.calls(of: $0.function) } ?? 0
      if let fault {
        OpenCLFaults.arm(function: fault.function, call: fault.call, code: fault.code, lasting: fault.lasting)
      }
      let (kind, said) = attempt(words[0] == "automatic", fault?.function)
      let fired = fault.map { OpenCLFaults.calls(of: $0.function) - before >= $0.call } ?? false
      OpenCLFaults.disarm()
      let leaks = OpenCLFaults.balances.filter { $0.value != 0 }.map { "\($0.key)=\($0.value)" }.sorted()
      try Self.say(
        "outcome \(kind) \(fired ? "fired" : "unfired") \(leaks.joined(separator: ",")) | "
          + said.replacingOccurrences(of: "\n", with: " "))
    }
  }

  /// - function: the one that fails, if any does
  private func attempt(_ automatic: Bool, _ function: String?) -> (kind: String, said: String) {
    do {
      let access = OpenCLAccess(
        // A CPU device plays the GPU that `auto` takes; listed anew each time, since listing can fail as well.
        devices: { try OpenCL.list().map { automatic ? $0.claiming(.gpu) : $0 } },
        open: { description, _ in try OpenCLDevice(description, shape: .cpu, cache: .standard(for: description)) },
        selfTest: OpenCLAccess.system.selfTest)
      let choice = try DeviceChoice.open(automatic ? .automatic : .openCL, through: access)
      for text in Self.texts {
        let (made, fill) = try OpCatalogue.makeCase(parsing: text)
        var options = CaseOptions()
        options.seed = seed
        let result = try made.result(made.prepared(fill, seed: seed), on: choice.device, options)
        guard result.status != .failed else { return ("WRONG", "\(text): \(result.message)") }
      }
      if let device = choice.device as? OpenCLDevice {
        if storesPrograms, [nil, "clGetProgramInfo"].contains(function) { device.storePrograms() }
        if Self.probed.contains(function ?? "") { try probe(device) }
      }
      return (choice.device is OpenCLDevice ? "right" : "fallback", choice.announcement)
    } catch let error as DeviceError { return ("typed", "\(error)") } catch {
      return ("UNTYPED", "\(type(of: error)): \(error)")
    }
  }

  /// Functions that only the probe calls, in release builds.
  private static let probed: Set = ["clEnqueueFillBuffer", "clGetEventProfilingInfo", "clReleaseEvent"]

  private func probe(_ device: OpenCLDevice) throws {
    try OpenCLProbe(device).run { finding in
      guard finding.verdict != .right else { return }
      throw DeviceError.selfTest(device: device.traits.name, reason: "\(finding.name): \(finding.detail)")
    }
  }

  private static func say(_ text: String) throws { try Output.line(WorkerCommand.mark + text) }
}

public import ArgumentParser
public import Devices
import Foundation

/// Options that every program shares.
public struct CommonOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The device: auto, cpu (BLAS), opencl, opencl:<platform>:<device> or opencl:<part of a name>.",
      discussion: "Without it FLAWLESS_DEVICE is read; then auto is taken: an OpenCL GPU, else the CPU path."))
  public var device: String?

  @Option(help: "Threads of the CPU path (default: one a core).")
  public var threads: Int?

  @Option(help: "Device memory that may be used, in MiB.")
  public var memoryLimit: Int?

  @Flag(help: "Print no progress and no announcements.")
  public var quiet = false

  @Option(help: ArgumentHelp("Append progress as JSON lines to this file.", valueName: "FILE.jsonl"))
  public var log: String?

  public init() {}

  public func validate() throws {
    if let device, DeviceRequest(device) == nil {
      throw ValidationError("'\(device)' is no device; use auto, cpu, opencl, opencl:0:0 or opencl:<part of a name>.")
    }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
    if let memoryLimit, memoryLimit < 1 { throw ValidationError("--memory-limit must be at least 1 MiB.") }
  }

  /// The device asked for by option or environment.
  public func request() throws -> DeviceRequest {
    if let device, let request = DeviceRequest(device) { return request }
    guard let named = ProcessInfo.processInfo.environment[DeviceRequest.environmentVariable], !named.isEmpty else {
      return .automatic
    }
    guard let request = DeviceRequest(named) else {
      throw UsageError(
        "\(DeviceRequest.environmentVariable)=\(named) is no device; use auto, cpu, opencl or opencl:<part of a name>.")
    }
    return request
  }

  /// Opens the device and says on stderr which one it is and why.
  public func openDevice() throws -> DeviceChoice {
    let options = DeviceOptions(threads: threads, memoryLimit: memoryLimit.map { $0 << 20 })
    let choice = try DeviceChoice.open(request(), options: options)
    if !quiet { FileHandle.standardError.write(Data((choice.announcement + "\n").utf8)) }
    return choice
  }

  /// Where this run's progress goes.
  public func progress() throws -> ProgressReporter { try ProgressReporter(quiet: quiet, log: log) }
}

public import ArgumentParser
public import Compute
public import Devices
import Foundation

/// Which device, and how much of the machine.
public struct DeviceArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "auto, cpu (BLAS), opencl, opencl:<platform>:<device> or opencl:<part of a name>.",
      discussion: """
        Without it \(DeviceRequest.environmentVariable) is read; without that, auto takes an OpenCL GPU, else the CPU \
        path. 'flawless devices' lists the names.
        """))
  public var device: String?

  @Option(help: ArgumentHelp("Threads of the CPU path (default: one a core).", valueName: "COUNT"))
  public var threads: Int?

  @Option(help: ArgumentHelp("Device memory that may be used (default: all of it).", valueName: "MIB"))
  public var memoryLimit: Int?

  @Option(help: "Whether tiles that 'kernel-bench tune' has found are used: on or off.")
  public var tuning = TuningUse.on

  public init() {}

  public func validate() throws {
    if let device, DeviceRequest(device) == nil {
      throw ValidationError("'\(device)' is no device; use \(Self.forms).")
    }
    if let threads, threads < 1 { throw ValidationError("--threads must be at least 1.") }
    if let memoryLimit, !(1...(1 << 40)).contains(memoryLimit) {
      throw ValidationError("--memory-limit must be at least 1 MiB.")
    }
  }

  private static let forms = "auto, cpu, opencl, opencl:0:0 or opencl:<part of a name>"

  /// The device asked for by option or environment.
  public func request() throws -> DeviceRequest {
    if let device, let request = DeviceRequest(device) { return request }
    guard let named = ProcessInfo.processInfo.environment[DeviceRequest.environmentVariable], !named.isEmpty else {
      return .automatic
    }
    guard let request = DeviceRequest(named) else {
      throw UsageError("\(DeviceRequest.environmentVariable)=\(named) is no device; use \(Self.forms).")
    }
    return request
  }

  var options: DeviceOptions {
    DeviceOptions(
      threads: threads, memoryLimit: memoryLimit.map { $0 << 20 }, usesTuning: tuning == .on)
  }
}

/// Whether OpenCL kernels take the tiles that were found to be fast on the device. Off, a run gives the same bits whatever
/// was tuned.
public enum TuningUse: String, CaseIterable, ExpressibleByArgument, Sendable { case on, off }

/// What is said while a program works.
public struct ReportingArguments: ParsableArguments {
  @Flag(help: "Print no progress and no announcements; errors stay.")
  public var quiet = false

  @Option(help: ArgumentHelp("Append what happens to this file, a JSON object a line.", valueName: "FILE.jsonl"))
  public var log: String?

  public init() {}

  /// Where this run's progress goes.
  public func progress() throws -> ProgressReporter { try ProgressReporter(quiet: quiet, log: log) }
}

/// Options that every program shares which computes.
public struct CommonOptions: ParsableArguments {
  @OptionGroup public var device: DeviceArguments
  @OptionGroup public var reporting: ReportingArguments

  public init() {}

  /// Where this run's progress goes.
  public func progress() throws -> ProgressReporter { try reporting.progress() }

  /// Opens the device and says which one it is and why.
  public func openDevice(_ progress: ProgressReporter) throws -> any Device {
    let choice = try DeviceChoice.open(device.request(), options: device.options)
    try progress.note(choice.announcement)
    return choice.device
  }
}

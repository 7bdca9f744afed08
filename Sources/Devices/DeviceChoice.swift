public import Compute
import ComputeCPU
package import ComputeOpenCL

/// Limits that a person set for a run.
public struct DeviceOptions: Hashable, Sendable {
  /// Threads of the CPU path; nil for one a core.
  public var threads: Int?
  /// Bytes of device memory that arrays may take; nil for no limit but the device's own.
  public var memoryLimit: Int?
  /// Whether OpenCL kernels take the tiles that `kernel-bench tune` has found for the device.
  public var usesTuning: Bool

  public init(threads: Int? = nil, memoryLimit: Int? = nil, usesTuning: Bool = true) {
    self.threads = threads
    self.memoryLimit = memoryLimit
    self.usesTuning = usesTuning
  }
}

/// The device of a run, chosen once, and the one line that says which and why.
public struct DeviceChoice: Sendable {
  public let device: any Device
  /// One line for stderr.
  public let announcement: String

  /// Opens what was asked for.
  ///
  /// `automatic` takes the first OpenCL GPU that passes its self-test, else the CPU path, and says why. A named device
  /// that cannot be had is an error, never a fallback.
  ///
  /// - Throws: ``DeviceError/unavailable(requested:reason:)``.
  public static func open(
    _ request: DeviceRequest, options: DeviceOptions = DeviceOptions(), through access: OpenCLAccess = .system
  ) throws -> DeviceChoice {
    switch request {
    case .cpu: return cpu(options, because: nil)
    case .automatic: return automatic(options, access)
    case .openCL, .openCLIndex, .openCLName: return try named(request, options, access)
    }
  }

  private static func cpu(_ options: DeviceOptions, because reason: String?) -> DeviceChoice {
    let device = CPUDevice(threads: options.threads, memoryLimit: options.memoryLimit)
    let name = "device: cpu (\(device.traits.name))"
    return DeviceChoice(device: device, announcement: reason.map { "\(name); OpenCL not used: \($0)" } ?? name)
  }

  private static func automatic(_ options: DeviceOptions, _ access: OpenCLAccess) -> DeviceChoice {
    let found: [OpenCLDeviceDescription]
    do { found = try access.devices() } catch { return cpu(options, because: reason(of: error)) }
    var refusals: [String] = []
    for description in found where description.traits.kind == .gpu {
      do { return try opened(description, options, access) } catch {
        refusals.append("\(description.traits.name): \(reason(of: error))")
      }
    }
    if refusals.isEmpty { refusals = [noGPU(among: found)] }
    return cpu(options, because: refusals.joined(separator: "; "))
  }

  private static func noGPU(among found: [OpenCLDeviceDescription]) -> String {
    let platforms = Set(found.map(\.platformName)).sorted().map { "'\($0)'" }.joined(separator: ", ")
    guard let other = found.first else { return "no device on any platform" }
    return "no GPU on \(platforms) (its \(other.traits.kind.rawValue) device can be named: --device opencl)"
  }

  private static func named(
    _ request: DeviceRequest, _ options: DeviceOptions, _ access: OpenCLAccess
  ) throws -> DeviceChoice {
    do {
      let found = try access.devices()
      guard let description = match(request, among: found) else {
        let names = found.map { "\($0.platformIndex):\($0.deviceIndex) \($0.traits.name)" }.joined(separator: ", ")
        throw DeviceError.unavailable(
          requested: request.description, reason: names.isEmpty ? "there is no OpenCL device" : "found only \(names)")
      }
      return try opened(description, options, access)
    } catch DeviceError.unavailable(_, let reason) {
      throw DeviceError.unavailable(requested: request.description, reason: reason)
    } catch {
      throw DeviceError.unavailable(requested: request.description, reason: reason(of: error))
    }
  }

  package static func match(_ request: DeviceRequest, among found: [OpenCLDeviceDescription])
    -> OpenCLDeviceDescription?
  {
    switch request {
    case .automatic, .cpu: nil
    case .openCL: found.first { $0.traits.kind == .gpu } ?? found.first
    case .openCLIndex(let platform, let device):
      found.first { $0.platformIndex == platform && $0.deviceIndex == device }
    case .openCLName(let part):
      found.first { "\($0.platformName) \($0.traits.name)".lowercased().contains(part.lowercased()) }
    }
  }

  private static func opened(
    _ description: OpenCLDeviceDescription, _ options: DeviceOptions, _ access: OpenCLAccess
  ) throws -> DeviceChoice {
    let device = try access.open(description, options)
    try access.selfTest(device)
    let name =
      "device: opencl:\(description.platformIndex):\(description.deviceIndex) "
      + "(\(device.traits.name), \(description.platformName))"
    // Kernels from disk are for development: a run must say that it does not use its own.
    let folder = (device as? OpenCLDevice)?.kernelFolder.map { "; kernels read from \($0)" } ?? ""
    let choice = (device as? OpenCLDevice)?.choice ?? TilingChoice()
    // Other tiles may sum in another order: a run must say that its bits are not those of the built-in ones.
    let tiles = choice.isEmpty ? "" : "; tuned tiles: \(choice) (--tuning off takes the built-in ones)"
    return DeviceChoice(device: device, announcement: name + folder + tiles)
  }
}

extension DeviceChoice {
  /// Keeps the kernels that a long run compiled, so that later runs start faster. For a program's normal end, after its
  /// results are out.
  package static func keepKernels(of device: any Device) {
    (device as? OpenCLDevice)?.storePrograms(olderThan: .seconds(60))
  }
}

/// A sentence without its final stop, to stand after a colon.
func reason(of error: any Error) -> String {
  if case DeviceError.unavailable(_, let reason) = error { return reason }
  let text = "\(error)"
  return text.hasSuffix(".") ? String(text.dropLast()) : text
}

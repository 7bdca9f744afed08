public import Compute
import ComputeCPU
import ComputeOpenCL

/// Every device of this machine with its self-test's result: what `flawless devices` prints.
public struct DeviceReport: Sendable {
  public struct Entry: Sendable {
    /// What `--device` takes.
    public let name: String
    /// nil for the CPU path.
    public let platform: String?
    public let traits: DeviceTraits
    /// nil when the device passed, else why it did not.
    public let failure: String?
    /// Whether `auto` takes this device.
    public let isAutomatic: Bool
  }

  public let entries: [Entry]
  /// Why there is no OpenCL device, where there is none.
  public let openCLProblem: String?

  /// Looks at every device; builds kernels, so it takes seconds the first time.
  public static func gather(through access: OpenCLAccess = .system) -> DeviceReport {
    var found: [OpenCLDeviceDescription] = []
    var problem: String?
    do { found = try access.devices() } catch { problem = reason(of: error) }
    var tested = found.map { description in
      (description, failure { try access.selfTest(access.open(description, DeviceOptions())) })
    }
    let cpu = CPUDevice()
    let best = tested.firstIndex { $0.0.traits.kind == .gpu && $0.1 == nil }
    var entries = tested.indices.map { index in
      Entry(
        name: "opencl:\(tested[index].0.platformIndex):\(tested[index].0.deviceIndex)",
        platform: tested[index].0.platformName, traits: tested[index].0.traits, failure: tested[index].1,
        isAutomatic: index == best)
    }
    tested = []
    entries.append(
      Entry(
        name: "cpu", platform: nil, traits: cpu.traits, failure: failure { try SelfTest.run(on: cpu) },
        isAutomatic: best == nil))
    return DeviceReport(entries: entries, openCLProblem: problem)
  }

  private static func failure(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return reason(of: error) }
  }
}

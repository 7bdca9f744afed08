public import Compute
public import ComputeOpenCL

/// The way to OpenCL, replaceable in tests that play a broken driver.
public struct OpenCLAccess: Sendable {
  public var devices: @Sendable () throws -> [OpenCLDeviceDescription]
  public var open: @Sendable (OpenCLDeviceDescription, DeviceOptions) throws -> any Device
  public var selfTest: @Sendable (any Device) throws -> Void

  public init(
    devices: @escaping @Sendable () throws -> [OpenCLDeviceDescription],
    open: @escaping @Sendable (OpenCLDeviceDescription, DeviceOptions) throws -> any Device,
    selfTest: @escaping @Sendable (any Device) throws -> Void
  ) {
    self.devices = devices
    self.open = open
    self.selfTest = selfTest
  }

  /// The loader and the drivers of this machine.
  public static let system = OpenCLAccess(
    devices: { try OpenCL.devices() },
    open: { try OpenCLDevice($0, memoryLimit: $1.memoryLimit, cache: .standard(for: $0)) },
    selfTest: { try SelfTest.run(on: $0) })
}

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
    open: { description, options in
      try OpenCLDevice(
        description, memoryLimit: options.memoryLimit, cache: .standard(for: description),
        choice: options.usesTuning ? .tuned(for: description) : TilingChoice())
    },
    selfTest: { try SelfTest.run(on: $0) })
}

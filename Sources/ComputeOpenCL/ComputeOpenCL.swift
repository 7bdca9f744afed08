public import Compute

/// An OpenCL device as its driver describes it.
public struct OpenCLDeviceDescription: Sendable {
  public let platformIndex, deviceIndex: Int
  public let platformName: String
  public let traits: DeviceTraits
}

/// The loader and its platforms.
public enum OpenCL {
  public static func devices() throws -> [OpenCLDeviceDescription] {
    throw DeviceError.unavailable(requested: "opencl", reason: "not built yet")
  }
}

public func OpenCLDevice(_ d: OpenCLDeviceDescription, memoryLimit: Int?) throws -> any Device {
  throw DeviceError.unavailable(requested: "opencl", reason: "not built yet")
}

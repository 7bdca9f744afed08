import ComputeOpenCL

extension TestDevice {
  /// Every OpenCL device of this machine, with the kernels of both shapes.
  public static let openCL: [TestDevice] = {
    guard let devices = try? OpenCL.devices() else { return [] }
    return devices.flatMap { description in
      KernelShape.allCases.compactMap { shape in
        guard let device = try? OpenCLDevice(description, shape: shape) else { return nil }
        return TestDevice(
          name: "opencl:\(description.platformIndex):\(description.deviceIndex), \(shape.rawValue) kernels",
          device: device)
      }
    }
  }()
}

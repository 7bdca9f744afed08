public import Compute
public import Testing

/// A device under test; every operation's test takes one as its argument.
public struct TestDevice: Sendable, CustomTestStringConvertible {
  public let name: String
  public let device: any Device
  public var testDescription: String { name }

  public init(name: String, device: any Device) {
    self.name = name
    self.device = device
  }

  /// Every device here: the CPU path, and each OpenCL device in both kernel shapes. Opened once a process.
  public static let all: [TestDevice] = cpuPath + openCL

  /// The first device of each kind (the CPU path, an OpenCL CPU device, a GPU), for tests that take long.
  public static let oneOfEachKind = all.reduce(into: [TestDevice]()) { kept, tested in
    if !kept.contains(where: { $0.device.traits.kind == tested.device.traits.kind }) { kept.append(tested) }
  }
}

import Compute
import ComputeOpenCL
import Devices
import TestSupport
import Testing

@Suite("Choosing a device, and saying why")
struct DeviceChoiceTests {
  private static let noLoader = DeviceError.unavailable(
    requested: "opencl", reason: "no OpenCL loader (libOpenCL.so.1) is installed")
  private static let brokenICD = DeviceError.call(
    name: "clGetPlatformIDs", code: -1001, meaning: "no OpenCL platform is installed", kernel: nil)
  private let gpu = FakeDriver.Listed()
  private let other = FakeDriver.Listed(device: 1, name: "Second GPU")
  private let pocl = FakeDriver.Listed(platform: 1, platformName: "Portable", name: "Fake CPU", kind: .cpu)

  private func open(_ request: DeviceRequest, _ access: OpenCLAccess) throws -> DeviceChoice {
    try DeviceChoice.open(request, options: DeviceOptions(threads: 1), through: access)
  }

  @Test func autoTakesAGPUThatPasses() throws {
    let choice = try open(.automatic, FakeDriver.access([pocl, gpu]))
    #expect(choice.device.traits.name == "Fake GPU")
    #expect(choice.announcement == "device: opencl:0:0 (Fake GPU, Fake platform)")
  }

  @Test(arguments: [
    (noLoader, "no OpenCL loader (libOpenCL.so.1) is installed"),
    (brokenICD, "The OpenCL driver failed in clGetPlatformIDs: no OpenCL platform is installed (-1001)"),
  ])
  func autoFallsBackWithoutADriver(_ error: DeviceError, _ reason: String) throws {
    let choice = try open(.automatic, FakeDriver.broken(error))
    #expect(choice.device.traits.kind == .blas)
    #expect(choice.announcement == "device: cpu (\(choice.device.traits.name)); OpenCL not used: \(reason)")
  }

  @Test func autoFallsBackWithoutAGPUAndNamesWhatThereIs() throws {
    let choice = try open(.automatic, FakeDriver.access([pocl]))
    #expect(choice.device.traits.kind == .blas)
    #expect(choice.announcement.hasSuffix("no GPU on 'Portable' (its CPU device can be named: --device opencl)"))
  }

  @Test func autoFallsBackWithoutAnyDevice() throws {
    let choice = try open(.automatic, FakeDriver.access([]))
    #expect(choice.announcement.hasSuffix("OpenCL not used: no device on any platform"))
  }

  @Test func autoPassesOverAGPUThatLies() throws {
    let choice = try open(.automatic, FakeDriver.access([gpu, other], ["Fake GPU": .computesNonsense]))
    #expect(choice.device.traits.name == "Second GPU")
  }

  @Test func autoSaysWhyEveryGPUWasRefused() throws {
    let choice = try open(
      .automatic,
      FakeDriver.access([gpu, other], ["Fake GPU": .computesNonsense, "Second GPU": .doesNotOpen]))
    #expect(choice.device.traits.kind == .blas)
    #expect(choice.announcement.contains("Fake GPU: The device 'Fake GPU' fails its self-test: the matrix product"))
    #expect(choice.announcement.contains("Second GPU: The OpenCL driver failed in clCreateContext"))
  }

  /// Other tiles may sum in another order, so a run says which it has.
  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func tunedTilesAreAnnounced() throws {
    let description = try #require(try OpenCL.devices().first { $0.traits.kind == .cpu }, "no OpenCL CPU device")
    let choice = try #require(TilingChoice("TILE=4"))
    var access = OpenCLAccess.system
    access.open = { description, options in
      try OpenCLDevice(description, cache: nil, choice: options.usesTuning ? choice : TilingChoice())
    }
    access.selfTest = { _ in }
    let request = DeviceRequest.openCLIndex(platform: description.platformIndex, device: description.deviceIndex)
    for uses in [true, false] {
      let opened = try DeviceChoice.open(request, options: DeviceOptions(usesTuning: uses), through: access)
      #expect(opened.announcement.contains("tuned tiles: TILE=4 (--tuning off") == uses, "\(opened.announcement)")
    }
  }

  @Test func theCPUPathNeedsNoReason() throws {
    let choice = try open(.cpu, FakeDriver.broken(Self.noLoader))
    #expect(choice.announcement == "device: cpu (\(choice.device.traits.name))")
    #expect(choice.device.traits.computeUnits == 1)
  }

  @Test(arguments: [
    (DeviceRequest.openCL, "Fake GPU"), (.openCLIndex(platform: 0, device: 1), "Second GPU"),
    (.openCLIndex(platform: 1, device: 0), "Fake CPU"), (.openCLName("second"), "Second GPU"),
    (.openCLName("portable"), "Fake CPU"),
  ])
  func aNamedDeviceIsTaken(_ request: DeviceRequest, _ name: String) throws {
    #expect(try open(request, FakeDriver.access([pocl, gpu, other])).device.traits.name == name)
  }

  @Test func openCLTakesACPUDeviceWhereThereIsNoGPU() throws {
    #expect(try open(.openCL, FakeDriver.access([pocl])).device.traits.name == "Fake CPU")
  }

  @Test func aNamedDeviceThatIsMissingIsAnErrorThatListsTheOthers() {
    let reason = "found only 0:0 Fake GPU, 1:0 Fake CPU"
    #expect(throws: DeviceError.unavailable(requested: "opencl:Radeon", reason: reason)) {
      try open(.openCLName("Radeon"), FakeDriver.access([gpu, pocl]))
    }
    #expect(throws: DeviceError.unavailable(requested: "opencl:2:0", reason: reason)) {
      try open(.openCLIndex(platform: 2, device: 0), FakeDriver.access([gpu, pocl]))
    }
    #expect(throws: DeviceError.unavailable(requested: "opencl", reason: "there is no OpenCL device")) {
      try open(.openCL, FakeDriver.access([]))
    }
  }

  @Test func aNamedDeviceThatFailsIsAnErrorAndNeverAFallback() {
    #expect(
      throws: DeviceError.unavailable(
        requested: "opencl", reason: "no OpenCL loader (libOpenCL.so.1) is installed")
    ) { try open(.openCL, FakeDriver.broken(Self.noLoader)) }
    for behaviour in [FakeDriver.Behaviour.doesNotOpen, .computesNonsense] {
      let error = #expect(throws: DeviceError.self) {
        try open(.openCLName("Fake"), FakeDriver.access([gpu], ["Fake GPU": behaviour]))
      }
      guard case .unavailable("opencl:Fake", _) = error else {
        Issue.record("The error is \(String(describing: error))")
        continue
      }
    }
  }

  @Test func memoryLimitsReachTheDevice() throws {
    let limit = 1 << 20
    let options = DeviceOptions(threads: 1, memoryLimit: limit)
    for request in [DeviceRequest.cpu, .openCL] {
      // The wrapper's self-test fits into the limit.
      let device = try DeviceChoice.open(request, options: options, through: FakeDriver.access([gpu])).device
      #expect(throws: DeviceError.self) { try Storage(count: limit, on: device) }
    }
  }
}

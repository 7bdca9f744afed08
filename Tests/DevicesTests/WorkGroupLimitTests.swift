import Compute
import ComputeOpenCL
import Devices
import Foundation
import TestSupport
import Testing

/// Each test runs in a process of its own, since drivers read their environment once. Other drivers than PoCL ignore this
/// variable, and pass.
@Suite("Small work-groups", .enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
struct WorkGroupLimitTests {
  @Test func bothShapesRunInGroupsOf64() async {
    await #expect(processExitsWith: .success) {
      for shape in KernelShape.allCases {
        try SelfTest.run(on: OpenCLDevice(limitedDevice(limit: 64), shape: shape))
      }
    }
  }

  @Test(arguments: [1, 48])
  func theProcessorShapeRunsInSmallerGroups(_ limit: Int) async {
    await #expect(processExitsWith: .success) { [limit] in
      let device = try OpenCLDevice(limitedDevice(limit: limit), shape: .cpu)
      try SelfTest.run(on: device)
      let x = try Storage((0..<1000).map { Float($0 % 7) }, on: device)
      let y = try Storage(count: 2, on: device)
      try device.reduce(.sum, ReductionProblem(outer: 2, reduced: 500, inner: 1), x, into: y)
      let expected = [0..<500, 500..<1000].map { Float($0.reduce(0) { $0 + $1 % 7 }) }
      #expect(try y.values() == expected)
    }
  }

  @Test func theGPUShapeIsRefusedWhereGroupsAreTooSmall() async {
    await #expect(processExitsWith: .success) {
      let description = try limitedDevice(limit: 32)
      guard description.traits.largestWorkGroup == 32 else { return }
      #expect(
        throws: DeviceError.unavailable(
          requested: "opencl", reason: "its work-groups hold at most 32 items and the GPU kernels need 64")
      ) { try OpenCLDevice(description, shape: .gpu) }
    }
  }
}

/// The first device of a process whose PoCL allows so many items.
private func limitedDevice(limit: Int) throws -> OpenCLDeviceDescription {
  setenv("POCL_MAX_WORK_GROUP_SIZE", "\(limit)", 1)
  let device = try #require(try OpenCL.devices().first)
  #expect(device.platformName != "Portable Computing Language" || device.traits.largestWorkGroup == limit)
  return device
}

import Compute
import ComputeOpenCL
import Testing

@Suite("Limits of a launch")
struct LaunchLimitsTests {
  private let limits = LaunchLimits(group: 256, groupExtents: [256, 128, 64], localMemory: 1 << 15)
  private let kernel = LaunchLimits.Kernel(group: 128, localMemory: 1 << 14)

  private func globalSize(_ size: [Int], _ group: [Int], _ kernel: LaunchLimits.Kernel? = nil) throws -> [Int] {
    try limits.globalSize(of: size, group: group, kernel: "family_operation", kernel ?? self.kernel)
  }

  @Test func sizesAreRoundedUpToWholeGroups() throws {
    #expect(try globalSize([1], [128]) == [128])
    #expect(try globalSize([128, 3, 64], [64, 2, 1]) == [128, 4, 64])
    #expect(try globalSize([Int(Int32.max)], [1]) == [Int(Int32.max)])
  }

  /// Sizes, groups, and the code that the driver should have returned.
  @Test(arguments: [
    ([], [], -53), ([1, 1, 1, 1], [1, 1, 1, 1], -53), ([1, 1], [1], -53), ([1], [0], -55),
    ([1, 1, 1], [1, 1, 65], -55),
    ([1], [129], -54), ([1, 1], [64, 4], -54), ([0], [1], -63), ([4, -1], [1, 1], -63), ([Int(Int32.max)], [2], -63),
    ([Int.max], [64], -63),
  ])
  func whatNoDriverTakesIsRefused(_ size: [Int], _ group: [Int], code: Int) {
    #expect { try globalSize(size, group) } throws: { error in
      guard case DeviceError.call("clEnqueueNDRangeKernel", code, _, "family_operation") = error else { return false }
      return true
    }
  }

  @Test func moreLocalMemoryThanTheDeviceHasIsRefused() throws {
    let largest = LaunchLimits.Kernel(group: 128, localMemory: 1 << 15)
    #expect(try globalSize([1], [1], largest) == [1])
    let larger = LaunchLimits.Kernel(group: 128, localMemory: 1 << 15 + 1)
    #expect(throws: DeviceError.self) { try globalSize([1], [1], larger) }
  }
}

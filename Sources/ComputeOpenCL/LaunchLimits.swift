import COpenCL
package import Compute

/// What a device allows a launch and its buffers. Checked here before each one, since drivers are known to abort the process instead of
/// returning a code.
package struct LaunchLimits: Hashable, Sendable {
  /// Work-items of a group, over all dimensions and in each one; their count is the number of dimensions.
  package var group: Int
  package var groupExtents: [Int]
  /// Bytes of local memory.
  package var localMemory: Int
  /// Bytes of which the start of a buffer's part must be a multiple.
  package var partAlignment: Int

  /// What one kernel needs or allows on the device.
  package struct Kernel: Hashable, Sendable {
    package var group: Int
    package var localMemory: Int

    package init(group: Int, localMemory: Int) {
      self.group = group
      self.localMemory = localMemory
    }
  }

  package init(group: Int, groupExtents: [Int], localMemory: Int, partAlignment: Int = 4096) {
    self.group = group
    self.groupExtents = groupExtents
    self.localMemory = localMemory
    self.partAlignment = partAlignment
  }

  /// Global sizes are rounded up to whole groups.
  ///
  /// - Throws: ``DeviceError/call(name:code:meaning:kernel:)`` with the code that the driver should have returned.
  package func globalSize(
    of size: [Int], group: [Int], kernel name: String, _ kernel: Kernel
  ) throws(DeviceError) -> [Int] {
    guard !size.isEmpty, size.count <= groupExtents.count, size.count == group.count else {
      throw refusal(
        name, -53, "\(size.count) sizes and \(group.count) group sizes, in \(groupExtents.count) dimensions")
    }
    guard group.allSatisfy({ $0 > 0 }), zip(group, groupExtents).allSatisfy({ $0 <= $1 }) else {
      throw refusal(name, -55, "it needs work-groups of \(group) items and the device allows \(groupExtents)")
    }
    let items = group.reduce(1, *)
    let largest = min(self.group, kernel.group)
    guard items <= largest else {
      throw refusal(name, -54, "it needs work-groups of \(items) items and the device runs at most \(largest)")
    }
    guard kernel.localMemory <= localMemory else {
      throw refusal(
        name, -5, "it needs \(kernel.localMemory) bytes of local memory and the device has \(localMemory)")
    }
    // The kernels count their items in `int`.
    let limit = Int(Int32.max)
    let global = zip(size, group).map { $0 > limit ? $0 : ($0 + $1 - 1) / $1 * $1 }
    guard global.allSatisfy({ 1...limit ~= $0 }) else {
      throw refusal(name, -63, "a launch of \(size) items, where each size must be between 1 and \(limit)")
    }
    return global
  }

  private func refusal(_ kernel: String, _ code: Int, _ meaning: String) -> DeviceError {
    .call(name: "clEnqueueNDRangeKernel", code: code, meaning: meaning, kernel: kernel)
  }
}

import CLoops
import Compute
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

/// Where PoCL's threads run, each case in a process of its own, since drivers read their environment once. The variable that
/// this process has set is taken out of it.
@Suite("PoCL's threads", .enabled(if: hasPoCL, "no PoCL: install pocl-opencl-icd"))
struct ThreadPlacementTests {
  @Test func everyThreadHasAProcessorOfItsOwn() async {
    await #expect(processExitsWith: .success) {
      try runOnPoCL()
      let all = threads(ofProcess: getpid())
      for processor in processors {
        #expect(all.contains { allowed($0) == [processor] }, "no thread has processor \(processor)")
      }
    }
  }

  @Test(arguments: ["POCL_AFFINITY": "0", "POCL_MAX_PTHREAD_COUNT": "1", "POCL_CPU_MAX_CU_COUNT": "1"])
  func whatTheUserSaysOfThreadsHolds(_ variable: String, _ value: String) async {
    await #expect(processExitsWith: .success) { [variable, value] in
      unsetenv("POCL_AFFINITY")
      setenv(variable, value, 1)
      try runOnPoCL()
      #expect(threads(ofProcess: getpid()).allSatisfy { allowed($0) == processors })
    }
  }

  /// PoCL counts the machine's processors, not the process's.
  @Test(.enabled(if: processors.count > 1, "one processor"))
  func aRestrictedProcessKeepsToItsProcessors() async {
    await #expect(processExitsWith: .success) {
      unsetenv("POCL_AFFINITY")
      let first = processors[0]
      for thread in [Int(getpid())] + threads(ofProcess: getpid()) { fl_keep_off(Int32(thread), Int32(first)) }
      try runOnPoCL()
      #expect(threads(ofProcess: getpid()).allSatisfy { !allowed($0).contains(first) })
    }
  }
}

private let platform = "Portable Computing Language"
private let hasPoCL = (try? OpenCL.devices())?.contains { $0.platformName == platform } ?? false

/// The processors that this process may use.
private let processors = allowed(Int(getpid()))

private func allowed(_ thread: Int) -> [Int] { (0..<1024).filter { fl_may_run_on(Int32(thread), Int32($0)) == 1 } }

private func threads(ofProcess process: Int32) -> [Int] {
  ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []).compactMap { Int($0) }
}

private func runOnPoCL() throws {
  let device = try OpenCLDevice(#require(try OpenCL.devices().first { $0.platformName == platform }))
  let x = try Storage([1, 2, 3], on: device)
  try device.activate(.relu, x, into: x)
  #expect(try x.values() == [1, 2, 3])
}

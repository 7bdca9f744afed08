import Compute
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

/// Each test runs in a process of its own, since the functions are put into the table before their first use.
@Suite("Failing calls of OpenCL", .enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
struct FaultTests {
  @Test func callsAndObjectsAreCounted() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      #expect(OpenCLFaults.functions.contains("clEnqueueNDRangeKernel"))
      let device = try OpenCLDevice(#require(OpenCL.list().first))
      let x = try Storage([1, 2], on: device)
      try device.fill(x, with: 3)
      try device.fill(x, with: 4)
      #expect(
        OpenCLFaults.balances == ["contexts": 1, "queues": 1, "buffers": 1, "programs": 1, "kernels": 1])
      #expect(OpenCLFaults.calls(of: "clEnqueueNDRangeKernel") == 2)
      #expect(OpenCLFaults.calls(of: "clReleaseMemObject") == 0)
      #expect(try x.values() == [4, 4])
    }
  }

  @Test func itIsTooLateAfterTheFirstUse() async {
    await #expect(processExitsWith: .failure) {
      _ = try? OpenCL.devices()
      OpenCLFaults.prepare()
    }
  }

  /// Asks for early calls of every function, with what follows the failing one.
  @Test(arguments: OpenCLFaults.Lasting.allCases)
  func everyFailingCallIsAnErrorAndNothingLeaks(_ lasting: OpenCLFaults.Lasting) async {
    await #expect(processExitsWith: .success) { [lasting] in
      // A hang ends the process; a time limit of the test would count the time that other tests take, too.
      alarm(600)
      OpenCLFaults.prepare()
      try work()
      expectNothingLeft("without a fault")
      let used = OpenCLFaults.functions.filter { OpenCLFaults.calls(of: $0) > 0 }
      // Resources exhausted is tried again; invalid queue, as after a kernel's crash, is not.
      var survived: [String] = []
      for function in OpenCLFaults.functions {
        for (call, code) in lasting == .once ? [(1, -36), (2, -5)] : [(1, -36)] {
          OpenCLFaults.arm(function: function, call: call, code: code, lasting: lasting)
          let what = "\(function), call \(call), code \(code), \(lasting)"
          if !fails(what), call == 1, used.contains(function) { survived.append(function) }
          expectNothingLeft(what)
        }
      }
      // Nothing depends on what is called at the end.
      #expect(survived.filter { !$0.hasPrefix("clRelease") && $0 != "clFinish" } == [])
      OpenCLFaults.disarm()
      try work()
      expectNothingLeft("after all faults")
    }
  }

  @Test func whatFailsIsNamed() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare(function: "clCreateCommandQueue", call: 1, code: -6, forEver: false)
      #expect(
        throws: DeviceError.call(
          name: "clCreateCommandQueue", code: -6, meaning: "the host's memory is exhausted", kernel: nil)
      ) { try work() }
      OpenCLFaults.arm(function: "clGetKernelWorkGroupInfo", call: 2, code: -48, lasting: .once)
      #expect(
        throws: DeviceError.call(
          name: "clGetKernelWorkGroupInfo", code: -48, meaning: "invalid kernel", kernel: "elementwise_affine")
      ) { try work() }
      OpenCLFaults.arm(function: "clGetPlatformIDs", call: 1, code: -1001, lasting: .once)
      #expect(
        throws: DeviceError.unavailable(
          requested: "opencl", reason: "no OpenCL platform is installed (no usable ICD file)")
      ) { try work() }
    }
  }

  /// A build that fails by injection leaves no log, as drivers were seen to do.
  @Test func aBuildThatFailsWithoutALogSaysSo() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare(function: "clBuildProgram", call: 1, code: -11, forEver: false)
      #expect { try work() } throws: { error in
        guard case DeviceError.build("elementwise.cl", _, "the driver gives no log, code -11") = error else {
          return false
        }
        return true
      }
      expectNothingLeft("failed build")
    }
  }

  /// Drivers allocate lazily, so memory runs out at the first enqueue.
  @Test func memoryThatRunsOutIsAskedForAgainWithAnEmptyPool() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      for function in ["clEnqueueNDRangeKernel", "clEnqueueWriteBuffer", "clEnqueueReadBuffer", "clCreateBuffer"] {
        let device = try OpenCLDevice(#require(OpenCL.list().first))
        do { _ = try Storage(count: 1 << 16, on: device) }
        #expect(device.memoryUse.cached > 0)
        OpenCLFaults.arm(function: function, call: 1, code: -4, lasting: .once)
        let x = try Storage([1, 2, 3], on: device)
        try device.affine(x, scale: 2, shift: 1, into: x)
        #expect(try x.values() == [3, 5, 7], "\(function)")
        #expect(device.memoryUse.cached == 0, "\(function)")
        OpenCLFaults.arm(function: function, call: 1, code: -4, lasting: .functionForEver)
        #expect(throws: DeviceError.self, "\(function)") {
          let y = try Storage([Float](repeating: 1, count: 5000), on: device)
          try device.fill(y, with: 2)
          _ = try y.values()
        }
        OpenCLFaults.disarm()
      }
    }
  }

  /// The 64th launch flushes; its kernel is queued by then and must not run twice.
  @Test func aFailingFlushDoesNotRunAKernelTwice() async {
    await #expect(processExitsWith: .success) {
      OpenCLFaults.prepare()
      let device = try OpenCLDevice(#require(OpenCL.list().first))
      let x = try Storage([Float](repeating: 0, count: 5), on: device)
      OpenCLFaults.arm(function: "clFlush", call: 1, code: -5, lasting: .once)
      var failures = 0
      for _ in 0..<100 {
        do { try device.affine(x, scale: 1, shift: 1, into: x) } catch is DeviceError { failures += 1 }
      }
      #expect(failures == 1)
      #expect(try x.values() == [Float](repeating: 100, count: 5))
    }
  }
}

/// Uses every kind of object: lists devices, opens one, copies, launches kernels of two programs, reads.
private func work() throws {
  let device = try OpenCLDevice(#require(OpenCL.list().first))
  let x = try Storage((0..<300).map { Float($0) }, on: device)
  let y = try Storage(count: 300, on: device)
  try device.affine(x, scale: 2, shift: 1, into: y)
  let sum = try Storage(count: 1, on: device)
  try device.reduce(.sum, ReductionProblem(outer: 1, reduced: 300, inner: 1), y, into: sum)
  #expect(try sum.values() == [90_000])
}

/// Whether the work fails, which it must do with our own error.
private func fails(_ what: String) -> Bool {
  do {
    try work()
    return false
  } catch is DeviceError {
    return true
  } catch {
    Issue.record("\(what): \(error)")
    return true
  }
}

private func expectNothingLeft(_ what: String) {
  #expect(OpenCLFaults.balances.filter { $0.value != 0 } == [:], "\(what)")
}

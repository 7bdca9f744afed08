import COpenCL
import Compute

/// What drivers do around kernels.
extension OpenCLProbe {
  /// A fault of Intel's UHD 600 driver: the second launch of a kernel computed something else.
  func repeats() throws -> (Finding.Verdict, String) {
    let x = try Storage((0..<1021).map { Float($0) * 0.37 }, on: device)
    let results = try (0..<3).map { _ in
      let y = try output(7 * x.count)
      try device.launch("probe_functions", elements: x.count, x, y, x.count)
      return try y.values().map(\.bitPattern)
    }
    return results.allSatisfy { $0 == results[0] }
      ? (.right, "three launches, the same bits") : (.wrong, "launches of one kernel differ")
  }

  func farOffsets() throws -> (Finding.Verdict, String) {
    // 2 GiB and some more: 2²⁹ floats, and 4096 behind them.
    let floats = 1 << 29
    let bytes = (floats + 4096) * 4
    guard bytes <= device.traits.largestBuffer, bytes <= device.traits.globalMemory / 2 else {
      return (.right, "does not arise: buffers hold \(device.traits.largestBuffer >> 20) MiB")
    }
    guard let memory = try device.connection.makeBuffer(byteCount: bytes) else {
      return (.quirk, "no memory for 2 GiB at present")
    }
    defer { device.connection.releaseBuffer(memory) }
    let places = [0, floats / 1024, floats / 1024 + 3]
    for (index, place) in places.enumerated() {
      try device.launch("probe_far", size: [1], group: [1], memory, place, Float(index + 7))
    }
    for (index, place) in places.enumerated() {
      let y = try output(1)
      try device.launch("probe_far_back", size: [1], group: [1], memory, y, place)
      let found = try y.values()[0]
      guard found == Float(index + 7) else { return (.wrong, "float \(place * 1024) of a buffer holds \(found)") }
    }
    return (.right, "float 2²⁹ and beyond")
  }

  func profiling() throws -> (Finding.Verdict, String) {
    let start = ContinuousClock.now
    let stamps = try device.connection.stampsOfFilling(byteCount: 1 << 20)
    let wall = (ContinuousClock.now - start) / .nanoseconds(1)
    guard zip(stamps, stamps.dropFirst()).allSatisfy({ $0 <= $1 }), let first = stamps.first, let last = stamps.last
    else {
      return (.quirk, "stamps run backwards: \(stamps)")
    }
    guard last > first, Double(last - first) <= 1.5 * wall + 1e6 else {
      return (.quirk, "stamps span \(last - first) ns of a call that took \(Int(wall)) ns")
    }
    return (.right, "stamps in order")
  }
}

extension OpenCLConnection {
  /// When filling a buffer was queued, submitted, started and ended, in ns, on a queue of its own.
  fileprivate func stampsOfFilling(byteCount: Int) throws(DeviceError) -> [UInt64] {
    guard let memory = try makeBuffer(byteCount: byteCount) else {
      throw .outOfMemory(requested: byteCount, inUse: 0, limit: nil)
    }
    defer { releaseBuffer(memory) }
    var code: cl_int = 0
    let queue = try OpenCLHandle(
      cl.table.clCreateCommandQueue(
        context.pointer, device.pointer, cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE), &code),
      "clCreateCommandQueue", code)
    defer { _ = cl.table.clReleaseCommandQueue(queue.pointer) }
    var (event, zero): (cl_event?, Float) = (nil, 0)
    try check(
      "clEnqueueFillBuffer",
      cl.table.clEnqueueFillBuffer(queue.pointer, memory.pointer, &zero, 4, 0, byteCount, 0, nil, &event))
    guard let event else { throw callError("clEnqueueFillBuffer", -9999) }
    defer { _ = cl.table.clReleaseEvent(event) }
    try check("clFinish", cl.table.clFinish(queue.pointer))
    var stamps: [UInt64] = []
    for name in [
      CL_PROFILING_COMMAND_QUEUED, CL_PROFILING_COMMAND_SUBMIT, CL_PROFILING_COMMAND_START, CL_PROFILING_COMMAND_END,
    ] {
      var stamp: cl_ulong = 0
      try check(
        "clGetEventProfilingInfo",
        cl.table.clGetEventProfilingInfo(event, cl_profiling_info(name), MemoryLayout<cl_ulong>.size, &stamp, nil))
      stamps.append(stamp)
    }
    return stamps
  }
}

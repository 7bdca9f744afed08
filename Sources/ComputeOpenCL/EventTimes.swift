import COpenCL
import Compute

/// What a driver's clock says of the commands of one stretch.
package struct EventTimes: Hashable, Sendable {
  /// Seconds that kernels ran, added up.
  package var seconds: Double
  /// Whether every kernel was queued before it began, and began before it ended: some drivers' stamps are wrong.
  package var isInOrder: Bool

  package init(seconds: Double, isInOrder: Bool) {
    self.seconds = seconds
    self.isInOrder = isInOrder
  }

  /// Whether to believe it: no more can have passed on the device than on the host.
  ///
  /// - host: seconds on the host's clock from before the first launch until all had ended
  package func isTrusted(host: Double) -> Bool { isInOrder && seconds > 0 && seconds <= 1.05 * host }
}

/// The events of launches on a profiling queue.
struct LaunchEvents {
  private var events: [OpenCLHandle] = []

  mutating func add(_ event: cl_event) { events.append(OpenCLHandle(event)) }

  /// Reads them and gives them back to the driver: kept events are known to slow programs down a thousandfold.
  func times(_ cl: copencl_functions) throws(DeviceError) -> EventTimes {
    defer { release(cl) }
    var times = EventTimes(seconds: 0, isInOrder: true)
    for event in events {
      var stamps: [UInt64] = []
      for name in [CL_PROFILING_COMMAND_QUEUED, CL_PROFILING_COMMAND_START, CL_PROFILING_COMMAND_END] {
        var stamp: cl_ulong = 0
        try check(
          "clGetEventProfilingInfo",
          cl.clGetEventProfilingInfo(
            event.pointer, cl_profiling_info(name), MemoryLayout<cl_ulong>.size, &stamp, nil))
        stamps.append(stamp)
      }
      times.isInOrder = times.isInOrder && stamps[0] <= stamps[1] && stamps[1] <= stamps[2]
      times.seconds += Double(stamps[2] &- stamps[1]) * 1e-9
    }
    return times
  }

  func release(_ cl: copencl_functions) { for event in events { _ = cl.clReleaseEvent(event.pointer) } }
}

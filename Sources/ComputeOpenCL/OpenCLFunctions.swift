import COpenCL
import Compute

/// The loader's functions, and the one way to call them.
///
/// `@unchecked Sendable`: the table is written once, before anybody sees it; OpenCL's functions may be called from any
/// thread, but for `clSetKernelArg` on one kernel, which ``KernelTable`` guards.
struct OpenCLFunctions: @unchecked Sendable {
  let table: copencl_functions

  /// Loaded at the first use, once a process: drivers fail when two threads come first together.
  static let system: Result<OpenCLFunctions, DeviceError> = {
    var reason: UnsafePointer<CChar>?
    guard let table = withUnsafeMutablePointer(to: &reason, { copencl_load($0) }) else {
      return .failure(
        .unavailable(requested: "opencl", reason: reason.map { String(cString: $0) } ?? "the loader cannot be used"))
    }
    return .success(OpenCLFunctions(table: table.pointee))
  }()
}

/// An object of the driver: a platform, device, context, queue, program or kernel.
///
/// `@unchecked Sendable`: an address that only the driver looks behind.
struct OpenCLHandle: Hashable, @unchecked Sendable {
  let pointer: OpaquePointer

  /// The object that a creating call returned.
  ///
  /// - Throws: ``DeviceError/call(name:code:meaning:kernel:)`` when the call failed.
  init(_ pointer: OpaquePointer?, _ name: String, _ code: cl_int, kernel: String? = nil) throws(DeviceError) {
    try check(name, code, kernel: kernel)
    guard let pointer else { throw callError(name, -9999, kernel: kernel) }
    self.pointer = pointer
  }

  init(_ pointer: OpaquePointer) { self.pointer = pointer }
}

/// - Throws: ``DeviceError/call(name:code:meaning:kernel:)`` unless the code says success.
func check(_ name: String, _ code: cl_int, kernel: String? = nil) throws(DeviceError) {
  guard code == CL_SUCCESS else { throw callError(name, code, kernel: kernel) }
}

func callError(_ name: String, _ code: cl_int, kernel: String? = nil) -> DeviceError {
  .call(name: name, code: Int(code), meaning: meanings[code] ?? "unknown code", kernel: kernel)
}

/// Codes of the specification (and the loader's −1001), in words.
private let meanings: [cl_int: String] = [
  -1: "no device was found", -2: "the device is not available", -3: "the driver has no compiler",
  -4: "the device's memory is exhausted", -5: "the device is out of resources", -6: "the host's memory is exhausted",
  -7: "profiling information is not available", -11: "the program does not build", -12: "mapping failed",
  -30: "invalid value", -31: "invalid device type", -32: "invalid platform", -33: "invalid device",
  -34: "invalid context", -36: "invalid command queue", -38: "invalid memory object", -42: "invalid binary",
  -43: "invalid build options", -44: "invalid program", -45: "the program is not built", -46: "no such kernel",
  -48: "invalid kernel", -49: "invalid argument index", -50: "invalid argument value", -51: "invalid argument size",
  -52: "not all arguments are set", -53: "invalid number of dimensions", -54: "invalid work-group size",
  -55: "invalid work-item size", -56: "invalid offset", -61: "invalid buffer size", -63: "invalid global size",
  -1001: "no OpenCL platform is installed", -9999: "the driver returned nothing",
]

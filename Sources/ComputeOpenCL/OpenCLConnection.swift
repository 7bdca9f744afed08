import COpenCL
import Compute

/// A context with its one in-order queue, released with the last reference: kernels, programs and buffers hold one, so
/// they go first, also when making a later one fails.
final class OpenCLConnection: Sendable {
  let cl: OpenCLFunctions
  let device: OpenCLHandle
  let context: OpenCLHandle
  let queue: OpenCLHandle

  /// - profiles: whether launches have events with times
  init(_ cl: OpenCLFunctions, to device: OpenCLHandle, profiles: Bool = false) throws(DeviceError) {
    var code: cl_int = 0
    var identifier: cl_device_id? = device.pointer
    let context = try OpenCLHandle(
      cl.table.clCreateContext(nil, 1, &identifier, nil, nil, &code), "clCreateContext", code)
    do {
      queue = try OpenCLHandle(
        cl.table.clCreateCommandQueue(
          context.pointer, device.pointer,
          profiles ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0, &code), "clCreateCommandQueue", code)
    } catch {
      _ = cl.table.clReleaseContext(context.pointer)
      throw error
    }
    self.cl = cl
    self.device = device
    self.context = context
  }

  // Codes of releases are ignored: nothing can be done about a failing one, least of all try again.
  deinit {
    _ = cl.table.clReleaseCommandQueue(queue.pointer)
    _ = cl.table.clReleaseContext(context.pointer)
  }

  /// A buffer, or nil when there is no memory for it.
  ///
  /// - Throws: ``DeviceError/call(name:code:meaning:kernel:)`` for any other reason.
  func makeBuffer(byteCount: Int) throws(DeviceError) -> DeviceMemory? {
    var code: cl_int = 0
    let buffer = cl.table.clCreateBuffer(context.pointer, cl_mem_flags(CL_MEM_READ_WRITE), byteCount, nil, &code)
    if outOfMemoryCodes.contains(Int(code)) || code == CL_INVALID_BUFFER_SIZE { return nil }
    return DeviceMemory(try OpenCLHandle(buffer, "clCreateBuffer", code).pointer)
  }

  /// A buffer of integers that are known by now.
  func makeBuffer(holding values: [Int32]) throws(DeviceError) -> DeviceMemory {
    var code: cl_int = 0
    var values = values
    let buffer = cl.table.clCreateBuffer(
      context.pointer, cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR),
      values.count * MemoryLayout<Int32>.stride,
      &values, &code)
    return DeviceMemory(try OpenCLHandle(buffer, "clCreateBuffer", code).pointer)
  }

  /// A part of a buffer, which lives as long as the part does.
  func makePart(of buffer: DeviceMemory, at offset: Int, byteCount: Int) throws(DeviceError) -> DeviceMemory {
    var code: cl_int = 0
    var region = cl_buffer_region(origin: offset, size: byteCount)
    let part = cl.table.clCreateSubBuffer(
      buffer.pointer, 0, cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION), &region, &code)
    return DeviceMemory(try OpenCLHandle(part, "clCreateSubBuffer", code).pointer)
  }

  /// Gives a buffer back to the driver. Legal while queued work uses it: enqueueing retained it, and the driver frees it
  /// after that work (OpenCL 1.2, 5.4.1).
  func releaseBuffer(_ memory: DeviceMemory) { _ = cl.table.clReleaseMemObject(memory.pointer) }
}

/// Allocation failed, out of resources, out of host memory: what drivers say when memory runs out, in any call, since
/// they allocate lazily.
let outOfMemoryCodes = -6 ... -4

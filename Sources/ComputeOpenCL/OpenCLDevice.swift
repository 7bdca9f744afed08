import COpenCL
public import Compute

/// A device that OpenCL reaches, with our kernels on one in-order queue.
///
/// Work is enqueued and the calls return; reading values waits. A buffer that returns to the pool while work that uses it
/// is still queued may be handed out at once: whatever uses it next is queued behind.
public final class OpenCLDevice: Device {
  public let traits: DeviceTraits
  /// The folder that replaces the embedded kernels, when the environment names one.
  public let kernelFolder = KernelSources.folder
  let tiling: Tiling
  private let cl: OpenCLFunctions
  private let context: OpenCLHandle
  private let queue: OpenCLHandle
  private let kernels: KernelTable
  private let pool: BufferPool

  /// - memoryLimit: bytes that arrays may take
  /// - shape: the kernels' shape; by default the one for the device's kind
  /// - exactBuffers: whether buffers have just the bytes asked for, so that a simulator sees accesses beyond the end
  /// - Throws: ``DeviceError`` when the driver fails.
  public init(
    _ description: OpenCLDeviceDescription, memoryLimit: Int? = nil, shape: KernelShape? = nil,
    exactBuffers: Bool = false
  ) throws {
    let cl = try OpenCLFunctions.system.get()
    traits = description.traits
    self.cl = cl
    var code: cl_int = 0
    var device: cl_device_id? = description.device.pointer
    let context = try OpenCLHandle(
      cl.table.clCreateContext(nil, 1, &device, nil, nil, &code), "clCreateContext", code)
    self.context = context
    queue = try OpenCLHandle(
      cl.table.clCreateCommandQueue(context.pointer, device, 0, &code), "clCreateCommandQueue", code)
    tiling = Tiling(
      shape: shape ?? (description.traits.kind == .cpu ? .cpu : .gpu),
      nativeVectorWidth: description.traits.vectorWidth)
    kernels = KernelTable(cl, device: description.device, context: context, queue: queue, options: tiling.options)
    pool = BufferPool(
      limit: memoryLimit, isExact: exactBuffers,
      make: { size in
        var code: cl_int = 0
        let flags = cl_mem_flags(CL_MEM_READ_WRITE)
        let buffer = cl.table.clCreateBuffer(context.pointer, flags, size, nil, &code)
        return code == CL_SUCCESS ? buffer.map { DeviceMemory($0) } : nil
      }, destroy: { _ = cl.table.clReleaseMemObject($0.pointer) })
  }

  deinit {
    _ = cl.table.clFinish(queue.pointer)
    pool.empty()
    _ = cl.table.clReleaseCommandQueue(queue.pointer)
    _ = cl.table.clReleaseContext(context.pointer)
  }

  public var description: String { "opencl (\(traits.name), \(tiling.shape.rawValue) kernels)" }
  public var memoryUse: MemoryUse { pool.use }

  public func allocate(byteCount: Int) throws -> DeviceMemory {
    guard byteCount <= traits.largestBuffer else {
      throw DeviceError.outOfMemory(requested: byteCount, inUse: memoryUse.inUse, limit: traits.largestBuffer)
    }
    let memory = try pool.allocate(byteCount: byteCount)
    #if DEBUG
      var nan = Float.nan
      let size = byteCount / 4 * 4
      try check(
        "clEnqueueFillBuffer",
        cl.table.clEnqueueFillBuffer(queue.pointer, memory.pointer, &nan, 4, 0, size, 0, nil, nil))
    #endif
    return memory
  }

  public func release(_ memory: DeviceMemory, byteCount: Int) { pool.release(memory, byteCount: byteCount) }

  public func upload(_ bytes: UnsafeRawBufferPointer, to target: DeviceMemory) throws {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    try check(
      "clEnqueueWriteBuffer",
      cl.table.clEnqueueWriteBuffer(
        queue.pointer, target.pointer, cl_bool(CL_TRUE), 0, bytes.count, source, 0, nil, nil))
  }

  public func download(_ source: DeviceMemory, into bytes: UnsafeMutableRawBufferPointer) throws {
    guard let target = bytes.baseAddress, !bytes.isEmpty else { return }
    try check(
      "clEnqueueReadBuffer",
      cl.table.clEnqueueReadBuffer(
        queue.pointer, source.pointer, cl_bool(CL_TRUE), 0, bytes.count, target, 0, nil, nil))
  }

  public func synchronize() throws { try check("clFinish", cl.table.clFinish(queue.pointer)) }

  /// One work-item an element.
  func launch(_ kernel: String, elements: Int, _ parameters: any KernelParameter...) throws {
    try enqueue(kernel, size: [elements], group: nil, parameters)
  }

  /// Work-groups of the shape given; sizes are rounded up to whole groups.
  func launch(_ kernel: String, size: [Int], group: [Int], _ parameters: any KernelParameter...) throws {
    try enqueue(kernel, size: size, group: group, parameters)
  }

  /// Drivers allocate lazily, so memory can run out here: unused buffers are given back and the launch tried once more.
  private func enqueue(_ kernel: String, size: [Int], group: [Int]?, _ parameters: [any KernelParameter]) throws {
    do { try kernels.enqueue(kernel, size: size, group: group, parameters) } catch {
      guard case .call(_, let code, _, _) = error, (-6 ... -4).contains(code) else { throw error }
      try synchronize()
      pool.empty()
      try kernels.enqueue(kernel, size: size, group: group, parameters)
    }
  }
}

import COpenCL
public import Compute

/// A device that OpenCL reaches, with our kernels on one in-order queue.
///
/// Work is enqueued and the calls return; reading values waits. A buffer that returns to the pool while work that uses it
/// is still queued may be handed out at once: whatever uses it next is queued behind.
public final class OpenCLDevice: Device, PartitionedMemory {
  public let traits: DeviceTraits
  /// The folder that replaces the embedded kernels, when the environment or the initialiser names one.
  public let kernelFolder: String?
  /// Platform, device and driver with their versions, in lines.
  package let driver: String
  let sources: KernelSources
  let tiling: Tiling
  let connection: OpenCLConnection
  let kernels: KernelTable
  /// Whether ``profiled(_:)`` can be asked.
  package let profiles: Bool
  package let partAlignment: Int
  private let pool: BufferPool
  private let opened = ContinuousClock.now
  private var cl: copencl_functions { connection.cl.table }
  private var queue: OpaquePointer { connection.queue.pointer }

  /// - memoryLimit: bytes that arrays may take
  /// - shape: the kernels' shape; by default the one for the device's kind
  /// - exactBuffers: whether buffers have just the bytes asked for, so that a simulator sees accesses beyond the end
  /// - kernelFolder: a folder whose files replace the embedded kernels; by default the one that the environment names
  /// - Throws: ``DeviceError`` when the driver fails, or the device's work-groups are too small for the shape.
  public convenience init(
    _ description: OpenCLDeviceDescription, memoryLimit: Int? = nil, shape: KernelShape? = nil,
    exactBuffers: Bool = false, kernelFolder: String? = nil
  ) throws {
    try self.init(
      description, memoryLimit: memoryLimit, shape: shape, exactBuffers: exactBuffers, kernelFolder: kernelFolder,
      cache: nil)
  }

  /// - cache: where built programs come from, and go to when ``storePrograms()`` is called
  /// - choice: sizes of the kernels' tiles in place of the built-in ones
  /// - profiles: whether ``profiled(_:)`` can be asked, which slows launches down
  /// - joinsLaunches: whether convolutions and pooling that follow each other become one launch where that is faster
  package init(
    _ description: OpenCLDeviceDescription, memoryLimit: Int? = nil, shape: KernelShape? = nil,
    exactBuffers: Bool = false, kernelFolder: String? = nil, cache: ProgramCache?,
    choice: TilingChoice = TilingChoice(),
    profiles: Bool = false, joinsLaunches: Bool = true
  ) throws {
    let sources = kernelFolder.map { KernelSources(folder: $0) } ?? .standard
    self.sources = sources
    self.kernelFolder = sources.folder
    traits = description.traits
    driver = description.driver
    tiling = try Tiling(
      shape: shape ?? .standard(for: description.traits.kind),
      nativeVectorWidth: description.traits.vectorWidth, limits: description.limits, choice: choice)
    let connection = try OpenCLConnection(OpenCLFunctions.system.get(), to: description.device, profiles: profiles)
    self.profiles = profiles
    self.connection = connection
    partAlignment = max(description.limits.partAlignment, 1)
    kernels = KernelTable(
      connection, limits: description.limits,
      programs: ProgramTable(
        connection, sources: sources, options: tiling.options, driver: description.driver, cache: cache),
      sequenceGroups: joinsLaunches && tiling.shape == .cpu && traits.kind == .cpu ? traits.computeUnits : nil)
    pool = BufferPool(
      limit: memoryLimit, isExact: exactBuffers,
      make: { (size) throws(DeviceError) in try connection.makeBuffer(byteCount: size) },
      destroy: { [kernels] in kernels.releaseBuffer($0) })
  }

  deinit { _ = cl.clFinish(queue) }

  /// Stores programs that were built here in the cache, for later processes: for the normal end of a run.
  ///
  /// PoCL compiles every kernel once more for it, about a second a program, and a later run saves 0.3 to 0.7 s against
  /// PoCL's own cache: worth it only after a long run.
  ///
  /// - olderThan: nothing is done when the device was opened more recently
  package func storePrograms(olderThan age: Duration = .zero) {
    if ContinuousClock.now - opened >= age { kernels.storePrograms() }
  }

  /// The kernels' shape.
  package var shape: KernelShape { tiling.shape }
  /// Sizes of tiles in place of the built-in ones.
  package var choice: TilingChoice { tiling.choice }
  /// Whether a choice says what holds anyway.
  package func holds(_ choice: TilingChoice) -> Bool {
    choice.values.allSatisfy { tiling.value(of: $0.key) == $0.value }
  }
  /// Whether the device has the local memory that a choice takes. Work-groups are of 64 items whatever is chosen.
  package func fits(_ choice: TilingChoice) -> Bool { choice.localMemory <= traits.localMemory }

  public var description: String { "opencl (\(traits.name), \(tiling.shape.rawValue) kernels)" }
  public var memoryUse: MemoryUse { pool.use }

  public func allocate(byteCount: Int) throws -> DeviceMemory {
    guard byteCount <= traits.largestBuffer else {
      throw DeviceError.outOfMemory(requested: byteCount, inUse: memoryUse.inUse, limit: traits.largestBuffer)
    }
    let memory = try pool.allocate(byteCount: byteCount)
    #if DEBUG
      do { try fillWithNaN(memory, byteCount) } catch {
        pool.release(memory, byteCount: byteCount)
        throw error
      }
    #endif
    return memory
  }

  private func fillWithNaN(_ memory: DeviceMemory, _ byteCount: Int) throws(DeviceError) {
    var nan = Float.nan
    try withRoom { () throws(DeviceError) in
      try kernels.enqueueWaiting()
      try check(
        "clEnqueueFillBuffer",
        cl.clEnqueueFillBuffer(queue, memory.pointer, &nan, 4, 0, byteCount / 4 * 4, 0, nil, nil))
    }
  }

  public func release(_ memory: DeviceMemory, byteCount: Int) { pool.release(memory, byteCount: byteCount) }

  package func part(of memory: DeviceMemory, at offset: Int, byteCount: Int) throws -> DeviceMemory {
    offset == 0 ? memory : try connection.makePart(of: memory, at: offset, byteCount: byteCount)
  }

  package func releasePart(_ part: DeviceMemory) { kernels.releaseBuffer(part) }

  public func upload(_ bytes: UnsafeRawBufferPointer, to target: DeviceMemory) throws {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    try withRoom { () throws(DeviceError) in
      try kernels.enqueueWaiting()
      try check(
        "clEnqueueWriteBuffer",
        cl.clEnqueueWriteBuffer(queue, target.pointer, cl_bool(CL_TRUE), 0, bytes.count, source, 0, nil, nil))
    }
  }

  public func download(_ source: DeviceMemory, into bytes: UnsafeMutableRawBufferPointer) throws {
    guard let target = bytes.baseAddress, !bytes.isEmpty else { return }
    try withRoom { () throws(DeviceError) in
      try kernels.enqueueWaiting()
      try check(
        "clEnqueueReadBuffer",
        cl.clEnqueueReadBuffer(queue, source.pointer, cl_bool(CL_TRUE), 0, bytes.count, target, 0, nil, nil))
    }
  }

  public func synchronize() throws { try finish() }

  func finish() throws(DeviceError) {
    try withRoom { () throws(DeviceError) in try kernels.enqueueWaiting() }
    try waitForQueue()
  }

  private func waitForQueue() throws(DeviceError) { try check("clFinish", cl.clFinish(queue)) }

  /// One work-item an element.
  func launch(_ kernel: String, elements: Int, _ parameters: any KernelParameter...) throws {
    try enqueue(kernel, size: [elements], group: nil, parameters)
  }

  func launch(_ kernel: String, elements: Int, _ parameters: [any KernelParameter]) throws {
    try enqueue(kernel, size: [elements], group: nil, parameters)
  }

  /// Work-groups of the shape given; sizes are rounded up to whole groups.
  func launch(_ kernel: String, size: [Int], group: [Int], _ parameters: any KernelParameter...) throws {
    try enqueue(kernel, size: size, group: group, parameters)
  }

  func launch(_ kernel: String, size: [Int], group: [Int], _ parameters: [any KernelParameter]) throws {
    try enqueue(kernel, size: size, group: group, parameters)
  }

  private func enqueue(
    _ kernel: String, size: [Int], group: [Int]?, _ parameters: [any KernelParameter]
  ) throws(DeviceError) {
    try withRoom { () throws(DeviceError) in
      try kernels.enqueue(kernel, size: size, group: group, parameters)
    }
    // Not inside: the launch is queued by now, and a second one would add to its result.
    try kernels.flushWhenDue()
  }

  /// Drivers allocate lazily, so memory can run out in any call: unused buffers are given back and the call tried once
  /// more. Queued work ends first, or the driver would still hold them.
  private func withRoom(_ call: () throws(DeviceError) -> Void) throws(DeviceError) {
    do { try call() } catch {
      guard case .call(_, let code, _, _) = error, outOfMemoryCodes.contains(code) else { throw forgetting(error) }
      try waitForQueue()
      pool.empty()
      do { try call() } catch { throw forgetting(error) }
    }
  }

  /// The error of a call that failed for good, and with it the launches that it would have enqueued.
  private func forgetting(_ error: DeviceError) -> DeviceError {
    kernels.forgetWaiting()
    return error
  }
}

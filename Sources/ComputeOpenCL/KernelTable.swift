import COpenCL
import Compute
import Locking

/// Kernels of one device, made at their first use, and the only place that sets arguments and enqueues.
///
/// The lock covers both, since a kernel's arguments belong to the kernel object: two threads may not set them at once.
final class KernelTable: Sendable {
  private struct Kernel: Sendable {
    let handle: OpenCLHandle
    let limits: LaunchLimits.Kernel
  }

  private struct State {
    var programs: ProgramTable
    /// Launches that wait for others to be enqueued with.
    var waiting = LaunchSequence()
    var tables: SequenceTables
    var kernels: [String: Kernel] = [:]
    var launches = 0
    var launchesAtFlush = 0
    /// First launches by kernel and work-group; nil while they are not timed.
    var firstLaunches: [String: CompileTimes.Launch]?
    /// Of launches on a profiling queue; nil while they are not asked for.
    var events: LaunchEvents?
    /// Nil while they are not asked for.
    var log: LaunchLog?
    /// Whether nobody asks for single launches.
    var mayWait: Bool { events == nil && log == nil && firstLaunches == nil }
  }

  private let connection: OpenCLConnection
  private let limits: LaunchLimits
  private let state: Locked<State>
  /// Work-groups that go through a sequence side by side; nil where launches do not wait for each other.
  private let sequenceGroups: Int?
  private var cl: copencl_functions { connection.cl.table }

  /// - sequenceGroups: work-groups of a device that runs so many side by side and on which launches of the CPU shape shall
  ///   wait for each other, to be enqueued as one
  init(_ connection: OpenCLConnection, limits: LaunchLimits, programs: ProgramTable, sequenceGroups: Int?) {
    self.connection = connection
    self.limits = limits
    self.sequenceGroups = sequenceGroups
    state = Locked(State(programs: programs, tables: SequenceTables(groups: sequenceGroups ?? 0)))
  }

  deinit {
    state.withLock { state in
      forgetWaiting(&state)
      state.tables.release(connection)
      for kernel in state.kernels.values { _ = cl.clReleaseKernel(kernel.handle.pointer) }
      state.programs.release()
    }
  }

  /// Enqueues a kernel. Sizes are those of the work: global sizes are rounded up to whole work-groups.
  ///
  /// Setting an argument does not make the driver hold its buffer, enqueueing does. Until then the parameters are held
  /// here; after that a buffer may return to the pool at once, since whatever uses it next is queued behind.
  ///
  /// - name: the kernel's; the file is the part before its first underscore. A number at that part's end is not in the
  ///   text: `winograd4_tiles` is `winograd_tiles` of `winograd.cl` built with `M` defined as 4.
  /// - group: items of a work-group in each dimension; nil for as many as suit element-wise work.
  /// - Throws: ``DeviceError``; a failing enqueue leaves nothing behind.
  func enqueue(
    _ name: String, size: [Int], group: [Int]?, _ parameters: [any KernelParameter]
  ) throws(DeviceError) {
    try state.withLock { (state) throws(DeviceError) in
      if try waits(name, size: size, group: group, parameters, &state) { return }
      try enqueueWaiting(&state)
      try enqueue(name, size: size, group: group, parameters, &state)
    }
  }

  private func enqueue(
    _ name: String, size: [Int], group: [Int]?, _ parameters: [any KernelParameter], _ state: inout State
  ) throws(DeviceError) {
    let kernel = try self.kernel(name, &state)
    let group = group ?? [min(Self.elementsPerGroup, kernel.limits.group, limits.groupExtents.first ?? 1)]
    let global = try globalSize(kernel.limits, name, size: size, group: group, parameters)
    state.log?.records.append(
      LaunchRecord(kernel: name, size: global, group: group, numbers: parameters.map(\.number)))
    if state.log?.isDry == true { return }
    let code = try withExtendedLifetime(parameters) { () throws(DeviceError) in
      for (index, parameter) in parameters.enumerated() {
        try check("clSetKernelArg", parameter.set(cl_uint(index), of: kernel.handle.pointer, cl), kernel: name)
      }
      return try timedIfFirst(name, group, &state) { state in
        guard state.events != nil else {
          return cl.clEnqueueNDRangeKernel(
            connection.queue.pointer, kernel.handle.pointer, cl_uint(size.count), nil, global, group, 0, nil, nil)
        }
        var event: cl_event?
        let code = cl.clEnqueueNDRangeKernel(
          connection.queue.pointer, kernel.handle.pointer, cl_uint(size.count), nil, global, group, 0, nil, &event)
        if let event { state.events?.add(event) }
        return code
      }
    }
    try check("clEnqueueNDRangeKernel", code, kernel: name)
    state.launches += 1
  }

  private func globalSize(
    _ kernel: LaunchLimits.Kernel, _ name: String, size: [Int], group: [Int], _ parameters: [any KernelParameter]
  ) throws(DeviceError) -> [Int] {
    var needs = kernel
    needs.localMemory += parameters.reduce(0) { $0 + $1.localByteCount }
    return try limits.globalSize(of: size, group: group, kernel: name, needs)
  }

  /// Has a launch wait for others; false where it cannot.
  private func waits(
    _ name: String, size: [Int], group: [Int]?, _ parameters: [any KernelParameter], _ state: inout State
  ) throws(DeviceError) -> Bool {
    guard sequenceGroups != nil, state.mayWait, let group, group.allSatisfy({ $0 == 1 }),
      let kind = LaunchSequence.kind(of: name)
    else { return false }
    // Refused now, not when the others are enqueued. Such kernels have no local memory but their arguments'.
    let kernel = LaunchLimits.Kernel(group: 1, localMemory: 0)
    _ = try globalSize(kernel, name, size: size, group: group, parameters)
    if !state.waiting.hasRoom(for: parameters.count) { try enqueueWaiting(&state) }
    state.waiting.add(name, kind, size: size, parameters)
    return true
  }

  /// Enqueues what waits. Where that fails it waits on, so that the call can be tried again.
  func enqueueWaiting() throws(DeviceError) {
    try state.withLock { (state) throws(DeviceError) in try enqueueWaiting(&state) }
  }

  private func enqueueWaiting(_ state: inout State) throws(DeviceError) {
    guard state.waiting.stepCount > 0, let sequenceGroups else { return }
    if let step = state.waiting.single {
      let group = [Int](repeating: 1, count: step.size.count)
      try enqueue(step.kernel, size: step.size, group: group, step.parameters, &state)
    } else {
      let parameters = try state.tables.parameters(of: state.waiting, connection)
      try enqueue("sequence_run", size: [sequenceGroups], group: [1], parameters, &state)
      state.tables.advance(state.waiting.stepCount)
    }
    forgetWaiting(&state)
  }

  /// What waits will not be enqueued: it failed.
  func forgetWaiting() { state.withLock { forgetWaiting(&$0) } }

  private func forgetWaiting(_ state: inout State) {
    for memory in state.waiting.released { connection.releaseBuffer(memory) }
    state.waiting = LaunchSequence()
  }

  /// Gives a buffer back to the driver, after what waits and may use it.
  func releaseBuffer(_ memory: DeviceMemory) {
    state.withLock { state in
      if state.waiting.buffers.contains(memory) {
        state.waiting.released.append(memory)
      } else {
        connection.releaseBuffer(memory)
      }
    }
  }

  /// From now on every launch has an event, until ``endEvents()``.
  func beginEvents() { state.withLock { $0.events = LaunchEvents() } }

  /// What the events say; their launches have ended.
  func endEvents() throws(DeviceError) -> EventTimes {
    let events = state.withLock { state in
      defer { state.events = nil }
      return state.events ?? LaunchEvents()
    }
    return try events.times(cl)
  }

  /// From now on launches are noted, until ``endLog()``.
  ///
  /// - isDry: whether they are not enqueued
  func beginLog(isDry: Bool) { state.withLock { $0.log = LaunchLog(isDry: isDry) } }

  func endLog() -> [LaunchRecord] {
    state.withLock { state in
      defer { state.log = nil }
      return state.log?.records ?? []
    }
  }

  /// From now on the first launch of each kernel and work-group is waited for and timed.
  func timeFirstLaunches() { state.withLock { $0.firstLaunches = $0.firstLaunches ?? [:] } }

  var compileTimes: CompileTimes {
    state.withLock { state in
      let launches = (state.firstLaunches ?? [:]).sorted { $0.key < $1.key }.map(\.value)
      return CompileTimes(programs: state.programs.times, launches: launches)
    }
  }

  private func timedIfFirst(
    _ name: String, _ group: [Int], _ state: inout State, _ enqueue: (inout State) -> cl_int
  ) throws(DeviceError) -> cl_int {
    let key = "\(name) \(group)"
    guard let known = state.firstLaunches, known[key] == nil else { return enqueue(&state) }
    try check("clFinish", cl.clFinish(connection.queue.pointer))
    let start = ContinuousClock.now
    let code = enqueue(&state)
    guard code == CL_SUCCESS else { return code }
    try check("clFinish", cl.clFinish(connection.queue.pointer))
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    state.firstLaunches?[key] = CompileTimes.Launch(kernel: name, group: group, seconds: seconds)
    return code
  }

  /// Some drivers start nothing before a flush; too many flushes cost more than they bring.
  func flushWhenDue() throws(DeviceError) {
    let due = state.withLock { state in
      guard state.launches - state.launchesAtFlush >= Self.launchesPerFlush else { return false }
      state.launchesAtFlush = state.launches
      return true
    }
    if due { try check("clFlush", cl.clFlush(connection.queue.pointer)) }
  }

  /// The largest work-group of a kernel on this device, and the multiple that suits it.
  func groupSizes(of name: String) throws(DeviceError) -> (largest: Int, multiple: Int) {
    try state.withLock { (state) throws(DeviceError) in
      let kernel = try self.kernel(name, &state)
      let multiple = try number(CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, Int.self, of: kernel.handle, name)
      return (kernel.limits.group, multiple)
    }
  }

  /// What the driver says of a kernel, which is compiled for it.
  func resources(of name: String) throws(DeviceError) -> KernelResources {
    try state.withLock { (state) throws(DeviceError) in
      let kernel = try self.kernel(name, &state)
      return KernelResources(
        privateBytes: try number(CL_KERNEL_PRIVATE_MEM_SIZE, cl_ulong.self, of: kernel.handle, name),
        localBytes: try number(CL_KERNEL_LOCAL_MEM_SIZE, cl_ulong.self, of: kernel.handle, name),
        groupLimit: kernel.limits.group,
        preferredMultiple: try number(CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, Int.self, of: kernel.handle, name))
    }
  }

  func storePrograms() { state.withLock { $0.programs.store() } }

  /// Enough items to outweigh a group's start on a CPU, and enough to fill a GPU's core.
  private static let elementsPerGroup = 256
  private static let launchesPerFlush = 64

  private func kernel(_ name: String, _ state: inout State) throws(DeviceError) -> Kernel {
    if let kernel = state.kernels[name] { return kernel }
    let family = name.prefix { $0 != "_" }
    let program = try state.programs.program(String(family))
    var code: cl_int = 0
    let text = family.filter { !$0.isNumber } + name.dropFirst(family.count)
    let handle = try OpenCLHandle(cl.clCreateKernel(program.pointer, text, &code), "clCreateKernel", code, kernel: name)
    do {
      let limits = LaunchLimits.Kernel(
        group: max(try number(CL_KERNEL_WORK_GROUP_SIZE, Int.self, of: handle, name), 1),
        localMemory: try number(CL_KERNEL_LOCAL_MEM_SIZE, cl_ulong.self, of: handle, name))
      let kernel = Kernel(handle: handle, limits: limits)
      state.kernels[name] = kernel
      return kernel
    } catch {
      _ = cl.clReleaseKernel(handle.pointer)
      throw error
    }
  }

  private func number<Number: FixedWidthInteger>(
    _ property: Int32, _: Number.Type, of kernel: OpenCLHandle, _ name: String
  ) throws(DeviceError) -> Int {
    var value: Number = 0
    let code = cl.clGetKernelWorkGroupInfo(
      kernel.pointer, connection.device.pointer, cl_kernel_work_group_info(property), MemoryLayout<Number>.size, &value,
      nil)
    try check("clGetKernelWorkGroupInfo", code, kernel: name)
    return Int(clamping: value)
  }
}

import COpenCL
import Compute
import Locking

/// Programs and kernels of one device, built at their first use, and the only place that sets arguments and enqueues.
///
/// The lock covers both, since a kernel's arguments belong to the kernel object: two threads may not set them at once.
final class KernelTable: Sendable {
  /// A kernel and the largest work-group that the driver runs it with.
  private struct Kernel: Sendable {
    let handle: OpenCLHandle
    let largestGroup: Int
  }

  private struct State {
    var programs: [String: OpenCLHandle] = [:]
    var kernels: [String: Kernel] = [:]
    var launches = 0
  }

  private let cl: OpenCLFunctions
  private let device: OpenCLHandle
  private let context: OpenCLHandle
  private let queue: OpenCLHandle
  private let options: String
  private let state = Locked(State())

  init(_ cl: OpenCLFunctions, device: OpenCLHandle, context: OpenCLHandle, queue: OpenCLHandle, options: String) {
    self.cl = cl
    self.device = device
    self.context = context
    self.queue = queue
    self.options = options
  }

  deinit {
    state.withLock { state in
      for kernel in state.kernels.values { _ = cl.table.clReleaseKernel(kernel.handle.pointer) }
      for program in state.programs.values { _ = cl.table.clReleaseProgram(program.pointer) }
    }
  }

  /// Enqueues a kernel. Sizes are those of the work: global sizes are rounded up to whole work-groups.
  ///
  /// - name: the kernel's; the file is the part before its first underscore.
  /// - group: items of a work-group in each dimension; nil for as many as suit element-wise work.
  /// - Throws: ``DeviceError``; a failing enqueue leaves nothing behind.
  func enqueue(
    _ name: String, size: [Int], group: [Int]?, _ parameters: [any KernelParameter]
  ) throws(DeviceError) {
    try state.withLock { (state) throws(DeviceError) in
      let kernel = try self.kernel(name, &state)
      let group = group ?? [min(Self.elementsPerGroup, kernel.largestGroup)]
      let items = group.reduce(1, *)
      guard items <= kernel.largestGroup else {
        throw .call(
          name: "clEnqueueNDRangeKernel", code: -54,
          meaning: "it needs work-groups of \(items) items and the device runs at most \(kernel.largestGroup)",
          kernel: name)
      }
      let global = zip(size, group).map { ($0 + $1 - 1) / $1 * $1 }
      for (index, parameter) in parameters.enumerated() {
        try check(
          "clSetKernelArg", parameter.set(cl_uint(index), of: kernel.handle.pointer, cl.table), kernel: name)
      }
      // The driver holds buffers from here on: setting an argument alone does not.
      let code = withExtendedLifetime(parameters) {
        cl.table.clEnqueueNDRangeKernel(
          queue.pointer, kernel.handle.pointer, cl_uint(size.count), nil, global, group, 0, nil, nil)
      }
      try check("clEnqueueNDRangeKernel", code, kernel: name)
      // Some drivers start nothing before a flush; too many flushes cost more than they bring.
      state.launches += 1
      if state.launches.isMultiple(of: Self.launchesPerFlush) { try check("clFlush", cl.table.clFlush(queue.pointer)) }
    }
  }

  /// Enough items to outweigh a group's start on a CPU, and enough to fill a GPU's core.
  private static let elementsPerGroup = 256
  private static let launchesPerFlush = 64

  private func kernel(_ name: String, _ state: inout State) throws(DeviceError) -> Kernel {
    if let kernel = state.kernels[name] { return kernel }
    let file = String(name.prefix { $0 != "_" })
    let program = try self.program(file, &state)
    var code: cl_int = 0
    let handle = try OpenCLHandle(
      cl.table.clCreateKernel(program.pointer, name, &code), "clCreateKernel", code, kernel: name)
    var largest = 0
    try check(
      "clGetKernelWorkGroupInfo",
      cl.table.clGetKernelWorkGroupInfo(
        handle.pointer, device.pointer, cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE), MemoryLayout<Int>.size,
        &largest, nil), kernel: name)
    let kernel = Kernel(handle: handle, largestGroup: max(largest, 1))
    state.kernels[name] = kernel
    return kernel
  }

  private func program(_ file: String, _ state: inout State) throws(DeviceError) -> OpenCLHandle {
    if let program = state.programs[file] { return program }
    let source = try KernelSources.program(file)
    var code: cl_int = 0
    let created = source.withCString { text in
      var text: UnsafePointer<CChar>? = text
      return cl.table.clCreateProgramWithSource(context.pointer, 1, &text, nil, &code)
    }
    let program = try OpenCLHandle(created, "clCreateProgramWithSource", code)
    var identifier: cl_device_id? = device.pointer
    guard cl.table.clBuildProgram(program.pointer, 1, &identifier, options, nil, nil) == CL_SUCCESS else {
      defer { _ = cl.table.clReleaseProgram(program.pointer) }
      throw .build(file: "\(file).cl", options: options, log: log(program))
    }
    state.programs[file] = program
    return program
  }

  private func log(_ program: OpenCLHandle) -> String {
    let name = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    var size = 0
    guard cl.table.clGetProgramBuildInfo(program.pointer, device.pointer, name, 0, nil, &size) == CL_SUCCESS else {
      return "the driver gives no log"
    }
    var bytes = [UInt8](repeating: 0, count: size)
    _ = cl.table.clGetProgramBuildInfo(program.pointer, device.pointer, name, size, &bytes, nil)
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// What a kernel takes: device arrays, whole numbers (`int`), truth values (`int`) and floats.
protocol KernelParameter {
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int
}

extension DeviceArray: KernelParameter {
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var pointer: cl_mem? = memory.pointer
    return cl.clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, &pointer)
  }
}

extension Int: KernelParameter {
  /// Problems are checked to stay below 2³¹, so a larger number is our own mistake.
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var value = Int32(self)
    return cl.clSetKernelArg(kernel, index, MemoryLayout<Int32>.size, &value)
  }
}

extension Bool: KernelParameter {
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    (self ? 1 : 0).set(index, of: kernel, cl)
  }
}

extension Float: KernelParameter {
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var value = self
    return cl.clSetKernelArg(kernel, index, MemoryLayout<Float>.size, &value)
  }
}

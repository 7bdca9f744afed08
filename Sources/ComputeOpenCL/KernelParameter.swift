import COpenCL
import Compute

/// What a kernel takes: device arrays, local memory, whole numbers (`int`), truth values (`int`) and floats.
protocol KernelParameter {
  /// Bytes of a work-group's local memory.
  var localByteCount: Int { get }
  /// Its value where it is a number.
  var number: Double? { get }
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int
}

extension KernelParameter {
  var localByteCount: Int { 0 }
  var number: Double? { nil }
}

/// Floats of local memory, undefined when the kernel starts.
struct LocalFloats: KernelParameter {
  let count: Int
  var localByteCount: Int { count * MemoryLayout<Float>.stride }

  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    cl.clSetKernelArg(kernel, index, localByteCount, nil)
  }
}

extension DeviceMemory: KernelParameter {
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var pointer: cl_mem? = pointer
    return cl.clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, &pointer)
  }
}

extension DeviceArray: KernelParameter {
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    memory.set(index, of: kernel, cl)
  }
}

extension Int: KernelParameter {
  var number: Double? { Double(self) }

  /// Problems are checked to stay below 2³¹, so a larger number is our own mistake.
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var value = Int32(self)
    return cl.clSetKernelArg(kernel, index, MemoryLayout<Int32>.size, &value)
  }
}

extension Bool: KernelParameter {
  var number: Double? { self ? 1 : 0 }

  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    (self ? 1 : 0).set(index, of: kernel, cl)
  }
}

extension Float: KernelParameter {
  var number: Double? { Double(self) }

  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var value = self
    return cl.clSetKernelArg(kernel, index, MemoryLayout<Float>.size, &value)
  }
}

import COpenCL
import Compute

/// What a kernel takes: device arrays, local memory, whole numbers (`int`), truth values (`int`) and floats.
protocol KernelParameter {
  /// Bytes of a work-group's local memory.
  var localByteCount: Int { get }
  /// Its value where it is a number.
  var number: Double? { get }
  /// The same without a reference to whoever owns the memory.
  var memoryAlone: any KernelParameter { get }
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int
  /// Adds it to the step whose arguments are being listed.
  func add(to sequence: inout LaunchSequence)
}

extension KernelParameter {
  var localByteCount: Int { 0 }
  var number: Double? { nil }
  var memoryAlone: any KernelParameter { self }
}

/// Floats of local memory, undefined when the kernel starts.
struct LocalFloats: KernelParameter {
  let count: Int
  var localByteCount: Int { count * MemoryLayout<Float>.stride }

  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    cl.clSetKernelArg(kernel, index, localByteCount, nil)
  }

  func add(to sequence: inout LaunchSequence) { sequence.add(localCount: count) }
}

/// In the place of an array that the kernel will not touch.
struct NoArray: KernelParameter {
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var pointer: cl_mem?
    return cl.clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, &pointer)
  }

  func add(to sequence: inout LaunchSequence) { preconditionFailure("A step has all its arrays.") }
}

extension DeviceMemory: KernelParameter {
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var pointer: cl_mem? = pointer
    return cl.clSetKernelArg(kernel, index, MemoryLayout<cl_mem?>.size, &pointer)
  }

  func add(to sequence: inout LaunchSequence) { sequence.add(self) }
}

extension DeviceArray: KernelParameter {
  var memoryAlone: any KernelParameter { memory }

  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    memory.set(index, of: kernel, cl)
  }

  func add(to sequence: inout LaunchSequence) { sequence.add(memory) }
}

extension Int: KernelParameter {
  var number: Double? { Double(self) }

  /// Problems are checked to stay below 2³¹, so a larger number is our own mistake.
  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var value = Int32(self)
    return cl.clSetKernelArg(kernel, index, MemoryLayout<Int32>.size, &value)
  }

  func add(to sequence: inout LaunchSequence) { sequence.add(number: Int32(self)) }
}

extension Bool: KernelParameter {
  var number: Double? { self ? 1 : 0 }

  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    (self ? 1 : 0).set(index, of: kernel, cl)
  }

  func add(to sequence: inout LaunchSequence) { sequence.add(number: self ? 1 : 0) }
}

extension Float: KernelParameter {
  var number: Double? { Double(self) }

  func set(_ index: cl_uint, of kernel: cl_kernel, _ cl: copencl_functions) -> cl_int {
    var value = self
    return cl.clSetKernelArg(kernel, index, MemoryLayout<Float>.size, &value)
  }

  func add(to sequence: inout LaunchSequence) { sequence.add(number: Int32(bitPattern: bitPattern)) }
}

import COpenCL
import Compute

/// Programs of one device, one a file of kernels, built at their first use.
struct ProgramTable {
  private let connection: OpenCLConnection
  private let options: String
  private var programs: [String: OpenCLHandle] = [:]
  private var cl: copencl_functions { connection.cl.table }

  init(_ connection: OpenCLConnection, options: String) {
    self.connection = connection
    self.options = options
  }

  /// To be called once, after the last use.
  func release() {
    for program in programs.values { _ = cl.clReleaseProgram(program.pointer) }
  }

  mutating func program(_ file: String) throws(DeviceError) -> OpenCLHandle {
    if let program = programs[file] { return program }
    let program = try built(file, KernelSources.program(file))
    programs[file] = program
    return program
  }

  private func built(_ file: String, _ source: String) throws(DeviceError) -> OpenCLHandle {
    var code: cl_int = 0
    let created = source.withCString { text in
      var text: UnsafePointer<CChar>? = text
      return cl.clCreateProgramWithSource(connection.context.pointer, 1, &text, nil, &code)
    }
    let program = try OpenCLHandle(created, "clCreateProgramWithSource", code)
    let result = build(program)
    guard result == CL_SUCCESS else {
      defer { _ = cl.clReleaseProgram(program.pointer) }
      throw .build(file: "\(file).cl", options: options, log: log(program) ?? "the driver gives no log, code \(result)")
    }
    return program
  }

  private func build(_ program: OpenCLHandle) -> cl_int {
    var identifier: cl_device_id? = connection.device.pointer
    return cl.clBuildProgram(program.pointer, 1, &identifier, options, nil, nil)
  }

  /// What the compiler said; nil when it said nothing.
  private func log(_ program: OpenCLHandle) -> String? {
    let name = cl_program_build_info(CL_PROGRAM_BUILD_LOG)
    let device = connection.device.pointer
    var size = 0
    guard cl.clGetProgramBuildInfo(program.pointer, device, name, 0, nil, &size) == CL_SUCCESS else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    guard cl.clGetProgramBuildInfo(program.pointer, device, name, size, &bytes, nil) == CL_SUCCESS else { return nil }
    let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    return text.contains { !$0.isWhitespace } ? text : nil
  }
}

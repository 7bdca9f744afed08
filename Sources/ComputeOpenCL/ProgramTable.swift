import COpenCL
import Compute
import Foundation

/// Programs of one device, one a file of kernels, taken from the cache or built at their first use.
struct ProgramTable {
  private let connection: OpenCLConnection
  private let sources: KernelSources
  private let options: String
  private let driver: String
  private let cache: ProgramCache?
  private var programs: [String: OpenCLHandle] = [:]
  /// Programs that the cache lacks, by file.
  private var unsaved: [String: ProgramKey] = [:]
  private(set) var times: [CompileTimes.Program] = []
  private var cl: copencl_functions { connection.cl.table }

  /// - driver: platform, device and driver with their versions: part of the cache's keys
  init(
    _ connection: OpenCLConnection, sources: KernelSources, options: String, driver: String, cache: ProgramCache?
  ) {
    self.connection = connection
    self.sources = sources
    self.options = options
    self.driver = driver
    self.cache = cache
  }

  /// To be called once, after the last use.
  func release() {
    for program in programs.values { _ = cl.clReleaseProgram(program.pointer) }
  }

  mutating func program(_ file: String) throws(DeviceError) -> OpenCLHandle {
    if let program = programs[file] { return program }
    let start = ContinuousClock.now
    let (program, isFromCache) = try made(file)
    programs[file] = program
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    times.append(CompileTimes.Program(file: file, seconds: seconds, isFromCache: isFromCache))
    return program
  }

  private mutating func made(_ file: String) throws(DeviceError) -> (OpenCLHandle, isFromCache: Bool) {
    let source = try sources.program(file)
    let key = ProgramKey(
      file: file, source: source, options: options, driver: driver,
      environment: ProcessInfo.processInfo.environment)
    if let program = loaded(key) { return (program, true) }
    let program = try built(file, source)
    if cache != nil { unsaved[file] = key }
    return (program, false)
  }

  /// The program from the cache. Any failure deletes the file, and the program is built from its source.
  private func loaded(_ key: ProgramKey) -> OpenCLHandle? {
    guard let cache, let binary = cache.binary(for: key) else { return nil }
    var identifier: cl_device_id? = connection.device.pointer
    var length = binary.count
    var (status, code): (cl_int, cl_int) = (0, 0)
    let created = binary.withUnsafeBytes { bytes in
      var start = bytes.bindMemory(to: UInt8.self).baseAddress
      return cl.clCreateProgramWithBinary(
        connection.context.pointer, 1, &identifier, &length, &start, &status, &code)
    }
    if let created {
      let program = OpenCLHandle(created)
      if code == CL_SUCCESS, status == CL_SUCCESS, build(program) == CL_SUCCESS { return program }
      _ = cl.clReleaseProgram(created)
    }
    cache.remove(key)
    return nil
  }

  /// Stores what was built here. Slow, so not before the work is done; by then binaries of PoCL hold the machine code of
  /// every launch.
  mutating func store() {
    guard let cache else { return }
    for (file, key) in unsaved {
      if let program = programs[file], let binary = binary(of: program) { cache.store(binary, for: key) }
    }
    unsaved = [:]
  }

  private func binary(of program: OpenCLHandle) -> Data? {
    let sizes = cl_program_info(CL_PROGRAM_BINARY_SIZES)
    var size = 0
    guard cl.clGetProgramInfo(program.pointer, sizes, MemoryLayout<Int>.size, &size, nil) == CL_SUCCESS, size > 0
    else { return nil }
    var binary = Data(count: size)
    let code = binary.withUnsafeMutableBytes { bytes in
      var start = bytes.baseAddress
      return cl.clGetProgramInfo(
        program.pointer, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout<UnsafeMutableRawPointer?>.size, &start, nil)
    }
    return code == CL_SUCCESS ? binary : nil
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

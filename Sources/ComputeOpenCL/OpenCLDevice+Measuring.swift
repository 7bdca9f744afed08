import Compute

/// What tools ask of a device.
extension OpenCLDevice {
  /// What compiling has cost so far; of first launches since ``timeFirstLaunches()``.
  package var compileTimes: CompileTimes { kernels.compileTimes }
  package func timeFirstLaunches() { kernels.timeFirstLaunches() }

  /// What the driver's clock says of the launches of some work; nil where the device was not opened to profile.
  package func profiled(_ work: () throws -> Void) throws -> EventTimes? {
    guard profiles else { return nil }
    try finish()
    kernels.beginEvents()
    do { try work() } catch {
      _ = try? kernels.endEvents()
      throw error
    }
    try finish()
    return try kernels.endEvents()
  }

  /// The launches of some work, in their order.
  ///
  /// - isDry: whether they are only noted: results are then undefined
  package func launches(isDry: Bool = false, of work: () throws -> Void) throws -> [LaunchRecord] {
    try finish()
    kernels.beginLog(isDry: isDry)
    do { try work() } catch {
      _ = kernels.endLog()
      throw error
    }
    try finish()
    return kernels.endLog()
  }

  /// Floats of a vector in the kernels (VW).
  package var kernelVectorWidth: Int { tiling.vectorWidth }

  /// What the driver says of every kernel of every file, by name; all are compiled.
  package func kernelResources() throws -> [String: KernelResources] {
    var found: [String: KernelResources] = [:]
    for file in KernelSources.names where file != "prelude" {
      for name in try sources.kernels(of: file) {
        do { found[name] = try kernels.resources(of: name) } catch {
          // A kernel of the other shape.
          guard case .call("clCreateKernel", -46, _, _) = error else { throw error }
        }
      }
    }
    return found
  }
}

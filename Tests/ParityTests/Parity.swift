import ComputeOpenCL
import Foundation
import TestSupport
import Testing

let hasOpenCL = !TestDevice.openCL.isEmpty

func parity(_ arguments: String..., environment: [String: String?] = [:]) throws -> ProgramRun.Outcome {
  try ProgramRun("parity", arguments, environment: environment).wait()
}

/// A copy of the kernels with one place changed.
func withKernels<T>(
  _ file: String, _ text: String, _ replacement: String, _ body: (String) throws -> T
) throws -> T {
  try withTemporaryFolder { folder in
    let kernels = folder.appendingPathComponent("kernels")
    try KernelFolder.write(to: kernels)
    let url = kernels.appendingPathComponent("\(file).cl")
    let source = try String(contentsOf: url, encoding: .utf8)
    #expect(source.contains(text), "\(file).cl no longer has '\(text)'")
    try source.replacingOccurrences(of: text, with: replacement).write(to: url, atomically: true, encoding: .utf8)
    return try body(kernels.path)
  }
}

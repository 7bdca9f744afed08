import Foundation
import TestSupport
import Testing

@Suite("parity under failing drivers", .enabled(if: hasOpenCL, "no OpenCL device: install pocl-opencl-icd"))
struct FaultCommandTests {
  @Test func failingCallsEndInErrorsOrTheFallback() throws {
    let outcome = try parity("faults", "--quick", "--functions", "clCreateContext,clCreateKernel", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains(" passed, 0 failed, "))
    let row = try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix("clCreateContext") })
    #expect(row.split(separator: " ").dropFirst().map(String.init) == ["0", "1", "1", "0"])
  }
}

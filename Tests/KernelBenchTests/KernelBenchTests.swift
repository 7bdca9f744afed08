import Foundation
import TestSupport
import Testing

/// Runs the program to its end.
func kernelBench(_ arguments: String..., environment: [String: String?] = [:]) throws -> ProgramRun.Outcome {
  try ProgramRun("kernel-bench", arguments, environment: environment).wait(seconds: 120)
}

@Suite("kernel-bench")
struct KernelBenchTests {
  @Test func roofsAreWrittenAsJSON() throws {
    let outcome = try kernelBench("roof", "--device", "cpu", "--samples", "1", "--json", "-", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let document = try outcome.json()
    #expect(document["schema"] as? String == "kernel-bench/1")
    let roofs = try #require(document["roofs"] as? [[String: Any]])
    #expect(roofs.map { $0["variant"] as? String } == ["blas"])
    #expect(try #require(roofs[0]["fma_gflops"] as? Double) > 0)
    #expect(try #require(roofs[0]["copy_gbs"] as? [[String: Any]]).count > 5)
  }

  @Test func withoutOpenCLTheCPUPathIsMeasuredAndAnnounced() throws {
    let none = ["OCL_ICD_VENDORS": "/nonexistent", "OCL_ICD_FILENAMES": nil] as [String: String?]
    let outcome = try kernelBench("roof", "--samples", "1", environment: none)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors.contains("Only the CPU path is measured"))
    #expect(outcome.output.hasSuffix("1 passed, 0 failed, 1 skipped\n"))
    #expect(try kernelBench("roof", "--device", "opencl", environment: none).status == 3)
  }

  @Test(arguments: [["roof", "--device", "nonsense"], ["roof", "--samples", "0"], ["nonsense"]])
  func wrongUse(arguments: [String]) throws {
    #expect(try ProgramRun("kernel-bench", arguments).wait(seconds: 60).status == 2)
  }
}

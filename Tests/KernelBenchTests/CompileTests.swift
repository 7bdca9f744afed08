import Foundation
import TestSupport
import Testing

@Suite("kernel-bench compile")
struct CompileTests {
  /// Each cache is slower than nothing at all only where it is not used.
  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func cachesSaveTime() throws {
    let outcome = try kernelBench("compile", "--ops", "affine", "--variant", "cpu", "--json", "-", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let programs = try #require(try outcome.json()["programs"] as? [[String: Any]])
    let program = try #require(programs.first)
    #expect(programs.count == 1 && program["file"] as? String == "elementwise")
    let costs = try #require(program["costs"] as? [String: [String: Any]])
    let total = costs.mapValues { ($0["build_ms"] as? Double ?? 0) + ($0["first_launches_ms"] as? Double ?? 0) }
    let nothing = try #require(total["nothing"])
    #expect(try #require(total["driver"]) < nothing)
    // Left out on platforms whose programs are not stored.
    if let own = total["own"] { #expect(own < nothing) }
    let kernels = try #require(costs["nothing"]?["kernels"] as? [[String: Any]])
    #expect(Set(kernels.compactMap { $0["kernel"] as? String }) == ["elementwise_affine"])
  }

  @Test func withoutOpenCLNothingIsCompiled() throws {
    let none = ["OCL_ICD_VENDORS": "/nonexistent", "OCL_ICD_FILENAMES": nil] as [String: String?]
    for command in ["compile", "count"] {
      let outcome = try kernelBench(command, environment: none)
      #expect(outcome.status == 0 && outcome.output.hasSuffix("0 passed, 0 failed, 1 skipped\n"), "\(outcome.errors)")
      #expect(try kernelBench(command, "--device", "opencl", environment: none).status == 3)
    }
  }
}

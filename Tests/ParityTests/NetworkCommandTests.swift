import Foundation
import TestSupport
import Testing

@Suite("parity network", .enabled(if: hasOpenCL, "no OpenCL device: install pocl-opencl-icd"))
struct NetworkCommandTests {
  private func network(_ weights: URL, environment: [String: String?] = [:]) throws -> ProgramRun.Outcome {
    try RandomNetwork.encoded().write(to: weights)
    return try parity("network", "--weights", weights.path, "--size", "64", "--quiet", environment: environment)
  }

  @Test func everyLayerAgrees() throws {
    try withTemporaryFolder { folder in
      let outcome = try network(folder.appendingPathComponent("weights.safetensors"))
      #expect(outcome.status == 0, "\(outcome.errors)")
      // Stem, 16 blocks, head and logits, on the kernels of both shapes.
      #expect(outcome.output.contains("38 passed, 0 failed, 0 skipped"))
    }
  }

  @Test func theFirstDivergentLayerIsNamed() throws {
    let text = "fma(picture[((ulong)row * width + col) * channels]"
    try withKernels("depthwise", text, "fma(1.001f * picture[((ulong)row * width + col) * channels]") { kernels in
      try withTemporaryFolder { folder in
        let outcome = try network(
          folder.appendingPathComponent("weights.safetensors"), environment: ["FLAWLESS_KERNELS": kernels])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("gpu: the first divergent layer is block0"))
        #expect(!outcome.output.contains("cpu: the first divergent layer"))
      }
    }
  }
}

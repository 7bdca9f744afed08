import Foundation
import TestSupport
import Testing

/// Faults planted in copies of the kernels: each must be reported as what it is.
@Suite("parity finds planted faults", .enabled(if: hasOpenCL, "no OpenCL device: install pocl-opencl-icd"))
struct PlantedFaultTests {
  private func run(_ kernels: String, _ ops: String, _ more: String...) throws -> ProgramRun.Outcome {
    try ProgramRun(
      "parity", ["run", "--device", "opencl", "--ops", ops, "--tiny", "--kernel-dir", kernels, "--quiet"] + more
    ).wait()
  }

  @Test func aWrongResultHasItsPatternAndReplay() throws {
    try withKernels("elementwise", "EACH(scale * OF(x) + shift)", "EACH(scale * OF(x) - shift)") { kernels in
      let outcome = try run(kernels, "affine,clamp")
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("7 of 7 wrong"))
      #expect(outcome.errors.contains("replay: parity replay 'op=affine n=7 data=normal' --variant cpu --seed 42"))
      #expect(outcome.output.contains("46 passed, 42 failed, 0 skipped"))
    }
  }

  @Test func aWriteBehindAnOutputHitsTheGuard() throws {
    try withKernels("elementwise", "EACH((wide)value);", "EACH((wide)value); y[n] = value;") { kernels in
      let outcome = try run(kernels, "fill")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("wrote outside of its outputs"))
    }
  }

  @Test func aWriteBeforeAnOutputHitsTheGuard() throws {
    try withKernels("elementwise", "EACH((wide)value);", "EACH((wide)value); if (first == 0) y[-1] = 0;") {
      let outcome = try run($0, "fill")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("wrote outside of its outputs"))
    }
  }

  @Test func aWrongAdjointIsFoundAndReplayed() throws {
    try withKernels("pooling", "return maximum ? result :", "return maximum ? result : 1.01f *") { kernels in
      let outcome = try parity(
        "grad", "--device", "opencl", "--variant", "cpu", "--ops", "pool", "--kernel-dir", kernels, "--fail-fast",
        "--quiet")
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.output.contains("0 passed, 1 failed, 0 skipped"))
      let line = try #require(outcome.errors.split(separator: "\n").first { $0.contains("replay: parity ") })
      #expect(line.hasSuffix(" --variant cpu --seed 42 --check adjoint --kernel-dir \(kernels)"))
      let text = try #require(line.split(separator: "'").dropFirst().first.map(String.init))
      let again = ["replay", text, "--device", "opencl", "--variant", "cpu", "--check", "adjoint"]
      #expect(try ProgramRun("parity", again + ["--kernel-dir", kernels]).wait().status == 1)
      #expect(try ProgramRun("parity", again).wait().status == 0)
    }
  }

  @Test func aGroupThatNeedsAnEarlierOneIsFound() throws {
    let text = "float offset = largest + log(tree[0]), factor = 1.0f / tree[0];"
    try withKernels("softmax", text, text + " if (get_group_id(0) > 0) factor += 0.0f * y[-1];") { kernels in
      let outcome = try parity(
        "matrix", "--small", "--ops", "softmax", "--variant", "gpu", "--kernel-dir", kernels, "--quiet",
        environment: ["POCL_MAX_PTHREAD_COUNT": "1"])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("FAILED under reversed groups: op=softmax rows=4 columns=65 log=0"))
      #expect(!outcome.errors.contains("FAILED under default"))
    }
  }

  @Test func anEndlessKernelIsATimeoutAndTheOthersRun() throws {
    try withKernels("elementwise", "EACH((wide)value);", "while (n) y[0] = value;") { kernels in
      let outcome = try run(kernels, "fill,clamp", "--timeout", "15", "--shapes", "n=7", "--variant", "cpu")
      #expect(outcome.status == 4, "\(outcome.errors)")
      #expect(outcome.errors.contains("timeout: nothing came back within 15 s"))
      #expect(outcome.output.contains("5 passed, 1 failed, 0 skipped"))
    }
  }

  @Test func aWriteFarOutOfBoundsIsACrashAndTheOthersRun() throws {
    try withKernels("elementwise", "EACH((wide)value);", "y[(long)first + (1L << 44)] = value;") { kernels in
      let outcome = try run(kernels, "fill,clamp", "--shapes", "n=7", "--variant", "cpu")
      #expect(outcome.status == 4, "\(outcome.errors)")
      #expect(outcome.errors.contains("crash: the process"))
      #expect(outcome.output.contains("5 passed, 1 failed, 0 skipped"))
    }
  }

  @Test func aKernelThatDoesNotCompileIsNamed() throws {
    try withKernels("elementwise", "EACH((wide)value);", "y[first] = valeu;") { kernels in
      let outcome = try run(kernels, "fill", "--shapes", "n=7", "--variant", "cpu")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("valeu"))
      #expect(outcome.errors.contains("elementwise.cl"))
    }
  }

  @Test func failingCasesAreShrunk() throws {
    // Wrong in the fifth channel, where it is not in a vector.
    try withKernels("pooling", "target[c] = pooled(", "target[c] = c == 4 ? 1000 : pooled(") { kernels in
      let outcome = try ProgramRun(
        "parity",
        [
          "fuzz", "--cases", "30", "--device", "opencl", "--variant", "cpu", "--ops", "pool", "--kernel-dir", kernels,
          "--quiet",
        ]
      ).wait()
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("shrunk: parity replay 'op=pool"))
      #expect(outcome.errors.contains(" c=5 "))
    }
  }
}

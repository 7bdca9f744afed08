import ComputeOpenCL
import Foundation
import TestSupport
import Testing

private let hasOpenCL = !TestDevice.openCL.isEmpty

private func parity(_ arguments: String..., environment: [String: String?] = [:]) throws -> ProgramRun.Outcome {
  try ProgramRun("parity", arguments, environment: environment).wait()
}

/// A copy of the kernels with one place changed.
private func withKernels<T>(
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

@Suite("parity")
struct ParityTests {
  @Test func aRunEndsWithItsCounts() throws {
    let outcome = try parity("run", "--device", "cpu", "--ops", "pool,clamp", "--tiny", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.split(separator: "\n").last == "62 passed, 0 failed, 0 skipped")
    #expect(outcome.errors.isEmpty)
  }

  @Test func withoutOpenCLTheCPUPathIsTested() throws {
    let outcome = try parity(
      "run", "--ops", "clamp", "--tiny",
      environment: ["OCL_ICD_VENDORS": "/nonexistent", "OPENCL_VENDOR_PATH": "/nonexistent"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("skipped: OpenCL: "))
    #expect(outcome.errors.contains("Only the CPU path is tested: "))
    let named = try parity(
      "run", "--ops", "clamp", "--tiny", "--device", "opencl",
      environment: ["OCL_ICD_VENDORS": "/nonexistent", "OPENCL_VENDOR_PATH": "/nonexistent"])
    #expect(named.status == 3)
    #expect(named.errors.contains("no OpenCL platform is installed"))
  }

  @Test(arguments: [
    (["run", "--ops", "fly"], "No operation is called 'fly'"),
    (["run", "--data", "moss"], "'moss' is no kind of data"),
    (["run", "--device", "abacus"], "'abacus' is no device"), (["fuzz", "--time", "soon"], "'soon' is no time"),
    (["run", "--timeout", "0"], "--timeout must be positive"),
    (["run", "--kernel-dir", "/nonexistent"], "no prelude.cl"),
    (["replay", "op=fill n=1", "--variant", "vast"], "There is no variant 'vast'"),
    (["run", "--offset", "0,x"], "'0,x' is no list of offsets"),
    (["nan", "--data", "normal"], "parity nan takes --data poison or infinite"),
    (["matrix", "--no-isolate"], "--no-isolate does not go with parity matrix"),
    (["fuzz", "--shapes", "n=1"], "Unknown option '--shapes'"),
    (["race", "--variant", "blas"], "no shape of the kernels"),
    (["list", "--timeout", "0"], "--timeout must be positive"),
  ])
  func wrongUseIsNamed(_ arguments: [String], _ words: String) throws {
    let outcome = try ProgramRun("parity", arguments).wait()
    #expect(outcome.status == 2, "\(outcome.errors)")
    #expect(outcome.errors.contains(words))
  }

  /// Nothing tested is not passed.
  @Test func anEmptyRunFails() throws {
    let outcome = try parity("run", "--device", "cpu", "--ops", "fill", "--data", "poison")
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("nothing was tested"))
  }

  @Test func reportsAreWritten() throws {
    try withTemporaryFolder { folder in
      let path = { (name: String) in folder.appendingPathComponent(name).path }
      let outcome = try parity(
        "run", "--device", "cpu", "--ops", "fill", "--tiny", "--json", path("a.json"), "--junit", path("a.xml"), "--md",
        path("a.md"), "--update-baseline", path("errors.json"), "--quiet")
      #expect(outcome.status == 0, "\(outcome.errors)")
      let json = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("a.json"))) as? [String: Any])
      #expect(json["schema"] as? String == "parity/1")
      let cases = try #require(json["cases"] as? [[String: Any]])
      #expect(cases.count == 4)
      #expect(cases[0]["status"] as? String == "passed")
      #expect(try String(contentsOfFile: path("a.xml"), encoding: .utf8).contains("tests=\"4\" failures=\"0\""))
      #expect(try String(contentsOfFile: path("a.md"), encoding: .utf8).contains("| fill | blas | 4 | ok |"))
    }
  }

  @Test func errorsThatGrowAreReported() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("errors.json").path
      try Data("{\"blas affine n=257\": 0.01}".utf8).write(to: URL(fileURLWithPath: path))
      let outcome = try parity("run", "--device", "cpu", "--ops", "affine", "--baseline", path)
      #expect(outcome.status == 0)
      #expect(outcome.errors.contains("error regression: blas affine n=257 grew from 0.01 to "))
    }
  }

  @Test func oneCaseIsReplayedAndDumped() throws {
    try withTemporaryFolder { folder in
      let dump = folder.appendingPathComponent("case").path
      let outcome = try parity(
        "replay", "op=pool h=3 w=3 c=1 k=2 s=1 kind=max data=index", "--device", "cpu", "--dump", dump)
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(
        try String(contentsOfFile: "\(dump)/y.blas.txt", encoding: .utf8) == "# y [1, 2, 2, 1]\n4.0\n5.0\n7.0\n8.0\n")
    }
  }

  @Test func fuzzingRunsTheNumberOfCasesAskedFor() throws {
    let arguments = ["fuzz", "--cases", "40", "--device", "cpu", "--ops", "copy,permute,pool", "--quiet"]
    let first = try ProgramRun("parity", arguments).wait()
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output.contains("40 passed, 0 failed, 0 skipped"))
  }

  @Test func adjointsAreChecked() throws {
    let outcome = try parity("grad", "--device", "cpu", "--ops", "permute,resample", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("50 passed, 0 failed, 0 skipped"))
  }
}

/// Faults planted in copies of the kernels: each must be reported as what it is.
@Suite("parity finds planted faults", .enabled(if: hasOpenCL, "no OpenCL device: install pocl-opencl-icd"))
struct PlantedFaultTests {
  private func run(_ kernels: String, _ ops: String, _ more: String...) throws -> ProgramRun.Outcome {
    try ProgramRun(
      "parity", ["run", "--device", "opencl", "--ops", ops, "--tiny", "--kernel-dir", kernels, "--quiet"] + more
    ).wait()
  }

  @Test func aWrongResultHasItsPatternAndReplay() throws {
    try withKernels("elementwise", "y[i] = scale * x[i] + shift", "y[i] = scale * x[i] - shift") { kernels in
      let outcome = try run(kernels, "affine,clamp")
      #expect(outcome.status == 1, "\(outcome.errors)")
      #expect(outcome.errors.contains("7 of 7 wrong"))
      #expect(outcome.errors.contains("replay: parity replay 'op=affine n=7 data=normal' --variant cpu --seed 42"))
      #expect(outcome.output.contains("52 passed, 36 failed, 0 skipped"))
    }
  }

  @Test func aWriteBehindAnOutputHitsTheGuard() throws {
    try withKernels("elementwise", "if (i < n) y[i] = value;", "if (i <= n) y[i] = value;") { kernels in
      let outcome = try run(kernels, "fill")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("wrote outside of its outputs"))
    }
  }

  @Test func aWriteBeforeAnOutputHitsTheGuard() throws {
    try withKernels("elementwise", "if (i < n) y[i] = value;", "if (i < n) y[i] = value; if (i == 0) y[-1] = 0;") {
      let outcome = try run($0, "fill")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("wrote outside of its outputs"))
    }
  }

  @Test func aWrongAdjointIsFoundAndReplayed() throws {
    try withKernels("pooling", "y[i] = ", "y[i] = 1.01f * ") { kernels in
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

  @Test func anEndlessKernelIsATimeoutAndTheOthersRun() throws {
    try withKernels("elementwise", "if (i < n) y[i] = value;", "while (n) y[0] = value;") { kernels in
      let outcome = try run(kernels, "fill,clamp", "--timeout", "15", "--shapes", "n=7", "--variant", "cpu")
      #expect(outcome.status == 4, "\(outcome.errors)")
      #expect(outcome.errors.contains("timeout: nothing came back within 15 s"))
      #expect(outcome.output.contains("5 passed, 1 failed, 0 skipped"))
    }
  }

  @Test func aWriteFarOutOfBoundsIsACrashAndTheOthersRun() throws {
    try withKernels("elementwise", "if (i < n) y[i] = value;", "y[(long)i + (1L << 44)] = value;") { kernels in
      let outcome = try run(kernels, "fill,clamp", "--shapes", "n=7", "--variant", "cpu")
      #expect(outcome.status == 4, "\(outcome.errors)")
      #expect(outcome.errors.contains("crash: the process"))
      #expect(outcome.output.contains("5 passed, 1 failed, 0 skipped"))
    }
  }

  @Test func aKernelThatDoesNotCompileIsNamed() throws {
    try withKernels("elementwise", "if (i < n) y[i] = value;", "y[i] = valeu;") { kernels in
      let outcome = try run(kernels, "fill", "--shapes", "n=7", "--variant", "cpu")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("valeu"))
      #expect(outcome.errors.contains("elementwise.cl"))
    }
  }

  @Test func failingCasesAreShrunk() throws {
    // Wrong in the last column of odd widths only.
    try withKernels("pooling", "y[i] =", "if (i % channels == 4) y[i] = 1000; else y[i] =") { kernels in
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

@Suite("parity list", .enabled(if: hasOpenCL, "no OpenCL device: install pocl-opencl-icd"))
struct ListCommandTests {
  @Test func devicesAndOperationsAreListed() throws {
    let outcome = try parity("list")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("tree reduction        groups of 1, 64, 256"))
    #expect(!outcome.output.contains("wrong: "))
    #expect(outcome.output.contains("advanceCoreset"))
  }

  @Test func withoutOpenCLTheCPUPathIsListed() throws {
    let outcome = try parity(
      "list", environment: ["OCL_ICD_VENDORS": "/nonexistent", "OPENCL_VENDOR_PATH": "/nonexistent"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("OpenCL: "))
    #expect(outcome.output.contains("verdict               ok"))
  }

  /// One fault of a driver each, and the finding that names it.
  @Test(arguments: [
    ("tree[item] += tree[item + step]", "tree[item] -= tree[item + step]", "tree reduction"),
    ("y[n + i] = (int)(wide >> 32)", "y[n + i] = (int)(wide >> 31)", "integers"),
    ("float4 v = vload4(0, x + 5 * i + 1);", "float4 v = vload4(0, x + 4 * (5 * i / 4));", "unaligned vectors"),
    ("y[3 * n + i] = erf(v);", "y[3 * n + i] = erf(v) * 1.00001f;", "functions"),
    ("y[0] = !(nan == nan);", "y[0] = 0;", "NaN and infinity"),
    (
      "y[0] = x[(ulong)thousands * 1024];", "y[0] = x[((uint)thousands * 4096u & 0x7FFFFFFFu) / 4];",
      "offsets beyond 2 GiB"
    ),
  ])
  func aBrokenDriverIsNamed(_ text: String, _ replacement: String, _ finding: String) throws {
    try withKernels("probe", text, replacement) { kernels in
      let outcome = try parity("list", environment: ["FLAWLESS_KERNELS": kernels])
      #expect(outcome.output.contains("broken: \(finding): "), "\(outcome.output)")
    }
  }

  @Test func aHangingDriverIsLeft() throws {
    try withKernels("probe", "for (int step = get_local_size(0) / 2; step; step /= 2)", "for (int step = 1; step;)") {
      let outcome = try parity("list", "--timeout", "10", environment: ["FLAWLESS_KERNELS": $0])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("broken: process: nothing came within 10 s after 'NaN and infinity'"))
    }
  }
}

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

@Suite("parity mutate", .enabled(if: hasOpenCL, "no OpenCL device: install pocl-opencl-icd"))
struct MutateCommandTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  @Test func brokenKernelsAreKilled() throws {
    let outcome = try parity(
      "mutate", "--kernels", "reduction_position", "--count", "3", "--loops", "\(root)/Sources/CLoops", "--justified",
      "\(root)/Tools/parity/equivalent-mutants.txt", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("3 passed, 0 failed, 0 skipped"))
  }

  @Test func mutantsAreListedByTheirLine() throws {
    let outcome = try parity("mutate", "--list", "--kernels", "filtering_pass", "--loops", "\(root)/Sources/CLoops")
    #expect(outcome.output.contains("filtering.cl:"))
    #expect(outcome.output.contains("filtering_pass: if (i >= n) return; -> if (i > n) return;"))
  }
}

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
    try withKernels("convolution", text, "fma(1.001f * picture[((ulong)row * width + col) * channels]") { kernels in
      try withTemporaryFolder { folder in
        let outcome = try network(
          folder.appendingPathComponent("weights.safetensors"), environment: ["FLAWLESS_KERNELS": kernels])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("gpu: the first divergent layer is block 0"))
        #expect(!outcome.output.contains("cpu: the first divergent layer"))
      }
    }
  }
}

import ComputeOpenCL
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

  @Test func everyShapeOfTheTableIsACase() throws {
    let outcome = try kernelBench("run", "--list")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.split(separator: "\n").count > 30)
  }

  @Test func casesAreVerifiedAndTimed() throws {
    let outcome = try kernelBench(
      "run", "--ops", "multiply", "--shapes", "m=33 n=17 k=64", "--samples", "3", "--min-time", "0", "--block-ms", "1",
      "--json", "-", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let cases = try #require(try outcome.json()["cases"] as? [[String: Any]])
    #expect(!cases.isEmpty)
    for record in cases {
      #expect((record["verified"] as? [String: Any])?["against"] as? String == "float64")
      #expect((record["samples_ns"] as? [Double])?.count == 3)
      let model = try #require(record["model"] as? [String: Any])
      #expect(model["flops"] as? Int == 2 * 33 * 17 * 64)
      #expect(model["bytes"] as? Int == 4 * (33 * 64 + 64 * 17 + 33 * 17))
      #expect(try #require(record["pct_roof"] as? Double) > 0)
    }
  }

  /// A kernel that computes something else is not timed, and the run fails.
  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func wrongResultsAreNotTimed() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kernel-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try KernelFolder.write(to: folder)
    let file = folder.appendingPathComponent("softmax.cl")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains("exp("))
    try text.replacingOccurrences(of: "exp(", with: "1.5f * exp(0.5f * ").write(
      to: file, atomically: true, encoding: .utf8)
    let outcome = try kernelBench(
      "run", "--ops", "softmax", "--shapes", "rows=9 columns=31", "--device", "opencl", "--kernel-dir", folder.path,
      "--json", "-", "--quiet")
    #expect(outcome.status == 1, "\(outcome.errors)")
    let cases = try #require(try outcome.json()["cases"] as? [[String: Any]])
    #expect(cases.map { $0["status"] as? String } == ["wrong"])
    #expect((cases.first?["samples_ns"] as? [Double])?.isEmpty == true)
  }

  /// A variant is as fast as itself, or the machine is too noisy to say so; slower it is never.
  @Test func aVariantIsNotSlowerThanItself() throws {
    let outcome = try kernelBench(
      "ab", "--a", "variant=blas", "--b", "variant=blas", "--device", "cpu", "--ops", "multiply", "--shapes",
      "m=64 n=64 k=64", "--pairs", "15", "--block-ms", "1", "--json", "-", "--quiet")
    #expect([0, 6].contains(outcome.status), "\(outcome.output) \(outcome.errors)")
    #expect(try #require(try outcome.json()["pairs"] as? [[String: Any]]).count == 1)
  }

  @Test func comparisonReadsWhatRunsWrite() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("run-\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    let run = try kernelBench(
      "run", "--device", "cpu", "--ops", "affine", "--shapes", "n=1000", "--samples", "2", "--min-time", "0",
      "--block-ms", "1", "--json", path, "--quiet")
    #expect(run.status == 0, "\(run.errors)")
    let outcome = try kernelBench("compare", path, path, "--fail-on", "slow")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.output.contains("SAME"))
    #expect(try kernelBench("compare", path, "/nonexistent.json").status == 1)
  }

  @Test func stepNamesEveryOperation() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("net-\(UUID().uuidString).safetensors")
      .path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try RandomNetwork.encoded().write(to: URL(fileURLWithPath: path))
    let outcome = try kernelBench(
      "step", "--weights", path, "--size", "64", "--device", "cpu", "--samples", "1", "--json", "-", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let steps = try #require(try outcome.json()["steps"] as? [[String: Any]])
    let layers = try #require(steps.first?["layers"] as? [[String: Any]])
    // The stem, an expansion but for the first block, a depthwise convolution and a projection of 16 blocks.
    #expect(layers.count { $0["op"] as? String == "convolve" } == 1 + 15 + 16 + 16)
    let stem = try #require(layers.first?["model"] as? [String: Any])
    #expect(stem["flops"] as? Int == 2 * 32 * 32 * 32 * 27)
  }

  @Test(arguments: ["cpu"] + (TestDevice.openCL.isEmpty ? [] : ["opencl"]))
  func stepRecordsATraining(_ device: String) throws {
    let outcome = try kernelBench(
      "step", "--training", "resnet18", "--batch", "2", "--size", "32", "--device", device, "--samples", "1", "--json",
      "-", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let document = try outcome.json()
    #expect(document["network"] as? String == "resnet18" && document["is_training"] as? Bool == true)
    let steps = try #require(document["steps"] as? [[String: Any]])
    let layers = try #require(steps.first?["layers"] as? [[String: Any]])
    func count(_ operation: String) -> Int { layers.count { $0["op"] as? String == operation } }
    // Every convolution but the first carries its gradient to its input, those with strides in up to four parts.
    #expect(count("convolveBackwardWeights") == 20 && count("normalize") == 20 && count("normalizeBackward") == 20)
    #expect(count("convolve") >= 20 + 19 && count("poolBackward") == 2 && count("descend") == 1)
    #expect(layers.allSatisfy { ($0["pct_roof"] as? Double ?? .nan).isFinite })
  }

  /// Local memory that a kernel did not need before is a finding.
  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func changedResourcesAreFound() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kernel-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try KernelFolder.write(to: folder)
    let record = folder.appendingPathComponent("record.json").path
    let first = try kernelBench("static", "--variant", "gpu", "--update-baseline", record)
    #expect(first.status == 0, "\(first.errors)")
    let same = try kernelBench("static", "--variant", "gpu", "--baseline", record)
    #expect(same.status == 0 && same.output.contains(", 0 failed, 0 skipped"), "\(same.output)")
    let file = folder.appendingPathComponent("probe.cl")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(text.contains("tree[256]"))
    try text.replacingOccurrences(of: "tree[256]", with: "tree[512]").write(
      to: file, atomically: true, encoding: .utf8)
    let changed = try kernelBench("static", "--variant", "gpu", "--baseline", record, "--kernel-dir", folder.path)
    #expect(changed.status == 1 && changed.output.contains("probe_tree on gpu: was"), "\(changed.output)")
  }
}

import ComputeOpenCL
import Foundation
import OpCatalogue
import TestSupport
import Testing
import ToolSupport

@testable import kernel_bench

@Suite("kernel-bench gate")
struct GateTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("gate-\(UUID().uuidString)")

  /// The built-in kernels with a text in one file replaced.
  private func kernels(_ file: String = "", _ old: String = "", _ new: String = "") throws -> String {
    try KernelFolder.write(to: folder)
    guard !file.isEmpty else { return folder.path }
    let url = folder.appendingPathComponent(file)
    let text = try String(contentsOf: url, encoding: .utf8)
    #expect(text.contains(old))
    try text.replacingOccurrences(of: old, with: new).write(to: url, atomically: true, encoding: .utf8)
    return folder.path
  }

  @Test func everyFileOfKernelsHasItsOperations() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: kernels()).map { String($0.dropLast(3)) }
    try FileManager.default.removeItem(at: folder)
    #expect(Set(KernelChanges.operations.keys) == Set(files).subtracting(["prelude"]))
    let named = KernelChanges.operations.values.reduce(into: Set()) { $0.formUnion($1) }
    #expect(named == Set(OpCatalogue.operations.map(\.name)))
  }

  @Test(arguments: [
    ("softmax.cl", ["softmax", "softmaxBackward"]), ("convolution.cl", ["multiply", "convolve"]), ("probe.cl", []),
    ("prelude.cl", OpCatalogue.operations.map(\.name)),
  ])
  func changedFilesNameTheirOperations(file: String, operations: [String]) throws {
    let base = try kernels()
    defer { try? FileManager.default.removeItem(at: folder) }
    let head = folder.appendingPathComponent("head")
    try KernelFolder.write(to: head)
    #expect(try KernelChanges(from: base, to: head.path).files.isEmpty)
    try "// other".write(to: head.appendingPathComponent(file), atomically: true, encoding: .utf8)
    let changes = try KernelChanges(from: base, to: head.path)
    #expect(changes.affected(OpCatalogue.operations).map(\.name) == operations)
  }

  private func pairs(_ verdicts: [String]) -> GateCheck {
    GateCheck.pairs(verdicts.map { PairedRecord(id: "a", verdict: $0) }, strict: false)
  }

  @Test(
    arguments: [
      (["same", "faster", "ambiguous"], 0), (["same", "slower"], 1), (["wrong"], 1), (["failed", "too noisy"], 1),
      (["same", "too noisy"], 6), ([], 0),
    ] as [([String], Int32)])
  func verdictsBecomeExitCodes(verdicts: [String], code: Int32) {
    #expect(GateCheck.status([pairs(verdicts)]).rawValue == code)
    #expect(GateCheck.status([pairs(["slower"]), pairs(verdicts)]).rawValue == 1)
  }

  @Test func moreInstructionsAndMoreMemoryAreFindings() {
    func result(_ kernels: [String: Int]) -> InstructionCounter.Result {
      InstructionCounter.Result(key: "", kernels: kernels)
    }
    let base = result(["a": 1000, "b": 1000])
    let fewer = GateCheck.counts(base, result(["a": 900, "b": 1000]), tolerance: 0.001)
    #expect(fewer.verdict == .fine && fewer.notes.count == 1)
    let more = GateCheck.counts(base, result(["a": 1100, "b": 900]), tolerance: 0.001)
    #expect(more.verdict == .changed && more.findings.count == 1 && more.notes.count == 1)
    func resources(_ privateBytes: Int, _ group: Int) -> [String: KernelResources] {
      ["a": KernelResources(privateBytes: privateBytes, localBytes: 0, groupLimit: group, preferredMultiple: 1)]
    }
    #expect(GateCheck.resources(resources(8, 64), resources(8, 64)).verdict == .fine)
    #expect(GateCheck.resources(resources(8, 64), resources(0, 128)).verdict == .fine)
    #expect(GateCheck.resources(resources(8, 64), resources(16, 64)).verdict == .changed)
    #expect(GateCheck.resources(resources(8, 64), resources(8, 32)).verdict == .changed)
  }

  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func theSameKernelsPassAndAWrongOneFails() throws {
    let base = try kernels()
    defer { try? FileManager.default.removeItem(at: folder) }
    let same = try kernelBench("gate", "--base", base)
    #expect(same.status == 0 && same.errors.contains("changed: nothing"), "\(same.output) \(same.errors)")
    // The base computes something else: times of different results are not compared.
    _ = try kernels("softmax.cl", "exp(", "1.5f * exp(0.5f * ")
    let wrong = try kernelBench(
      "gate", "--base", base, "--skip", "count", "--skip", "static", "--shapes", "rows=9 columns=31", "--variant", "cpu"
    )
    #expect(wrong.status == 1 && wrong.output.contains("ab: changed"), "\(wrong.output) \(wrong.errors)")
    #expect(wrong.errors.contains("changed: softmax"))
    #expect(try kernelBench("gate", "--base", "/nonexistent").status == 1)
  }
}

import Foundation
import TestSupport
import Testing

@testable import kernel_bench

@Suite("kernel-bench count")
struct CountTests {
  /// A function's own lines and those of its calls add up; names are written once.
  @Test func callgrindFilesAreRead() {
    let text = """
      # callgrind format
      positions: line
      events: Ir
      summary: 157

      fn=(1) _pocl_kernel_a_workgroup
      0 100
      +2 7
      cob=(3)
      cfn=(2) helper
      calls=8 0
      * 50

      fn=(2)
      0 50
      fn=(1)
      -2 3
      totals: 157
      """
    #expect(Callgrind.counts(in: text) == ["_pocl_kernel_a_workgroup": 160, "helper": 50])
  }

  @Test func sectionsAreHidden() throws {
    var bytes = Data([0x7F, 0x45, 0x4C, 0x46, 2] + [UInt8](repeating: 0xAA, count: 95))
    try Callgrind.hideSections(&bytes)
    #expect(bytes.count == 100)
    #expect(bytes.indices.filter { bytes[$0] == 0 } == Array(0x28..<0x30) + Array(0x3C..<0x40))
    var text = Data("#!/bin/sh\n".utf8) + Data(count: 100)
    #expect(throws: (any Error).self) { try Callgrind.hideSections(&text) }
  }

  @Test func changesBeyondTheToleranceAreFound() {
    let changes = InstructionCounts.changes(
      from: ["a": 100_000, "b": 100_000, "c": 100_000, "d": 1], to: ["a": 100_100, "b": 100_101, "c": 99_000, "e": 1],
      tolerance: 0.001)
    #expect(changes.map(\.kernel) == ["a", "b", "c", "d", "e"])
    #expect(changes.map(\.verdict) == [.same, .more, .fewer, .gone, .added])
  }

  /// The same tree gives the same digits; narrower vectors do not; another target has no baseline.
  @Test(
    .enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"),
    .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/valgrind"), "valgrind is not installed"))
  func countsRepeatAndVectorWidthsShow() throws {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("counts-\(UUID().uuidString).json").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    func count(_ arguments: String...) throws -> ProgramRun.Outcome {
      try ProgramRun("kernel-bench", ["count", "--ops", "pool", "--quiet"] + arguments).wait(seconds: 600)
    }
    let first = try count("--update-baseline", path)
    #expect(first.status == 0 && first.output.contains("pooling_forward"), "\(first.output) \(first.errors)")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let again = try count("--baseline", path, "--tolerance", "0")
    #expect(again.status == 0 && again.output.hasSuffix(" 0 failed, 0 skipped\n"), "\(again.output) \(again.errors)")
    let narrow = try count("--baseline", path, "--choice", "VW=4")
    #expect(narrow.status == 1 && narrow.output.contains("more"), "\(narrow.output) \(narrow.errors)")
    try text.replacingOccurrences(of: "LLVM", with: "XLVM").write(toFile: path, atomically: true, encoding: .utf8)
    let other = try count("--baseline", path)
    #expect(other.status == 0 && other.output.contains("skipped: no baseline of"), "\(other.output)")
  }
}

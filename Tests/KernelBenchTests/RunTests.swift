import ComputeOpenCL
import Foundation
import OpCatalogue
import TestSupport
import Testing

@testable import kernel_bench

@Suite("kernel-bench run")
struct RunTests {
  @Test func axesAreMultipliedOut() throws {
    let outcome = try kernelBench("run", "--ops", "multiply", "--axes", "m=64,256 n=2 k=1..8*2", "--list")
    let lines = outcome.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 8 && lines.first == "op=multiply m=64 n=2 k=1" && lines.last == "op=multiply m=256 n=2 k=8")
    let within = try kernelBench(
      "run", "--ops", "multiply", "--shapes", "m=1 n=1 k=1;m=2 n=2 k=2", "--axes", "k=1..9+4", "--list")
    #expect(
      within.output
        == [1, 5, 9, 1, 5, 9].enumerated().map { index, k in
          let size = index < 3 ? 1 : 2
          return "op=multiply m=\(size) n=\(size) k=\(k)\n"
        }.joined(), "\(within.output) \(within.errors)")
  }

  @Test(arguments: ["m", "k=8..1", "k=1..8*1", "k=1..8-1", "k=0..8*2", "k=1..99999999999999999999"])
  func wrongAxes(axes: String) throws {
    #expect(try kernelBench("run", "--ops", "multiply", "--axes", "m=1 n=1 \(axes)", "--list").status == 2)
  }

  @Test func coldAndHotAreTwoRecords() throws {
    let outcome = try kernelBench(
      "run", "--device", "cpu", "--ops", "affine", "--shapes", "n=1000", "--samples", "2", "--min-time", "0",
      "--block-ms", "1", "--both", "--json", "-", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let cases = try #require(try outcome.json()["cases"] as? [[String: Any]])
    #expect(cases.map { $0["temperature"] as? String } == ["hot", "cold"])
    #expect(cases.map { $0["id"] as? String } == ["affine n=1000 blas", "affine n=1000 blas cold"])
    #expect(cases.last?["block"] as? Int == 1)
    #expect(cases.allSatisfy { ($0["samples_ns"] as? [Double])?.count == 2 && $0["timer"] as? String == "wall" })
  }

  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func theDriversClockAndTheDeviceAreNamed() throws {
    let outcome = try kernelBench(
      "run", "--device", "opencl", "--variant", "cpu", "--ops", "multiply", "--shapes", "m=128 n=128 k=128",
      "--samples",
      "2", "--min-time", "0", "--block-ms", "1", "--timer", "event", "--json", "-", "--quiet")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let document = try outcome.json()
    let record = try #require((document["cases"] as? [[String: Any]])?.first)
    // A driver whose clock is wrong is read by the host's, and that is said.
    let isTrusted = record["timer"] as? String == "event"
    #expect(isTrusted != (record["message"] as? String ?? "").contains("the driver's clock is not to be trusted"))
    #expect(try #require(record["build_ms"] as? Double) > 0)
    let details = try #require((document["device_details"] as? [String: [String: Any]])?["cpu"])
    #expect(details["shape"] as? String == "cpu" && details["versions"] as? [String] != nil)
  }

  @Test(arguments: [
    (1.0, true, 1.0, true), (1.04, true, 1, true), (1.06, true, 1, false), (1, false, 1, false), (0, true, 1, false),
  ])
  func clocksThatCannotBeRightAreNotTrusted(seconds: Double, inOrder: Bool, host: Double, trusted: Bool) {
    #expect(EventTimes(seconds: seconds, isInOrder: inOrder).isTrusted(host: host) == trusted)
  }

  @Test func childrenGetTheOtherOptions() {
    let arguments = [
      "run", "--ops", "a,b", "--isolate", "--shapes=n=1", "--samples", "3", "--json", "-", "--timeout", "5", "--both",
    ]
    #expect(IsolatedCases.passedOn(arguments) == ["run", "--samples", "3", "--both"])
  }

  /// A kernel that never ends is one case's result; the others run.
  @Test(.enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
  func endlessKernelsTimeOut() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kernel-bench-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try KernelFolder.write(to: folder)
    let file = folder.appendingPathComponent("softmax.cl")
    let text = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(text.firstRange(of: #/kernel void softmax_rows\([^{]*\{/#))
    let endless = text[..<start.upperBound] + "volatile int on = 1; while (on);" + text[start.upperBound...]
    try String(endless).write(to: file, atomically: true, encoding: .utf8)
    let outcome = try kernelBench(
      "run", "--ops", "softmax,fill", "--shapes", "rows=8 columns=8 n=1000", "--isolate", "--timeout", "15",
      "--kernel-dir", folder.path, "--device", "opencl", "--variant", "cpu", "--samples", "2", "--min-time", "0",
      "--json", "-", "--quiet")
    #expect(outcome.status == 4, "\(outcome.errors)")
    let cases = try #require(try outcome.json()["cases"] as? [[String: Any]])
    #expect(cases.map { $0["op"] as? String } == ["fill", "softmax"])
    #expect(["ok", "unstable"].contains(cases.first?["status"] as? String))
    #expect(cases.last?["status"] as? String == "timeout")
  }
}

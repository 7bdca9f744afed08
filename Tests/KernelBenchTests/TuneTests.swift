import Compute
import ComputeOpenCL
import Foundation
import TestSupport
import Testing

@Suite("kernel-bench tune", .enabled(if: !TestDevice.openCL.isEmpty, "no OpenCL device: install pocl-opencl-icd"))
struct TuneTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tune-\(UUID().uuidString)")

  private func run(_ program: String, _ arguments: String...) throws -> ProgramRun.Outcome {
    try ProgramRun(program, arguments, environment: ["XDG_CACHE_HOME": folder.path]).wait(seconds: 300)
  }

  /// A candidate that computes something else is found, recorded, and not tried again.
  @Test func wrongCandidatesAreRecorded() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let kernels = folder.appendingPathComponent("kernels")
    try KernelFolder.write(to: kernels)
    let file = kernels.appendingPathComponent("attention.cl")
    let text = try String(contentsOf: file, encoding: .utf8)
    let right = "VSTORE(sum1[i] * scale, 1, p + i * KEYS + panel * PANEL);"
    #expect(text.contains(right))
    let wrong = "VSTORE(sum1[i] * (KEYS == 64 ? 0 : scale), 1, p + i * KEYS + panel * PANEL);"
    try text.replacingOccurrences(of: right, with: wrong).write(to: file, atomically: true, encoding: .utf8)
    let arguments = ["--ops", "attend", "--variant", "cpu", "--budget", "600s", "--kernel-dir", kernels.path]
    let outcome = try ProgramRun(
      "kernel-bench", ["tune", "--json", "-", "--quiet"] + arguments, environment: ["XDG_CACHE_HOME": folder.path]
    ).wait(seconds: 300)
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    let tried = try #require(try outcome.json()["tried"] as? [[String: Any]])
    let outcomes = Dictionary(
      tried.map { ($0["candidate"] as? String ?? "", $0["outcome"] as? String ?? "") }, uniquingKeysWith: { $1 })
    #expect(outcomes["KEYS=64"] == "wrong", "\(outcomes)")
    #expect(outcomes.values.count { $0 == "wrong" } == 1 && outcomes.count > 3, "\(outcomes)")
    let description = try #require(try OpenCL.devices().first)
    let tuning = try #require(
      Tuning.read(for: description.driver, in: folder.appendingPathComponent("flawless/tuning")))
    #expect(tuning.entries.filter { $0.verdict == .wrong }.map(\.parameters) == ["KEYS=64"])
  }

  /// The GPU shape has candidates, too: a wrong one is recorded, a right one timed.
  @Test func sizesOfTheGPUShapeAreTried() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let kernels = folder.appendingPathComponent("kernels")
    try KernelFolder.write(to: kernels)
    let file = kernels.appendingPathComponent("convolution.cl")
    let text = try String(contentsOf: file, encoding: .utf8)
    let right = "float value = values[j] * scale;"
    #expect(text.contains(right))
    try text.replacingOccurrences(of: right, with: "float value = values[j] * (STEP_DEPTH == 8 ? 0 : scale);")
      .write(to: file, atomically: true, encoding: .utf8)
    let outcome = try run(
      "kernel-bench", "tune", "--json", "-", "--quiet", "--ops", "multiply", "--variant", "gpu", "--budget", "1s",
      "--kernel-dir", kernels.path)
    #expect(outcome.status == 0, "\(outcome.output) \(outcome.errors)")
    let document = try outcome.json()
    let tried = try #require(document["tried"] as? [[String: Any]])
    let outcomes = Dictionary(
      tried.map { ($0["candidate"] as? String ?? "", $0["outcome"] as? String ?? "") }, uniquingKeysWith: { $1 })
    #expect(outcomes["STEP_DEPTH=8"] == "wrong", "\(outcomes)")
    let timed = tried.filter { $0["candidate"] as? String == "STEP_DEPTH=32" }
    #expect(timed.count == 1 && timed.allSatisfy { ($0["ratio"] as? Double ?? .nan) > 0 }, "\(tried)")
    #expect((document["files"] as? [String])?.count == 1, "\(document)")
  }

  /// Programs take what was chosen and say so, unless they are told not to.
  @Test func programsAnnounceTunedTiles() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let description = try #require(try OpenCL.devices().first { $0.traits.kind == .cpu }, "no OpenCL CPU device")
    var tuning = Tuning(device: description.traits.name, driver: description.driver)
    tuning.entries.append(
      Tuning.Entry(
        files: ["softmax"], shape: .cpu, choice: try #require(TilingChoice("KEYS=64")), verdict: .chosen, ratio: 0.9,
        source: try Tuning.sourceHash(["softmax"], folder: nil)))
    let place = folder.appendingPathComponent("flawless/tuning")
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    try tuning.encoded().write(to: Tuning.file(for: description.driver, in: place))
    let name = "opencl:\(description.platformIndex):\(description.deviceIndex)"
    let parity = ["run", "--ops", "fill", "--tiny", "--variant", "cpu", "--device", name]
    for (more, announced) in [([], true), (["--tuning", "off"], false)] as [([String], Bool)] {
      let outcome = try ProgramRun("parity", parity + more, environment: ["XDG_CACHE_HOME": folder.path]).wait()
      #expect(outcome.status == 0 && outcome.errors.contains("tiles KEYS=64") == announced, "\(outcome.errors)")
    }
    let bench = try run(
      "kernel-bench", "run", "--ops", "fill", "--shapes", "n=1000", "--samples", "1", "--min-time", "0", "--device",
      name, "--variant", "cpu")
    #expect(bench.status == 0 && bench.errors.contains("tiles KEYS=64"), "\(bench.errors)")
  }
}

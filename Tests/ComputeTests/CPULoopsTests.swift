import Compute
import ComputeCPU
import Foundation
import TestSupport
import Testing

/// Libraries are built from changed copies of `Sources/CLoops`; each is loaded in a process of its own.
@Suite("Other loops for the CPU path", .enabled(if: compiler != nil, "no clang or cc in PATH"))
struct CPULoopsTests {
  @Test func aChangedLibraryGivesOtherResults() async throws {
    try await withLibrary(replacing: "EACH(a[i] + b[i])", with: "EACH(a[i] - b[i])", in: "elementwise.c") { path in
      await #expect(processExitsWith: .success) { [path = path as String] in
        let device = CPUDevice()
        #expect(try sum(2, 3, on: device) == 5)
        try CPULoops.replace(with: path)
        #expect(try sum(2, 3, on: device) == -1)
        // The rest is as it was.
        #expect(try convolved(-2, .relu, on: device) == 0)
      }
    }
  }

  /// The convolution's loop calls the activation's: both must be the library's own.
  @Test func loopsOfALibraryCallEachOther() async throws {
    try await withLibrary(
      replacing: "case FL_SILU: EACH(x[i] *", with: "case FL_SILU: EACH(7 + x[i] *", in: "elementwise.c"
    ) { path in
      await #expect(processExitsWith: .success) { [path = path as String] in
        try CPULoops.replace(with: path)
        #expect(try convolved(0, .silu, on: CPUDevice()) == 7)
      }
    }
  }

  @Test func whatIsNoLibraryOfLoopsIsRefused() async throws {
    try await withLibrary(replacing: ".size = sizeof(fl_table)", with: ".size = 8", in: "table.c") { path in
      await #expect(processExitsWith: .success) { [path = path as String] in
        #expect(refusal(path).contains("another CLoops.h"))
        #expect(refusal("/nowhere/loops.so").contains("No such file"))
        #expect(refusal("libm.so.6").contains("no fl_loops"))
        let unchanged = try sum(2, 3, on: CPUDevice())
        #expect(unchanged == 5)
      }
    }
  }
}

private let compiler: String? = {
  let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  let paths = ["clang", "cc"].flatMap { name in folders.map { "\($0)/\(name)" } }
  return paths.first { FileManager.default.isExecutableFile(atPath: $0) }
}()

/// A library of the loops with one change, removed at the end.
private func withLibrary(
  replacing old: String, with new: String, in file: String, _ body: (String) async throws -> Void
) async throws {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawless-test-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: folder) }
  let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Sources/CLoops")
  try FileManager.default.copyItem(at: sources, to: folder)
  let changed = folder.appendingPathComponent(file)
  let text = try String(contentsOf: changed, encoding: .utf8)
  try #require(text.contains(old), "\(file) no longer has \(old)")
  try text.replacingOccurrences(of: old, with: new).write(to: changed, atomically: true, encoding: .utf8)

  let library = folder.appendingPathComponent("loops.so").path
  let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".c") }
  let process = Process()
  process.executableURL = try URL(fileURLWithPath: #require(compiler))
  process.currentDirectoryURL = folder
  process.arguments =
    ["-shared", "-fPIC", "-O1", "-ffp-contract=off", "-fno-math-errno", "-o", library] + names + ["-lm"]
  try process.run()
  process.waitUntilExit()
  try #require(process.terminationStatus == 0)
  try await body(library)
}

/// The reason why a library is not taken.
private func refusal(_ path: String) -> String {
  do { try CPULoops.replace(with: path) } catch DeviceError.unavailable("cpu", let reason) { return reason } catch {
    return "another error: \(error)"
  }
  return "no error"
}

private func sum(_ a: Float, _ b: Float, on device: any Device) throws -> Float? {
  let y = try Storage(count: 1, on: device)
  try device.combine(.add, Storage([a], on: device), Storage([b], on: device), into: y)
  return try y.values().first
}

/// A depthwise convolution of one pixel by 1, with an epilogue.
private func convolved(_ x: Float, _ activation: Activation, on device: any Device) throws -> Float? {
  let p = try ConvolutionProblem(input: [1, 1, 1, 2], weight: [1, 1, 1, 2], groups: 2)
  let y = try Storage(count: 2, on: device)
  let one = try Storage([1, 1], on: device)
  try device.convolve(p, Storage([x, x], on: device), one, epilogue: Epilogue(activation: activation), into: y)
  return try y.values().last
}

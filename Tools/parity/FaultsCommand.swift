import ArgumentParser
import Compute
import ComputeOpenCL
import Foundation
import OpCatalogue
import ToolSupport

struct FaultsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "faults", abstract: "Fail every call of the driver, break its surroundings, damage cached programs.",
    discussion: """
      Call 1, 2, 3 … of each OpenCL function fails with each code, once or for ever, while a device is opened and used \
      as programs do. Every run must end in the right answer, in the announced fallback to the CPU path, or in a typed \
      error; nothing may leak, hang or crash.

      Examples:
        parity faults --quick
        parity faults --functions 'clEnqueue*'
      """)

  @Option(help: ArgumentHelp("Functions, with * for any text.", valueName: "GLOB,…"))
  var functions = "*"
  @Flag(help: "One code and some calls of each function; CI runs this.")
  var quick = false
  @Option(help: "Seed of all random data.")
  var seed: UInt64 = 42
  @Option(help: ArgumentHelp("Seconds that one run may take.", valueName: "S"))
  var timeout = 60.0
  @OptionGroup var reporting: ReportingArguments

  /// Surroundings that people have, and how a run in them may end.
  private struct Surroundings {
    let name: String
    let environment: [String: String]
    let allowed: Set<String>
  }

  func run() throws {
    let progress = try reporting.progress()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parity-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let patterns = functions.split(separator: ",").map(String.init)
    let chosen = OpenCLFaults.functions.filter { name in patterns.contains { fnmatch($0, name, 0) == 0 } }
    guard !chosen.isEmpty else { throw UsageError("No OpenCL function is called '\(functions)'.") }

    var tally = FaultTally()
    let worker = worker(folder, ["--stores-programs"])
    let first = try ask(worker, "named none")
    guard first.kind == "right" else {
      throw DeviceError.unavailable(requested: "opencl", reason: "without any fault it says: \(first.said)")
    }
    // Programs are built from source only where none is cached; why a build failed is only asked where one does.
    let uncached = Worker(
      "fault-worker", ["--seed=\(seed)", "--stores-programs"], environment: ownCache("/proc/cache", folder))
    let broken = try Worker(
      "fault-worker", ["--seed=\(seed)"],
      environment: ownCache("/proc/cache", folder).merging(["FLAWLESS_KERNELS": brokenKernels(folder)]) { $1 })
    for (index, function) in chosen.enumerated() {
      var isReached = false
      for worker in [worker, uncached, broken] where !isReached {
        isReached = try calls(function, worker, &tally, progress)
      }
      if !isReached { tally.skip("\(function): no run calls it") }
      try progress.report("functions", index + 1, of: chosen.count)
    }
    for worker in [worker, uncached, broken] { worker.finish() }
    try surroundings(folder, &tally, progress)
    try damagedPrograms(folder, &tally, progress)
    try Output.line(tally.table.text)
    for reason in tally.skipped { try Output.line("skipped: \(reason)") }
    try Output.line("\(tally.passed) passed, \(tally.failures.count) failed, \(tally.skipped.count) skipped")
    guard tally.failures.isEmpty, tally.passed > 0 else {
      throw ExitCode((tally.hasCrashed ? ExitStatus.childCrashed : .failed).rawValue)
    }
  }

  // MARK: failing calls

  /// Fails call 1, 2, … of a function until a run no longer reaches the call; false when it never was reached.
  private func calls(
    _ function: String, _ worker: Worker, _ tally: inout FaultTally, _ progress: ProgressReporter
  ) throws -> Bool {
    var wasReached = false
    let kinds = OpenCLFaults.Lasting.allCases
    let codes = quick ? [Fault.codes[function.utf8.count % Fault.codes.count]] : Fault.codes
    for (index, code) in codes.enumerated() {
      for lasting in quick ? [kinds[(function.utf8.count + index) % kinds.count]] : kinds {
        var (call, isReached) = (1, true)
        while isReached {
          for mode in ["named", "automatic"] where mode == "named" || call <= 3 {
            let fault = Fault(function: function, call: call, code: code, lasting: lasting)
            let answer = try ask(worker, "\(mode) \(fault)")
            isReached = answer.fired
            wasReached = wasReached || isReached
            // What fails for nothing and what is not reached prove nothing.
            guard answer.fired || answer.isWrong else { continue }
            let allowed: Set<String> = mode == "automatic" ? ["right", "fallback", "typed"] : ["right", "typed"]
            try record("\(mode): \(fault)", function, answer, allowed, &tally, progress)
          }
          // Every call up to the 4th, then wider steps: late calls are the same launches again.
          call += call < 4 ? 1 : quick ? call : max(call / 4, 1)
        }
      }
    }
    return wasReached
  }

  /// A copy of the kernels whose first program does not compile.
  private func brokenKernels(_ folder: URL) throws -> String {
    let kernels = folder.appendingPathComponent("kernels")
    try KernelFolder.write(to: kernels)
    try "kernel void elementwise_fill(".write(
      to: kernels.appendingPathComponent("elementwise.cl"), atomically: true, encoding: .utf8)
    return kernels.path
  }

  // MARK: surroundings

  private func surroundings(_ folder: URL, _ tally: inout FaultTally, _ progress: ProgressReporter) throws {
    let broken = folder.appendingPathComponent("broken")
    try FileManager.default.createDirectory(at: broken, withIntermediateDirectories: true)
    try "/nonexistent/libdriver.so\n".write(
      to: broken.appendingPathComponent("broken.icd"), atomically: true, encoding: .utf8)
    let file = folder.appendingPathComponent("a-file")
    try Data("x".utf8).write(to: file)
    let cases = [
      Surroundings(
        name: "no ICD file", environment: ["OCL_ICD_VENDORS": "/nonexistent", "OPENCL_VENDOR_PATH": "/nonexistent"],
        allowed: ["fallback"]),
      Surroundings(
        name: "a broken ICD file", environment: ["OCL_ICD_VENDORS": broken.path, "OPENCL_VENDOR_PATH": broken.path],
        allowed: ["fallback"]),
      Surroundings(name: "1 GB of memory", environment: ["POCL_MEMORY_LIMIT": "1"], allowed: ["right"]),
      Surroundings(name: "work-groups of 64", environment: ["POCL_MAX_WORK_GROUP_SIZE": "64"], allowed: ["right"]),
      Surroundings(
        name: "work-groups of 1", environment: ["POCL_MAX_WORK_GROUP_SIZE": "1"], allowed: ["right", "fallback"]),
      // PoCL keeps a cache of its own there, without which it has no device: it gets another place.
      Surroundings(name: "a cache that is a file", environment: ownCache(file.path, folder), allowed: ["right"]),
      Surroundings(
        name: "a cache that cannot be made", environment: ownCache("/proc/cache", folder), allowed: ["right"]),
    ]
    for surroundings in cases {
      let worker = Worker(
        "fault-worker", ["--seed=\(seed)", "--stores-programs"],
        environment: ["XDG_CACHE_HOME": folder.appendingPathComponent("other").path].merging(surroundings.environment) {
          $1
        })
      let answer = try ask(worker, "automatic none")
      worker.finish()
      try record("with \(surroundings.name)", "surroundings", answer, surroundings.allowed, &tally, progress)
    }
    try fullDisk(folder, &tally, progress)
  }

  private func ownCache(_ path: String, _ folder: URL) -> [String: String] {
    ["XDG_CACHE_HOME": path, "POCL_CACHE_DIR": folder.appendingPathComponent("pocl").path]
  }

  /// A file system too small for any program.
  private func fullDisk(_ folder: URL, _ tally: inout FaultTally, _ progress: ProgressReporter) throws {
    let disk = folder.appendingPathComponent("disk")
    try FileManager.default.createDirectory(at: disk, withIntermediateDirectories: true)
    guard Self.succeeds(["mount", "-t", "tmpfs", "-o", "size=64k,mode=700", "tmpfs", disk.path]) else {
      return tally.skip("a cache on a full disk: a small file system cannot be mounted without being root")
    }
    defer { _ = Self.succeeds(["umount", disk.path]) }
    let worker = Worker(
      "fault-worker", ["--seed=\(seed)", "--stores-programs"], environment: ownCache(disk.path, folder))
    let answer = try ask(worker, "automatic none")
    worker.finish()
    try record("with a cache on a full disk", "surroundings", answer, ["right"], &tally, progress)
    let left = FileManager.default.subpaths(atPath: disk.path)?.filter { $0.count > "flawless/programs".count } ?? []
    if !left.isEmpty { tally.fail("with a cache on a full disk", "surroundings", "half-written: \(left)") }
  }

  private static func succeeds(_ command: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  // MARK: damaged programs

  /// Cached programs with a flipped byte, cut short, empty, and with another's name: all are replaced by fresh ones.
  private func damagedPrograms(_ folder: URL, _ tally: inout FaultTally, _ progress: ProgressReporter) throws {
    // Failing calls have emptied the cache: what cannot be loaded is deleted.
    let storing = worker(folder, ["--stores-programs"])
    _ = try ask(storing, "named none")
    storing.finish()
    let cache = folder.appendingPathComponent("cache/flawless/programs")
    let files = ((try? FileManager.default.contentsOfDirectory(at: cache, includingPropertiesForKeys: nil)) ?? [])
      .sorted { $0.path < $1.path }
    let originals = try files.map { try Data(contentsOf: $0) }
    guard let first = originals.first, let last = originals.last, first != last else {
      throw Failure("No programs were stored in the cache, so damaged ones cannot be tried.")
    }
    let damages: [(String, (Data) -> Data)] = [
      (
        "a flipped byte in",
        { data in
          var data = data
          data[data.startIndex + data.count / 2] ^= 0x10
          return data
        }
      ), ("a cut in", { $0.prefix($0.count / 2) }), ("nothing in", { _ in Data() }),
      ("another program in", { $0 == first ? last : first }),
    ]
    for (name, damage) in damages {
      for (file, original) in zip(files, originals) { try damage(original).write(to: file) }
      let worker = worker(folder, [])
      let answer = try ask(worker, "named none")
      worker.finish()
      try record("with \(name) each cached program", "cached programs", answer, ["right"], &tally, progress)
      let left = files.filter { FileManager.default.fileExists(atPath: $0.path) }
      if !left.isEmpty {
        tally.fail("with \(name) each cached program", "cached programs", "\(left.count) damaged files were kept")
        try progress.note("FAILED \(name) cached programs: \(left.count) damaged files were kept", always: true)
      }
      for (file, original) in zip(files, originals) { try original.write(to: file) }
    }
  }

  // MARK: asking

  private struct Answer {
    var kind: String
    var fired = false
    var leaks = ""
    var said: String
    /// Whatever was reached, this must not happen.
    var isWrong: Bool { ["WRONG", "UNTYPED", "crash", "hang"].contains(kind) || !leaks.isEmpty }
  }

  private func worker(_ folder: URL, _ more: [String]) -> Worker {
    Worker(
      "fault-worker", ["--seed=\(seed)"] + more,
      environment: ["XDG_CACHE_HOME": folder.appendingPathComponent("cache").path])
  }

  private func ask(_ worker: Worker, _ request: String) throws -> Answer {
    try Interruption.check()
    try worker.start()
    worker.send(request)
    switch worker.next(within: timeout) {
    case .line(let line):
      let parts = line.components(separatedBy: " | ")
      let words = parts[0].split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 4 else { throw Failure("A child process answered '\(line)'.") }
      return Answer(
        kind: words[1], fired: words[2] == "fired", leaks: words[3], said: parts.dropFirst().joined(separator: " | "))
    case .ended(let how):
      let words = worker.complaints.suffix(300)
      worker.stop()
      return Answer(kind: "crash", fired: true, said: "the process \(how). \(words)")
    case .late:
      worker.stop()
      return Answer(kind: "hang", fired: true, said: "nothing came back within \(timeout) s")
    }
  }

  private func record(
    _ what: String, _ group: String, _ answer: Answer, _ allowed: Set<String>, _ tally: inout FaultTally,
    _ progress: ProgressReporter
  ) throws {
    if allowed.contains(answer.kind), answer.leaks.isEmpty { return tally.pass(group, answer.kind) }
    let leak = answer.leaks.isEmpty ? "" : "; left: \(answer.leaks)"
    tally.fail(what, group, answer.kind)
    tally.hasCrashed = tally.hasCrashed || ["crash", "hang"].contains(answer.kind)
    try progress.note("FAILED \(what): \(answer.kind)\(leak): \(answer.said)", always: true)
  }
}

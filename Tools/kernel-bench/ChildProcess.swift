import Foundation
import ToolSupport

/// A program that is run to its end, or killed when it takes too long: what crashes or hangs there does no harm here.
struct ChildProcess {
  enum End: Equatable {
    case code(Int32)
    case signal(Int32)
    case late
  }

  struct Outcome {
    let end: End
    let output: String
    let errors: String

    /// How it ended, and its last words.
    var explanation: String {
      let words = errors.split(separator: "\n").suffix(3).joined(separator: " ")
      let how =
        switch end {
        case .code(let code): "ended with code \(code)"
        case .signal(let number): "was ended by signal \(number)"
        case .late: "was still at work when its time was over"
        }
      return "the child process \(how)" + (words.isEmpty ? "" : ", saying: \(words)")
    }
  }

  /// This program.
  static let ownPath = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path

  var path = ownPath
  var arguments: [String]
  /// Added to this process's own.
  var environment: [String: String] = [:]
  /// Seconds after which it is killed.
  var timeout = 600.0

  /// - Throws: ``Interruption/Interrupted``, or an error of Foundation where the program cannot be started.
  func run() throws -> Outcome {
    let folder = try TemporaryFolder()
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files take all that is said, where pipes would fill up.
    process.standardOutput = try folder.handle("output")
    process.standardError = try folder.handle("errors")
    try process.run()
    defer {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      process.waitUntilExit()
    }
    let deadline = ContinuousClock.now + .seconds(timeout)
    while process.isRunning, ContinuousClock.now < deadline {
      try Interruption.check()
      usleep(5000)
    }
    let isLate = process.isRunning
    if isLate { kill(process.processIdentifier, SIGKILL) }
    process.waitUntilExit()
    let isSignal = process.terminationReason == .uncaughtSignal
    let end: End = isLate ? .late : isSignal ? .signal(process.terminationStatus) : .code(process.terminationStatus)
    return Outcome(end: end, output: folder.text("output"), errors: folder.text("errors"))
  }
}

/// A folder that goes with its last reference.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("kernel-bench-\(UUID().uuidString)")
    // Closed to others' writing, as the program cache demands.
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }

  /// A new folder inside.
  func folder(_ name: String) throws -> String {
    let path = path(name)
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    return path
  }

  func handle(_ name: String) throws -> FileHandle {
    try Data().write(to: url.appendingPathComponent(name))
    return try FileHandle(forWritingTo: url.appendingPathComponent(name))
  }

  /// What a file holds; nothing when it is not there.
  func text(_ name: String) -> String {
    String(decoding: FileManager.default.contents(atPath: path(name)) ?? Data(), as: UTF8.self)
  }
}

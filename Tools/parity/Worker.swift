import Foundation
import ToolSupport

/// The parent's side of a ``WorkerCommand`` child, started again after a crash or hang.
final class Worker {
  enum Answer {
    case line(String)
    case ended(String)
    case late
  }

  private let command: String
  private let arguments: [String]
  private let environment: [String: String]
  private var process: Process?
  private var input: FileHandle?
  private var output: Int32 = -1
  private var pending = Data()
  /// Names of the variants that the child has, and of their devices.
  private(set) var variants: [(name: String, device: String)] = []
  private(set) var openCLProblem = ""

  /// - command: the subcommand that the child runs
  /// - environment: added to this process's own
  init(_ command: String = "worker", _ arguments: [String], environment: [String: String] = [:]) {
    self.command = command
    self.arguments = arguments
    self.environment = environment
  }

  deinit { stop() }

  /// Starts the child unless it runs.
  ///
  /// - Throws: ``Failure`` with what it printed when it does not come up.
  func start(timeout: Double = 120) throws {
    guard process == nil else { return }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = [command] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (toChild, fromChild, complaints) = (Pipe(), Pipe(), Pipe())
    process.standardInput = toChild
    process.standardOutput = fromChild
    process.standardError = complaints
    try process.run()
    self.process = process
    input = toChild.fileHandleForWriting
    output = dup(fromChild.fileHandleForReading.fileDescriptor)
    pending = Data()
    // Read on another thread, or a talkative driver would fill the pipe and stop.
    let reader = complaints.fileHandleForReading
    let text = Complaints()
    reader.readabilityHandler = { handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil } else { text.append(data) }
    }
    said = text
    switch next(within: timeout) {
    case .line(let line) where line.hasPrefix("ready "):
      var fields = line.dropFirst(6).split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      openCLProblem = fields.popLast() ?? ""
      variants = fields.compactMap {
        let parts = $0.split(separator: "=", maxSplits: 1).map(String.init)
        return parts.count == 2 ? (parts[0], parts[1]) : nil
      }
    case .line(let line):
      stop()
      throw Failure("A child process answered '\(line)' instead of being ready.")
    case .ended(let how):
      let words = said?.text ?? ""
      stop()
      throw WorkerEnd(how: how, words: words)
    case .late:
      stop()
      throw WorkerEnd(how: "did not get ready in \(Int(timeout)) s", words: "")
    }
  }

  private var said: Complaints?

  func send(_ line: String) {
    // A child that has just died shows at the next read.
    try? input?.write(contentsOf: Data((line + "\n").utf8))
  }

  /// The next line of the child's own, its end, or neither in time.
  func next(within seconds: Double) -> Answer {
    let end = ContinuousClock.now + .seconds(seconds)
    while true {
      if let line = takeLine() { return .line(line) }
      let left = ContinuousClock.now.duration(to: end) / .milliseconds(1)
      guard left > 0 else { return .late }
      var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      guard poll(&waiting, 1, Int32(min(left, 1000).rounded(.up))) > 0 else { continue }
      var bytes = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(output, &bytes, bytes.count)
      guard count > 0 else { return .ended(howItEnded()) }
      pending.append(contentsOf: bytes.prefix(count))
    }
  }

  private func takeLine() -> String? {
    while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
      let line = String(decoding: pending[pending.startIndex..<end], as: UTF8.self)
      pending = Data(pending[pending.index(after: end)...])
      // Drivers print, too.
      if line.hasPrefix(WorkerCommand.mark) { return String(line.dropFirst(WorkerCommand.mark.count)) }
    }
    return nil
  }

  private func howItEnded() -> String {
    guard let process else { return "is gone" }
    process.waitUntilExit()
    return process.terminationReason == .uncaughtSignal
      ? "was ended by signal \(process.terminationStatus)" : "ended with code \(process.terminationStatus)"
  }

  /// What the child has said on standard error.
  var complaints: String { said?.text ?? "" }

  /// Lets the child end by itself, so that what it writes at its end is written.
  func finish(timeout: Double = 60) {
    try? input?.close()
    while case .line = next(within: timeout) {}
    stop()
  }

  func stop() {
    if let process, process.isRunning { kill(process.processIdentifier, SIGKILL) }
    process?.waitUntilExit()
    process = nil
    input = nil
    if output >= 0 { close(output) }
    output = -1
  }
}

/// A worker that did not come up.
struct WorkerEnd: Error, CustomStringConvertible {
  let how: String
  let words: String
  var description: String { "A child process \(how)." + (words.isEmpty ? "" : " It said: \(words)") }
}

/// What a child prints to standard error, collected from another thread.
private final class Complaints: @unchecked Sendable {
  // Sendable by its lock.
  private let lock = NSLock()
  private var data = Data()

  func append(_ more: Data) { lock.withLock { if data.count < 1 << 20 { data.append(more) } } }
  var text: String { lock.withLock { String(decoding: data, as: UTF8.self) } }
}

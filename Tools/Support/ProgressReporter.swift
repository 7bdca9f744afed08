import Foundation

/// Progress on stderr: a bar with rate and time left on a terminal, a line now and then elsewhere; JSON lines to a log.
public final class ProgressReporter {
  private let quiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let log: FileHandle?
  private var stage = ""
  private var started = Date()
  private var lastShown = Date.distantPast
  private var lineIsOpen = false

  /// - Throws: ``UsageError`` when the log cannot be written.
  public init(quiet: Bool, log path: String?) throws {
    self.quiet = quiet
    guard let path else {
      log = nil
      return
    }
    let exists = FileManager.default.fileExists(atPath: path)
    guard exists || FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forWritingAtPath: path)
    else {
      throw UsageError("The log \(path) cannot be written; choose another with --log.")
    }
    handle.seekToEndOfFile()
    log = handle
  }

  /// Shows `done` of `total` steps of a stage.
  ///
  /// - Throws: `Interruption.Interrupted` once the person has pressed Ctrl-C.
  public func report(_ stage: String, _ done: Int, of total: Int) throws {
    try Interruption.check()
    if stage != self.stage {
      finish()
      self.stage = stage
      started = Date()
      lastShown = .distantPast
    }
    let now = Date()
    guard done >= total || now.timeIntervalSince(lastShown) >= (isTerminal ? 0.1 : 10) else { return }
    lastShown = now
    record(done, total, seconds: now.timeIntervalSince(started))
    if !quiet { show(done, total, seconds: now.timeIntervalSince(started)) }
  }

  /// A line of its own, above the bar.
  public func note(_ text: String) {
    finish()
    if !quiet { write(text + "\n") }
  }

  /// Ends an open bar.
  public func finish() {
    if lineIsOpen { write("\n") }
    lineIsOpen = false
    stage = ""
  }

  private func show(_ done: Int, _ total: Int, seconds: Double) {
    let fraction = total > 0 ? Double(done) / Double(total) : 1
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let left = rate > 0 ? Double(total - done) / rate : 0
    let numbers = "\(done)/\(total)  \(Self.rounded(rate))/s"
    let time = done < total ? "\(Self.clock(left)) left" : "\(Self.clock(seconds))"
    guard isTerminal else {
      write("\(stage): \(numbers)  \(time)\n")
      return
    }
    let filled = Int(fraction * 24)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    write("\r\u{1B}[K\(stage)  \(bar)  \(numbers)  \(time)")
    lineIsOpen = true
    if done >= total { finish() }
  }

  private func record(_ done: Int, _ total: Int, seconds: Double) {
    guard let log else { return }
    log.write(
      Data("{\"stage\":\"\(stage)\",\"done\":\(done),\"total\":\(total),\"seconds\":\(Self.rounded(seconds))}\n".utf8))
  }

  private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

  private static func rounded(_ value: Double) -> String { String(format: value < 10 ? "%.2f" : "%.0f", value) }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 60 ? "\(whole) s" : String(format: "%d:%02d min", whole / 60, whole % 60)
  }
}

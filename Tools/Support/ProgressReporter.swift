import Foundation

/// Progress on stderr: a bar with rate and time left on a terminal, a line now and then elsewhere; JSON lines to a log.
public final class ProgressReporter {
  private let quiet: Bool
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let log: EventLog?
  private var stage = ""
  private var stageIsDone = false
  private var stageTotal = 0
  /// A stage's work begins where the one before it ended, long before its first report.
  private var lastReport = ContinuousClock.now
  private var started = ContinuousClock.now
  private var lastShown = ContinuousClock.now
  private var lineIsOpen = false

  /// - Throws: ``OutputError`` when the log cannot be written.
  public init(quiet: Bool, log path: String?) throws {
    self.quiet = quiet
    log = try path.map { try EventLog($0) }
  }

  /// The work of the next stage starts now: what was loaded before does not count for its rate.
  public func begin() { lastReport = .now }

  /// Shows `done` of `total` steps of a stage.
  ///
  /// - detail: what else can be said at this moment
  /// - Throws: `Interruption.Interrupted` once the person has pressed Ctrl-C, or ``OutputError`` from the log.
  public func report(_ stage: String, _ done: Int, of total: Int, _ detail: String = "") throws {
    try Interruption.check()
    let now = ContinuousClock.now
    if stage != self.stage {
      clear()
      self.stage = stage
      stageIsDone = false
      stageTotal = 0
      started = lastReport
      lastShown = lastReport
    }
    lastReport = now
    // Cross-fitting counts picks, and between them whole folds: only the finer count is shown.
    guard total >= stageTotal / 4 else { return }
    stageTotal = total
    let interval = isTerminal ? Duration.milliseconds(100) : .seconds(10)
    guard !stageIsDone, done >= total || lastShown.duration(to: now) >= interval else { return }
    lastShown = now
    stageIsDone = done >= total
    let seconds = started.duration(to: now).inSeconds
    var event: [String: Any] = [
      "stage": stage, "done": done, "total": total, "seconds": (seconds * 1000).rounded() / 1000,
    ]
    if !detail.isEmpty { event["detail"] = detail }
    try log?.write("progress", event)
    if !quiet { show(done, total, seconds: seconds, detail) }
  }

  /// A line of its own.
  ///
  /// - always: also under `--quiet`: for what went wrong.
  public func note(_ text: String, always: Bool = false) throws {
    clear()
    try log?.write("note", ["text": text])
    if always || !quiet { Output.complain(text + "\n") }
  }

  /// Figures in a line of their own, and as an event of this name in the log.
  public func figures(_ name: String, _ text: String, _ fields: [String: Any]) throws {
    clear()
    try log?.write(name, fields)
    if !quiet { Output.complain(text + "\n") }
  }

  /// Takes the bar off the terminal, so that something else can be printed there.
  public func clear() {
    if lineIsOpen { Output.complain("\r\u{1B}[K") }
    lineIsOpen = false
  }

  private func show(_ done: Int, _ total: Int, seconds: Double, _ detail: String) {
    let fraction = total > 0 ? min(Double(done) / Double(total), 1) : 1
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let numbers = "\(done)/\(total)  \(Self.rounded(rate))/s\(detail.isEmpty ? "" : "  \(detail)")"
    let time = done < total ? "\(Self.clock(rate > 0 ? Double(total - done) / rate : 0)) left" : Self.clock(seconds)
    guard isTerminal else { return Output.complain("\(stage): \(numbers)  \(time)\n") }
    let words = stage.count + numbers.count + time.count + 6
    let length = min(max(Self.terminalWidth - words - 1, 0), 24)
    let filled = Int(fraction * Double(length))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: length - filled)
    let line = [stage, bar, numbers, time].filter { !$0.isEmpty }.joined(separator: "  ")
    Output.complain("\r\u{1B}[K\(line.prefix(max(Self.terminalWidth - 1, 1)))")
    lineIsOpen = true
    if stageIsDone {
      Output.complain("\n")
      lineIsOpen = false
    }
  }

  private static var terminalWidth: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  private static func rounded(_ value: Double) -> String { String(format: value < 10 ? "%.2f" : "%.0f", value) }

  private static func clock(_ seconds: Double) -> String {
    let whole = Int(min(seconds, 1e8).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    return whole < 3600
      ? String(format: "%d:%02d min", whole / 60, whole % 60)
      : String(format: "%d:%02d h", whole / 3600, whole / 60 % 60)
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

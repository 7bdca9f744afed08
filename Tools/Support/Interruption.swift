import Foundation
import Synchronization

/// Ctrl-C and termination: noted by a signal handler, turned into an error at the next step of the work, so that the
/// work unwinds and leaves nothing half-written. A second signal ends the process at once.
public enum Interruption {
  public struct Interrupted: Error, CustomStringConvertible {
    public let description: String
    public init(_ description: String = "Interrupted; nothing half-written was left behind.") {
      self.description = description
    }
  }

  private static let requested = Atomic(false)

  static func install() {
    // Also where a shell that put the program in the background set Ctrl-C to be ignored; but `nohup` is respected.
    for number in [SIGINT, SIGTERM] { signal(number, handler) }
    if !isIgnored(SIGHUP) { signal(SIGHUP, handler) }
    // Whoever started this program may have had them blocked, which is inherited: libdispatch's threads do.
    var numbers = sigset_t()
    sigemptyset(&numbers)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&numbers, number) }
    sigprocmask(SIG_UNBLOCK, &numbers, nil)
    // Writing to a closed pipe (`flawless … | head`) is an error to report, not a reason to die.
    signal(SIGPIPE, SIG_IGN)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var old = sigaction()
    sigaction(number, nil, &old)
    return unsafeBitCast(old.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }

  private static let handler: @convention(c) (Int32) -> Void = { _ in
    if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(ExitStatus.interrupted.rawValue) }
  }

  /// - Throws: ``Interrupted`` once a signal has come.
  public static func check() throws {
    if requested.load(ordering: .relaxed) { throw Interrupted() }
  }

  /// Waits, but not beyond a signal.
  ///
  /// - Throws: ``Interrupted`` once a signal has come.
  public static func wait(milliseconds: Int) throws {
    let end = ContinuousClock.now + .milliseconds(milliseconds)
    while true {
      try check()
      let left = ContinuousClock.now.duration(to: end)
      guard left > .zero else { return }
      usleep(UInt32(min(left, .milliseconds(50)) / .microseconds(1)) + 1)
    }
  }
}

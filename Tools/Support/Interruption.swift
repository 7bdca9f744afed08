import Foundation
import Synchronization

/// Ctrl-C and termination: noted by a signal handler, turned into an error at the next step of the work, so that the
/// work unwinds and leaves nothing half-written. A second signal ends the process at once.
public enum Interruption {
  public struct Interrupted: Error, CustomStringConvertible {
    public let description = "Interrupted; nothing half-written was left behind."
  }

  private static let requested = Atomic(false)

  static func install() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { _ in
        if Interruption.requested.exchange(true, ordering: .relaxed) { _exit(130) }
      }
    }
    // Writing to a closed pipe (`flawless … | head`) is an error to report, not a reason to die.
    signal(SIGPIPE, SIG_IGN)
  }

  /// - Throws: ``Interrupted`` once a signal has come.
  public static func check() throws {
    if requested.load(ordering: .relaxed) { throw Interrupted() }
  }
}

import Foundation

/// A trap or a crash in this process ends it with ``ExitStatus/internalError`` and a sentence, not with a bare signal.
enum CrashReporting {
  /// Made before anything can crash: a signal handler may not allocate.
  nonisolated(unsafe) private static let message = strdup(
    "flawless: internal error, a fault in the program; please report it with the command and the version (--version).\n"
  )

  /// The handler's own stack, or an overflow of the stack could not be reported. The kernel alone refers to it.
  nonisolated(unsafe) private static let handlerStack = UnsafeMutableRawBufferPointer.allocate(
    byteCount: 64 << 10, alignment: 16)

  static func install() {
    _ = message
    var stack = stack_t()
    stack.ss_size = handlerStack.count
    stack.ss_sp = handlerStack.baseAddress
    sigaltstack(&stack, nil)
    var action = sigaction()
    action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND))
    action.__sigaction_handler.sa_handler = { _ in
      if let message = CrashReporting.message { _ = Foundation.write(STDERR_FILENO, message, strlen(message)) }
      _exit(ExitStatus.internalError.rawValue)
    }
    var numbers = sigset_t()
    sigemptyset(&numbers)
    for number in [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV] {
      sigaction(number, &action, nil)
      sigaddset(&numbers, number)
    }
    sigprocmask(SIG_UNBLOCK, &numbers, nil)
  }
}

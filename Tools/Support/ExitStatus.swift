public import ArgumentParser
import Compute
import Foundation

/// The exit codes of every program.
public enum ExitStatus: Int32, Sendable {
  case done = 0
  case failed = 1
  case wrongUse = 2
  case noDevice = 3
  case childCrashed = 4
  case ambiguous = 5
  case tooNoisy = 6
  case internalError = 7
  case interrupted = 130
}

/// Wrong use that only shows when the options are looked at together, or with the environment.
public struct UsageError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// Work that ended, but not well: a sentence for the person, and exit code 1.
public struct Failure: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// The one entry point of the programs: runs the command and ends the process with the right code.
public enum Program {
  public static func main<Command: ParsableCommand>(_ command: Command.Type) -> Never {
    Output.reserveDescriptors()
    Interruption.install()
    CrashReporting.install()
    do {
      var parsed = try command.parseAsRoot()
      try parsed.run()
      EventLog.end(.done, nil)
      exit(ExitStatus.done.rawValue)
    } catch {
      finish(error, command)
    }
  }

  private static func finish<Command: ParsableCommand>(_ error: any Error, _ command: Command.Type) -> Never {
    let status = status(of: error, command)
    // The command has said all there is to say.
    if error is ExitCode {
      EventLog.end(status, nil)
      exit(status.rawValue)
    }
    let isParsersOwn = status == .done || (status == .wrongUse && !(error is UsageError))
    // Help and version go to stdout, wrong use with the usage line to stderr: argument-parser's own texts.
    let text =
      isParsersOwn ? command.fullMessage(for: error) : "\(command._commandName): \(message(of: error, status))"
    if status == .done {
      do { if !text.isEmpty { try Output.line(text) } } catch { finish(error, command) }
    } else {
      Output.complain(text + "\n")
    }
    EventLog.end(status, status == .done ? nil : message(of: error, status))
    exit(status.rawValue)
  }

  static func status<Command: ParsableCommand>(of error: any Error, _ command: Command.Type) -> ExitStatus {
    switch error {
    case is Interruption.Interrupted: .interrupted
    case is UsageError: .wrongUse
    case DeviceError.unavailable: .noDevice
    case let code as ExitCode: ExitStatus(rawValue: code.rawValue) ?? .failed
    default:
      switch command.exitCode(for: error) {
      case .success: .done
      case .validationFailure: .wrongUse
      default: isExplained(error) ? .failed : .internalError
      }
    }
  }

  /// Our errors and Foundation's say in a sentence what a person can do; any other one should not have got here.
  private static func isExplained(_ error: any Error) -> Bool {
    // Asked of the type: the value could always be bridged to an NSError, which describes itself.
    let type = type(of: error)
    return type is any CustomStringConvertible.Type || type is any LocalizedError.Type || error is CocoaError
      || error is POSIXError
  }

  static func message(of error: any Error, _ status: ExitStatus) -> String {
    if status == .internalError {
      return "internal error (\(error)); please report it with the command and the version (--version)."
    }
    return type(of: error) is any CustomStringConvertible.Type ? "\(error)" : error.localizedDescription
  }
}

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

/// Wrong use that only shows when the options are looked at together.
public struct UsageError: Error, CustomStringConvertible {
  public let description: String
  public init(_ description: String) { self.description = description }
}

/// The one entry point of the programs: runs the command and ends the process with the right code.
public enum Program {
  public static func main<Command: ParsableCommand>(_ command: Command.Type) -> Never {
    Interruption.install()
    do {
      var parsed = try command.parseAsRoot()
      try parsed.run()
      exit(ExitStatus.done.rawValue)
    } catch {
      finish(error, command)
    }
  }

  private static func finish<Command: ParsableCommand>(_ error: any Error, _ command: Command.Type) -> Never {
    let status = status(of: error, command)
    switch status {
    case .done,
      .wrongUse where !(error is UsageError):
      // Help and version go to stdout, wrong use with the usage line to stderr: argument-parser's own texts.
      let text = command.fullMessage(for: error)
      if !text.isEmpty { write(text + "\n", to: status == .done ? .standardOutput : .standardError) }
    default:
      write("flawless: \(message(of: error))\n", to: .standardError)
    }
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
      default: .failed
      }
    }
  }

  /// Our errors describe themselves; Foundation's do so through `localizedDescription`.
  static func message(of error: any Error) -> String {
    if type(of: error) is any CustomStringConvertible.Type { return "\(error)" }
    return error.localizedDescription
  }

  private static func write(_ text: String, to handle: FileHandle) { handle.write(Data(text.utf8)) }
}

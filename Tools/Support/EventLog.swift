import Foundation
import Locking

/// What `--log` writes: one JSON object a line, each written at once and at the end, so that logs can be followed.
///
/// Every line has `time` (ISO 8601, UTC) and `event`: `start`, `note`, `progress` or `end`, or
/// the name of figures that a program reports.
final class EventLog: Sendable {
  /// The log of this process; the entry point writes its last line.
  private static let current = Locked<EventLog?>(nil)

  private let path: String

  /// - Throws: ``OutputError`` when the file cannot be written.
  init(_ path: String) throws {
    self.path = path
    try write("start", ["version": Version.text, "arguments": Array(CommandLine.arguments.dropFirst())])
    Self.current.withLock { $0 = self }
  }

  func write(_ event: String, _ fields: [String: Any] = [:]) throws {
    let time = Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true))
    let object = fields.merging(["event": event, "time": time + "Z"]) { _, new in new }
    let line = try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
    try OutputFile.append(line + Data("\n".utf8), to: path)
  }

  /// The last line: how the run ended, and why.
  static func end(_ status: ExitStatus, _ message: String?) {
    let log = current.withLock { $0 }
    try? log?.write("end", ["status": Int(status.rawValue), "message": message.map { $0 as Any } ?? NSNull()])
  }
}

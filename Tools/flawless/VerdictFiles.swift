import Checkpoints
import Foundation
import ToolSupport

/// The files in which verdicts are listed as they come: nothing of a picture stays in memory.
///
/// CSV and JSON lines are written row by row, so a killed run leaves what was done; the one JSON object appears whole or
/// not at all.
final class VerdictFiles {
  private let csv: String?
  private let jsonLines: String?
  private let json: JSONObjectStream?
  private(set) var done = 0
  private(set) var defective = 0
  private(set) var failed = 0

  /// - appending: whether rows are added to CSV and JSON lines that are there
  /// - head: what the JSON object says of the whole run
  init(csv: String?, jsonLines: String?, json: String?, appending: Bool, head: [String: Any]) throws {
    self.csv = csv
    self.jsonLines = jsonLines
    if let csv { try Self.begin(csv, header: Verdict.csvHeader, appending: appending) }
    if let jsonLines { try Self.begin(jsonLines, header: "", appending: appending) }
    self.json = try json.map { try JSONObjectStream($0, head: head) }
  }

  func add(_ verdict: Verdict) throws {
    done += 1
    if verdict.isDefective { defective += 1 }
    if let csv { try OutputFile.append(Data(verdict.csv.utf8), to: csv) }
    if csv == nil, jsonLines == nil, json == nil { return }
    let object = verdict.object
    if let jsonLines { try OutputFile.append(Self.line(object), to: jsonLines) }
    try json?.add(picture: object)
  }

  /// A picture that could not be read: a row of JSON, and none of CSV.
  func add(failure path: String, _ reason: String) throws {
    failed += 1
    if let jsonLines { try OutputFile.append(Self.line(["path": path, "error": reason]), to: jsonLines) }
    try json?.add(failure: ["path": path, "reason": reason])
  }

  func finish() throws { try json?.finish() }

  private static func line(_ object: [String: Any]) throws -> Data {
    try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
      + Data("\n".utf8)
  }

  /// - Throws: ``Failure`` when rows are to be added to a table of other columns.
  private static func begin(_ path: String, header: String, appending: Bool) throws {
    guard appending, !OutputFile.isStream(path), let file = FileHandle(forReadingAtPath: path) else {
      return try OutputFile.append(Data(header.utf8), to: path, emptying: !OutputFile.isStream(path))
    }
    defer { try? file.close() }
    let size = try file.seekToEnd()
    guard size > 0 else { return try OutputFile.append(Data(header.utf8), to: path) }
    try file.seek(toOffset: 0)
    guard try file.read(upToCount: header.utf8.count) ?? Data() == Data(header.utf8) || header.isEmpty else {
      throw Failure("\(path) is there already with other columns; name another file, or move it away.")
    }
    // A row that was cut off, by a full disk or a power cut, must not run into the next one.
    try file.seek(toOffset: size - 1)
    if try file.read(upToCount: 1) != Data("\n".utf8) { try OutputFile.append(Data("\n".utf8), to: path) }
  }
}

/// One JSON object with the pictures of a run, written while they come.
private final class JSONObjectStream {
  private let file: AtomicFile?
  private let path: String
  private var isFirst = true
  /// Failures come in between and are listed at the end; a file without a name keeps them.
  private let failures: UnsafeMutablePointer<FILE>
  private var failureCount = 0

  init(_ path: String, head: [String: Any]) throws {
    self.path = path
    guard let failures = tmpfile() else {
      throw Failure("No temporary file can be made: \(String(cString: strerror(errno)).lowercased()).")
    }
    self.failures = failures
    file =
      OutputFile.isStream(path)
      ? nil : try AtomicFile(at: URL(fileURLWithPath: path).resolvingSymlinksInPath())
    let fields = try head.sorted { $0.key < $1.key }.map { name, value in
      "  \"\(name)\": \(String(decoding: try Self.encoded(value), as: UTF8.self)),\n"
    }
    try write("{\n\(fields.joined())  \"pictures\": [")
  }

  deinit { fclose(failures) }

  func add(picture: [String: Any]) throws {
    try write("\(isFirst ? "" : ",")\n    \(String(decoding: Self.encoded(picture), as: UTF8.self))")
    isFirst = false
  }

  func add(failure: [String: Any]) throws {
    let text = "\(failureCount == 0 ? "" : ",")\n    \(String(decoding: try Self.encoded(failure), as: UTF8.self))"
    failureCount += 1
    guard fputs(text, failures) >= 0 else {
      throw Failure("A temporary file cannot be written: \(String(cString: strerror(errno)).lowercased()).")
    }
  }

  func finish() throws {
    try write("\(isFirst ? "" : "\n  ")],\n  \"failed\": [")
    rewind(failures)
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&bytes, 1, bytes.count, failures), count > 0 { try write(Data(bytes.prefix(count))) }
    try write("\(failureCount == 0 ? "" : "\n  ")]\n}\n")
    try file?.commit()
  }

  private func write(_ text: String) throws { try write(Data(text.utf8)) }

  private func write(_ data: Data) throws {
    if let file { try file.append(data) } else { try OutputFile.append(data, to: path) }
  }

  private static func encoded(_ value: Any) throws -> Data {
    try JSONSerialization.data(
      withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
  }
}

import Foundation
import ToolSupport

/// Runs this program under Valgrind, and reads what its tool Callgrind has counted.
struct Callgrind {
  /// A copy of this program without its table of sections: Valgrind 3.19 gives up on a Swift program's debug information,
  /// and finds none in the copy.
  private let program: String
  private let valgrind: String
  private let folder: TemporaryFolder

  /// Nil where Valgrind is not installed.
  init?(_ folder: TemporaryFolder) throws {
    let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/valgrind" }
    guard let found = places.first(where: { access($0, X_OK) == 0 }) else { return nil }
    valgrind = found
    self.folder = folder
    program = folder.path("kernel-bench")
    var bytes = try Data(contentsOf: URL(fileURLWithPath: ChildProcess.ownPath))
    try Self.hideSections(&bytes)
    try bytes.write(to: URL(fileURLWithPath: program))
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: program)
  }

  /// Sets the place, count and names of the section headers to 0 in a 64-bit ELF file.
  static func hideSections(_ bytes: inout Data) throws {
    guard bytes.count > 64, bytes.prefix(5) == Data([0x7F, 0x45, 0x4C, 0x46, 2]) else {
      throw Failure("This program is no 64-bit ELF file, so Valgrind cannot count its instructions.")
    }
    for place in [0x28..<0x30, 0x3C..<0x40] { bytes.replaceSubrange(place, with: Data(count: place.count)) }
  }

  /// Valgrind's tool `none` runs faster than Callgrind and shows programs the same processor: good enough to compile.
  func warm(_ arguments: [String], environment: [String: String], timeout: Double) throws {
    try run(["--tool=none"], arguments, environment, timeout)
  }

  /// Instructions of each function whose name matches, and of what it calls.
  ///
  /// - pattern: with `*` for any text
  func counts(
    of pattern: String, _ arguments: [String], environment: [String: String], timeout: Double
  ) throws -> [String: Int] {
    let file = "callgrind.out"
    try run(
      [
        "--tool=callgrind", "--callgrind-out-file=\(folder.path(file))", "--collect-atstart=no",
        "--toggle-collect=\(pattern)",
      ], arguments, environment, timeout)
    return Self.counts(in: folder.text(file)).filter { fnmatch(pattern, $0.key, 0) == 0 }
  }

  private func run(
    _ tool: [String], _ arguments: [String], _ environment: [String: String], _ timeout: Double
  ) throws {
    let outcome = try ChildProcess(
      path: valgrind, arguments: tool + ["--quiet", program] + arguments, environment: environment, timeout: timeout
    ).run()
    guard outcome.end == .code(0) else { throw Failure("Nothing was counted: \(outcome.explanation)") }
  }

  /// Inclusive counts by function, from Callgrind's file: the lines of a function's own costs, and the ones of its calls.
  static func counts(in text: String) -> [String: Int] {
    var (names, counts, current) = ([Substring: String](), [String: Int](), String?.none)
    for line in text.split(separator: "\n") {
      if let match = line.wholeMatch(of: /(c?)fn=(\(\d+\))(?: (.*))?/) {
        let (_, isCalled, number, name) = match.output
        if let name { names[number] = String(name) }
        if isCalled.isEmpty { current = names[number] }
      } else if let match = line.wholeMatch(of: /[+\-*\d]\d* (\d+)/), let current, let cost = Int(match.1) {
        counts[current, default: 0] += cost
      }
    }
    return counts
  }
}

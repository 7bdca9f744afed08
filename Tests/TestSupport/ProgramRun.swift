public import Foundation

/// A run of a built program, as a person or a script would start it.
///
/// `posix_spawn` rather than Foundation's `Process`: streams can be closed, full or a terminal, and many runs can wait
/// side by side.
public struct ProgramRun: Sendable {
  /// Where a stream of the program leads.
  public enum Target: Sendable {
    case captured
    case path(String)
    case closed
    case descriptor(Int32)
  }

  public struct Outcome: Sendable {
    public let status: Int32
    public let output: String
    public let errors: String

    /// Its standard output as a JSON object.
    public func json() throws -> [String: Any] {
      try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
    }
  }

  struct Unstartable: Error { let code: Int32 }

  /// A program beside the running tests: of the same build.
  public static func path(_ program: String) -> String {
    let tests = Bundle.main.executablePath ?? CommandLine.arguments[0]
    return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent(program).path
  }

  public let identifier: pid_t
  private let folder: URL

  /// - environment: added to the tests' own; nil takes a variable away
  /// - input: a file or pipe
  public init(
    _ program: String, _ arguments: [String], environment: [String: String?] = [:], input: String = "/dev/null",
    output: Target = .captured, errors: Target = .captured
  ) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("flawless-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
    for (target, descriptor, name) in [(output, STDOUT_FILENO, "output"), (errors, STDERR_FILENO, "errors")] {
      let flags = O_WRONLY | O_CREAT
      switch target {
      case .captured:
        let path = folder.appendingPathComponent(name).path
        posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0o600)
      case .path(let path): posix_spawn_file_actions_addopen(&actions, descriptor, path, flags, 0o600)
      case .closed: posix_spawn_file_actions_addclose(&actions, descriptor)
      case .descriptor(let source): posix_spawn_file_actions_adddup2(&actions, source, descriptor)
      }
    }
    var variables = ProcessInfo.processInfo.environment
    variables["COLUMNS"] = "80"
    variables["FLAWLESS_DEVICE"] = nil
    for (name, value) in environment { variables[name] = value }
    let path = Self.path(program)
    let argv = ([path] + arguments).map { strdup($0) } + [nil]
    let envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }
    var identifier: pid_t = 0
    let code = posix_spawn(&identifier, path, &actions, nil, argv, envp)
    guard code == 0 else { throw Unstartable(code: code) }
    self.identifier = identifier
  }

  /// What it has printed to standard error so far.
  public var errorsSoFar: String { text("errors") }

  public func signal(_ number: Int32) { kill(identifier, number) }

  /// Waits for its end; a program that hangs is killed, and its status is then −9.
  public func wait(seconds: Double = 600) -> Outcome {
    let end = ContinuousClock.now + .seconds(seconds)
    var status: Int32 = 0
    while waitpid(identifier, &status, WNOHANG) == 0 {
      if ContinuousClock.now > end { kill(identifier, SIGKILL) }
      usleep(5000)
    }
    defer { try? FileManager.default.removeItem(at: folder) }
    let signal = status & 0x7F
    return Outcome(
      status: signal == 0 ? (status >> 8) & 0xFF : -signal, output: text("output"), errors: text("errors"))
  }

  private func text(_ name: String) -> String {
    String(decoding: (try? Data(contentsOf: folder.appendingPathComponent(name))) ?? Data(), as: UTF8.self)
  }
}

/// Waits until something holds; false when it does not in time.
public func eventually(seconds: Double = 300, _ condition: () -> Bool) -> Bool {
  let end = ContinuousClock.now + .seconds(seconds)
  while !condition() {
    if ContinuousClock.now > end { return false }
    usleep(20_000)
  }
  return true
}

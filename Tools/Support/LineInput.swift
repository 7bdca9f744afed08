import Foundation

/// Requests on standard input, a line each, until it ends or a signal comes.
///
/// Not `readLine`: at the end of the input it takes an `errno` that an earlier call left at EINTR for its own, and tries
/// for ever.
public struct LineInput {
  private var buffer = Data()
  private var hasEnded = false

  public init() {}

  /// The next line without its end, or nil; what follows the last line's end counts as a line when it is not empty.
  ///
  /// - Throws: `Interruption.Interrupted` once a signal has come, ``Failure`` when the input cannot be read.
  public mutating func next() throws -> String? {
    while true {
      if let end = buffer.firstIndex(of: UInt8(ascii: "\n")) {
        defer { buffer = Data(buffer[(end + 1)...]) }
        return String(decoding: buffer[..<end], as: UTF8.self)
      }
      if hasEnded {
        defer { buffer = Data() }
        return buffer.isEmpty ? nil : String(decoding: buffer, as: UTF8.self)
      }
      try read()
    }
  }

  private mutating func read() throws {
    // A read would be taken up again after a signal; a poll never is.
    var source = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    guard poll(&source, 1, -1) >= 0 else {
      guard errno == EINTR else { throw Self.unreadable() }
      return try Interruption.check()
    }
    try Interruption.check()
    var bytes = [UInt8](repeating: 0, count: 1 << 16)
    let count = Foundation.read(STDIN_FILENO, &bytes, bytes.count)
    guard count >= 0 else {
      if errno == EINTR || errno == EAGAIN { return }
      throw Self.unreadable()
    }
    hasEnded = count == 0
    buffer.append(contentsOf: bytes[..<count])
  }

  private static func unreadable() -> Failure {
    Failure("Standard input cannot be read: \(String(cString: strerror(errno)).lowercased()).")
  }
}

public import Foundation

/// Results on standard output and words on standard error, through `write(2)`: unlike `print`, nothing is buffered, and
/// a closed pipe or a full disk is an error that the caller sees.
public enum Output {
  /// Prints lines of results.
  ///
  /// - Throws: ``OutputError`` when they cannot be written.
  public static func line(_ text: String = "") throws { try write(Data((text + "\n").utf8)) }

  public static func write(_ data: Data) throws {
    if let reason = writeAll(data, to: STDOUT_FILENO) { throw OutputError(target: "Standard output", reason: reason) }
  }

  /// Prints to standard error; there is nobody to tell when that fails.
  static func complain(_ text: String) { _ = writeAll(Data(text.utf8), to: STDERR_FILENO) }

  /// Makes descriptors 0, 1 and 2 refer to something: else the next file that is opened would become "standard output".
  static func reserveDescriptors() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) == -1 {
      // Opened for reading, so that writing results fails and is noticed.
      _ = open("/dev/null", O_RDONLY)
    }
  }
}

/// Something that could not be written to.
public struct OutputError: Error, CustomStringConvertible {
  let target: String
  let reason: String

  public var description: String { "\(target) cannot be written: \(reason)." }
}

/// Writes every byte; the reason when that fails, nil when it is done.
func writeAll(_ data: Data, to descriptor: Int32) -> String? {
  data.withUnsafeBytes { bytes -> String? in
    var written = 0
    while written < bytes.count {
      let count = Foundation.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
      if count < 0 {
        if errno == EINTR { continue }
        return String(cString: strerror(errno)).lowercased()
      }
      written += count
    }
    return nil
  }
}

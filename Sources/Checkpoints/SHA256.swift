import CSHA256
public import Foundation

/// SHA-256 as 64 lower-case hexadecimal digits.
public enum SHA256 {
  public static func hash(_ bytes: some DataProtocol) -> String { hash(bytes, isPortable: false) }

  /// - isPortable: whether to do without the processor's instructions for this hash
  package static func hash(_ bytes: some DataProtocol, isPortable: Bool) -> String {
    var context = sha256_context()
    sha256_begin(&context)
    if isPortable { context.is_portable = 1 }
    for region in bytes.regions { region.withUnsafeBytes { update(&context, $0) } }
    return digest(&context)
  }

  /// The hash of a file, read a megabyte at a time.
  public static func hash(fileAt path: String) throws(CheckpointError) -> String {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw .unreadable(path: path, reason: "there is no such file, or it may not be opened")
    }
    defer { try? handle.close() }
    var context = sha256_context()
    sha256_begin(&context)
    do {
      while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty {
        part.withUnsafeBytes { update(&context, $0) }
      }
    } catch { throw .unreadable(path: path, reason: reasonText(error)) }
    return digest(&context)
  }

  private static func update(_ context: inout sha256_context, _ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    sha256_update(&context, start.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  private static func digest(_ context: inout sha256_context) -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    sha256_end(&context, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

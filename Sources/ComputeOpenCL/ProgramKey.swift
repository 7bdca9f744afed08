import CSHA256
import Foundation

/// What a built program depends on: a binary is used again only when all of it is the same.
package struct ProgramKey: Hashable, Sendable {
  /// Raised when the meaning of the files changes.
  private static let formatVersion = 1
  /// Say where PoCL keeps its own cache and its threads, and change no code.
  private static let harmless: Set<String> = ["POCL_CACHE_DIR", "POCL_AFFINITY"]

  /// The key in words, for a person who looks into the cache; the source by its hash.
  package let text: String
  /// 64 hexadecimal digits.
  package let hash: String

  /// - driver: platform, device and driver with their versions
  /// - environment: the process's; variables of PoCL change its code
  package init(file: String, source: String, options: String, driver: String, environment: [String: String]) {
    let variables = environment.filter { $0.key.hasPrefix("POCL_") && !Self.harmless.contains($0.key) }
      .sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)\n" }.joined()
    text = """
      flawless program, format \(Self.formatVersion)
      file: \(file).cl
      source: \(Digest.sha256(Data(source.utf8)))
      options: \(options)
      pointers: \(Int.bitWidth) bits
      \(driver)
      \(variables)
      """
    hash = Digest.sha256(Data(text.utf8))
  }
}

enum Digest {
  /// SHA-256 as 64 hexadecimal digits.
  static func sha256(_ bytes: Data) -> String {
    var context = sha256_context()
    sha256_begin(&context)
    bytes.withUnsafeBytes { bytes in
      if let start = bytes.baseAddress {
        sha256_update(&context, start.assumingMemoryBound(to: UInt8.self), bytes.count)
      }
    }
    var digest = [UInt8](repeating: 0, count: 32)
    sha256_end(&context, &digest)
    return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

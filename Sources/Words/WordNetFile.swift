import Checkpoints
import Foundation

/// One of WordNet's text files, mapped: lines of fields with blanks between them, in the order of their bytes.
struct WordNetFile: Sendable {
  let path: String
  private let mapping: MappedFile
  private let bytes: Data

  private static let (lineFeed, blank) = (UInt8(ascii: "\n"), UInt8(ascii: " "))

  init(folder: String, name: String) throws(WordNetError) {
    path = "\(folder)/\(name)"
    guard FileManager.default.fileExists(atPath: path) else { throw .missing(path: path) }
    do throws(CheckpointError) { mapping = try MappedFile(path) } catch { throw Self.error(error, path) }
    bytes = mapping.data
  }

  /// The line that begins at a byte, and ends at its line feed; nil where none begins.
  func line(at offset: Int) throws(WordNetError) -> Substring? {
    try checkUnchanged()
    guard offset >= 0, offset < bytes.count, offset == 0 || bytes[offset - 1] == Self.lineFeed else { return nil }
    return text(offset..<end(offset))
  }

  /// The line whose first field is a key, and where it begins: by bisection, since the lines are sorted. The licence's lines
  /// begin with blanks, and so come before every key.
  func line(of key: String) throws(WordNetError) -> (offset: Int, text: Substring)? {
    try checkUnchanged()
    let key = Array(key.utf8)
    var (low, high) = (0, bytes.count)
    while low < high {
      let middle = (low + high) / 2
      let start = (bytes[low..<middle].lastIndex(of: Self.lineFeed) ?? low - 1) + 1
      let end = end(start)
      let field = bytes[start..<end].prefix { $0 != Self.blank }
      if field.elementsEqual(key) { return (start, text(start..<end)) }
      if field.lexicographicallyPrecedes(key) { low = min(end + 1, high) } else { high = start }
    }
    return nil
  }

  func damaged(_ offset: Int, _ reason: String) -> WordNetError { .damaged(path: path, offset: offset, reason: reason) }

  private func end(_ start: Int) -> Int { bytes[start...].firstIndex(of: Self.lineFeed) ?? bytes.count }

  private func text(_ range: Range<Int>) -> Substring { Substring(decoding: bytes[range], as: UTF8.self) }

  private func checkUnchanged() throws(WordNetError) {
    do throws(CheckpointError) { try mapping.checkUnchanged() } catch { throw Self.error(error, path) }
  }

  private static func error(_ error: CheckpointError, _ path: String) -> WordNetError {
    if case .unreadable(_, let reason) = error { return .unreadable(path: path, reason: reason) }
    return .unreadable(path: path, reason: "\(error)")
  }
}

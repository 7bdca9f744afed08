import Foundation

/// A reader of JSON (RFC 8259) that goes through a text once, for those who know what they expect. It keeps nothing, so
/// neither depth nor length costs memory beyond the strings it returns.
struct StrictJSON {
  private let bytes: FileBytes
  private let text: Data
  private(set) var position = 0
  private static let depthLimit = 64

  init(_ bytes: FileBytes) {
    self.bytes = bytes
    text = bytes.contents
  }

  /// The next byte, or nil at the end.
  func peek() -> UInt8? { position < text.count ? text[text.startIndex + position] : nil }

  private func wrong(_ expected: String) -> CheckpointError {
    bytes.malformed(position, "its header is no valid JSON: \(expected) is expected here")
  }

  private mutating func skipSpace() {
    while let byte = peek(), [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }

  /// Steps over a mark and the space around it.
  private mutating func take(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard peek() == UInt8(ascii: mark) else { return false }
    position += 1
    skipSpace()
    return true
  }

  /// The next key of an object, whose value comes next, or nil at its end.
  ///
  /// - isFirst: true before the first key, with the object's brace still to come
  mutating func nextKey(_ isFirst: inout Bool) throws(CheckpointError) -> String? {
    if isFirst {
      guard take("{") else { throw wrong("'{'") }
      isFirst = false
      if take("}") { return nil }
    } else {
      if take("}") { return nil }
      guard take(",") else { throw wrong("',' or '}'") }
    }
    let key = try string()
    guard take(":") else { throw wrong("':'") }
    return key
  }

  /// `[0, 1, 2]`
  mutating func numbers(atMost limit: Int) throws(CheckpointError) -> [Int] {
    guard take("[") else { throw wrong("a list of numbers") }
    var numbers: [Int] = []
    if take("]") { return [] }
    repeat {
      guard numbers.count < limit else { throw bytes.malformed(position, "a list has more than \(limit) numbers") }
      numbers.append(try number())
    } while take(",")
    guard take("]") else { throw wrong("',' or ']'") }
    return numbers
  }

  /// A whole number that is not negative, without sign, fraction or exponent.
  private mutating func number() throws(CheckpointError) -> Int {
    let start = position
    while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    let digits = String(decoding: try bytes.slice(start, position - start), as: UTF8.self)
    guard let value = Int(digits), digits == "0" || !digits.hasPrefix("0") else {
      position = start
      throw wrong("a whole number")
    }
    return value
  }

  mutating func string() throws(CheckpointError) -> String {
    let start = position
    guard peek() == UInt8(ascii: "\"") else { throw wrong("text in quotes") }
    position += 1
    var hasEscapes = false
    while let byte = peek(), byte != UInt8(ascii: "\"") {
      guard byte >= 0x20 else { throw wrong("text without control characters") }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        position += 1
      }
      position += 1
    }
    guard peek() != nil else {
      position = text.count
      throw wrong("the end of a text")
    }
    position += 1
    let quoted = try bytes.slice(start, position - start)
    // Foundation knows the escapes.
    let string =
      hasEscapes
      ? (try? JSONSerialization.jsonObject(with: quoted, options: .fragmentsAllowed)) as? String
      : String(data: quoted.dropFirst().dropLast(), encoding: .utf8)
    guard let string, String(data: quoted, encoding: .utf8) != nil else {
      position = start
      throw wrong("text in UTF-8")
    }
    return string
  }

  /// Steps over a value of any kind.
  mutating func skipValue(depth: Int = 0) throws(CheckpointError) {
    guard depth < Self.depthLimit else { throw bytes.malformed(position, "its header nests too deep") }
    skipSpace()
    switch peek() {
    case UInt8(ascii: "{"):
      var isFirst = true
      while try nextKey(&isFirst) != nil { try skipValue(depth: depth + 1) }
    case UInt8(ascii: "["):
      _ = take("[")
      if take("]") { return }
      repeat { try skipValue(depth: depth + 1) } while take(",")
      guard take("]") else { throw wrong("',' or ']'") }
    case UInt8(ascii: "\""): _ = try string()
    default: try skipWord()
    }
  }

  /// A number of any form, true, false or null.
  private mutating func skipWord() throws(CheckpointError) {
    let start = position
    while let byte = peek(), ![0x20, 0x09, 0x0A, 0x0D, 0x2C, 0x5D, 0x7D].contains(byte) { position += 1 }
    let word = try bytes.slice(start, position - start)
    guard word.count <= 400, (try? JSONSerialization.jsonObject(with: word, options: .fragmentsAllowed)) != nil else {
      position = start
      throw wrong("a value")
    }
  }

  mutating func expectEnd() throws(CheckpointError) {
    skipSpace()
    guard position == text.count else { throw wrong("the end") }
  }
}

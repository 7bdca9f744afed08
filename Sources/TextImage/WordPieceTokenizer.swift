public import Checkpoints
import Foundation

/// BERT's tokens without case (Devlin et al. 2019, arXiv 1810.04805): words and punctuation, each cut greedily into the longest
/// pieces that the vocabulary has.
public struct WordPieceTokenizer: Sendable {
  private let vocabulary: [ArraySlice<UInt8>: Int32]
  private let unknown, start, end: Int32
  /// Identifiers are below this.
  let count: Int
  /// Longer words are unknown.
  private static let longestWord = 100

  /// - path: `vocab.txt`, a piece a line, whose number is its identifier; those within words begin with ##
  /// - Throws: `CheckpointError` when the file is missing or another one.
  public init(path: String) throws(CheckpointError) {
    let contents: Data
    do { contents = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw .unreadable(path: path, reason: "there is no such file, or it may not be read")
    }
    var vocabulary: [ArraySlice<UInt8>: Int32] = [:]
    for (number, line) in Array(contents).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    where !line.isEmpty {
      vocabulary[line.last == UInt8(ascii: "\r") ? line.dropLast() : line] = Int32(number)
    }
    let specials = ["[UNK]", "[CLS]", "[SEP]"].compactMap { vocabulary[Array($0.utf8)[...]] }
    guard specials.count == 3 else {
      throw .malformed(
        path: path, offset: nil, reason: "it lacks [UNK], [CLS] or [SEP], so it is no vocabulary of BERT")
    }
    (unknown, start, end) = (specials[0], specials[1], specials[2])
    count = Int(vocabulary.values.max() ?? 0) + 1
    self.vocabulary = vocabulary
  }

  /// The identifiers of a text between [CLS] and [SEP]; longer ones are cut.
  ///
  /// - limit: how many there may be with those two
  /// - result: not padded
  public func sequence(_ text: String, limit: Int = 256) -> [Int32] {
    [start] + identifiers(text).prefix(limit - 2) + [end]
  }

  /// The identifiers of a text by themselves.
  public func identifiers(_ text: String) -> [Int32] {
    var identifiers: [Int32] = []
    for word in Self.words(Self.normalized(text)) { append(word, to: &identifiers) }
    return identifiers
  }

  /// Cuts a word into the longest pieces from its start on.
  private func append(_ word: ArraySlice<Unicode.Scalar>, to identifiers: inout [Int32]) {
    guard word.count <= Self.longestWord else { return identifiers.append(unknown) }
    // Two signs before, so that pieces within the word are a slice too.
    var bytes = Array("##".utf8)
    var ends = [bytes.count]
    for scalar in word {
      bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      ends.append(bytes.count)
    }
    var (start, pieces) = (0, [Int32]())
    while start < word.count {
      let from = start == 0 ? ends[0] : ends[start] - 2
      if start > 0 { bytes.replaceSubrange(from..<ends[start], with: Array("##".utf8)) }
      guard
        let end = (start + 1...word.count).reversed().first(where: { vocabulary[bytes[from..<ends[$0]]] != nil }),
        let piece = vocabulary[bytes[from..<ends[end]]]
      else { return identifiers.append(unknown) }
      pieces.append(piece)
      start = end
    }
    identifiers += pieces
  }
}

extension WordPieceTokenizer {
  /// Without controls, blanks around ideographs, without accents, in lower case.
  private static func normalized(_ text: String) -> [Unicode.Scalar] {
    var scalars: [Unicode.Scalar] = []
    var isASCII = true
    for scalar in text.unicodeScalars where !isDropped(scalar) {
      isASCII = isASCII && scalar.isASCII
      if isIdeograph(scalar) {
        scalars += [" ", scalar, " "]
      } else {
        scalars.append(scalar.properties.isWhitespace ? " " : scalar)
      }
    }
    if !isASCII {
      let decomposed = String(String.UnicodeScalarView(scalars)).decomposedStringWithCanonicalMapping
      scalars = decomposed.unicodeScalars.filter { $0.properties.generalCategory != .nonspacingMark }
    }
    return scalars.flatMap { scalar -> [Unicode.Scalar] in
      guard scalar.isASCII else { return Array(scalar.properties.lowercaseMapping.unicodeScalars) }
      return [("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar]
    }
  }

  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "\t", "\n", "\r": return false
    case "\u{FFFD}": return true
    default: break
    }
    switch scalar.properties.generalCategory {
    // Not the unassigned ones, which the reference keeps.
    case .control, .format, .privateUse, .surrogate: return true
    default: return false
    }
  }

  private static func isIdeograph(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F, 0x2B820...0x2CEAF,
      0xF900...0xFAFF, 0x2F800...0x2FA1F:
      true
    default: false
    }
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII {
      return (33...126).contains(scalar.value) && !scalar.properties.isAlphabetic && !isDigit(scalar)
    }
    switch scalar.properties.generalCategory {
    case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
      .finalPunctuation, .otherPunctuation:
      return true
    default: return false
    }
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

  /// Between blanks; every punctuation character is a word of its own.
  private static func words(_ text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    var words: [ArraySlice<Unicode.Scalar>] = []
    for part in text.split(whereSeparator: { $0.properties.isWhitespace }) {
      var start = part.startIndex
      for place in part.indices where isPunctuation(part[place]) {
        if start < place { words.append(part[start..<place]) }
        words.append(part[place...place])
        start = place + 1
      }
      if start < part.endIndex { words.append(part[start...]) }
    }
    return words
  }
}

public import Checkpoints
import Foundation

/// CLIP's tokens: pairs of a word's bytes merged in the order of a learned list (Sennrich et al. 2016, arXiv 1508.07909, as in
/// OpenAI's CLIP).
public struct BytePairTokenizer: Sendable {
  public static let vocabularySize = 49_408
  /// The identifiers that begin and end a sequence.
  public static let (start, end): (Int32, Int32) = (49_406, 49_407)
  private static let mergeCount = vocabularySize - 2 * 256 - 2

  /// Of the pair of two identifiers, its place in the list and what it becomes.
  private let merges: [UInt64: Merge]
  /// The identifier of each byte within a word; 256 more where the word ends with it.
  private let bytes: [Int32]

  private struct Merge {
    let rank: Int32
    let result: Int32
  }

  /// - path: `bpe_simple_vocab_16e6.txt.gz`: a line of comment, then a merge a line, of which the first 48 894 count
  /// - Throws: `CheckpointError` when the file is missing or another one.
  public init(path: String) throws(CheckpointError) {
    let lines = try GzipFile.contents(of: path).split(
      separator: UInt8(ascii: "\n"), maxSplits: Self.mergeCount + 1, omittingEmptySubsequences: false)
    guard lines.count == Self.mergeCount + 2 else {
      throw .malformed(path: path, offset: nil, reason: "it has \(lines.count) lines, fewer than CLIP's vocabulary")
    }
    let (symbols, numbers) = Self.alphabet
    var identifiers: [Data: Int32] = [:]
    for (number, symbol) in symbols.enumerated() {
      let text = Data(String(symbol).utf8)
      identifiers[text] = Int32(number)
      identifiers[text + Self.wordEnd] = Int32(256 + number)
    }
    let pairs = lines[1...Self.mergeCount].map { $0.split(separator: UInt8(ascii: " ")) }
    for (rank, pair) in pairs.enumerated() {
      guard pair.count == 2 else {
        throw .malformed(path: path, offset: nil, reason: "its line \(rank + 2) is no pair")
      }
      identifiers[pair[0] + pair[1]] = Int32(512 + rank)
    }
    var merges: [UInt64: Merge] = [:]
    merges.reserveCapacity(pairs.count)
    for (rank, pair) in pairs.enumerated() {
      guard let first = identifiers[Data(pair[0])], let second = identifiers[Data(pair[1])],
        let result = identifiers[pair[0] + pair[1]]
      else { throw .malformed(path: path, offset: nil, reason: "its line \(rank + 2) merges what is not there") }
      merges[Self.key(first, second)] = Merge(rank: Int32(rank), result: result)
    }
    (self.merges, bytes) = (merges, numbers)
  }

  private static let wordEnd = Data("</w>".utf8)

  private static func key(_ first: Int32, _ second: Int32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

  /// The printable stand-ins of all bytes, in the order of their identifiers, and each byte's identifier.
  private static var alphabet: (symbols: [Unicode.Scalar], numbers: [Int32]) {
    let printable = Array(33...126) + Array(161...172) + Array(174...255)
    let rest = (0..<256).filter { !printable.contains($0) }
    var numbers = [Int32](repeating: 0, count: 256)
    for (number, byte) in (printable + rest).enumerated() { numbers[byte] = Int32(number) }
    let symbols = printable.map { Unicode.Scalar(UInt8($0)) } + rest.indices.compactMap { Unicode.Scalar(256 + $0) }
    return (symbols, numbers)
  }

  /// The identifiers of a text, between those that begin and end it; longer ones are cut, the last then ends it.
  ///
  /// - limit: how many there may be, at least 2: the rows of the network's table of positions
  /// - result: not padded
  public func sequence(_ text: String, limit: Int = 77) -> [Int32] {
    [Self.start] + identifiers(text).prefix(limit - 2) + [Self.end]
  }

  /// The identifiers of a text by themselves.
  public func identifiers(_ text: String) -> [Int32] {
    Self.words(TextCleaning.cleaned(text)).flatMap(merged)
  }

  private func merged(_ word: ArraySlice<Unicode.Scalar>) -> [Int32] {
    let text = String(String.UnicodeScalarView(word))
    if text == Self.specials[0] { return [Self.start] }
    if text == Self.specials[1] { return [Self.end] }
    var symbols = text.utf8.map { bytes[Int($0)] }
    symbols[symbols.count - 1] += 256
    while symbols.count > 1 {
      var best: (pair: UInt64, merge: Merge)?
      for place in 1..<symbols.count {
        let pair = Self.key(symbols[place - 1], symbols[place])
        if let merge = merges[pair], merge.rank < best?.merge.rank ?? .max { best = (pair, merge) }
      }
      guard let best else { break }
      var merged: [Int32] = []
      var place = 0
      while place < symbols.count {
        let isPair = place + 1 < symbols.count && Self.key(symbols[place], symbols[place + 1]) == best.pair
        merged.append(isPair ? best.merge.result : symbols[place])
        place += isPair ? 2 : 1
      }
      symbols = merged
    }
    return symbols
  }
}

extension BytePairTokenizer {
  private static let specials = ["<|startoftext|>", "<|endoftext|>"]
  private static let specialScalars = specials.map { Array($0.unicodeScalars) }
  /// With the long s, whose capital is S.
  private static let contractions = ["'s", "'ſ", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }

  private enum Kind { case blank, letter, number, other }

  private static func kind(_ scalar: Unicode.Scalar) -> Kind {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: .letter
    case .decimalNumber, .letterNumber, .otherNumber: .number
    default: scalar.properties.isWhitespace ? .blank : .other
    }
  }

  /// Special tokens, contractions, runs of letters, single numbers, runs of everything else but blanks.
  private static func words(_ text: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
    var words: [ArraySlice<Unicode.Scalar>] = []
    let kinds = text.map(kind)
    var place = 0
    while place < text.count {
      let rest = text[place...]
      let whole = (specialScalars + contractions).first { rest.starts(with: $0) }?.count
      let count =
        whole
        ?? (kinds[place] == .number ? 1 : kinds[place...].prefix { $0 == kinds[place] }.count)
      if kinds[place] != .blank { words.append(rest.prefix(count)) }
      place += count
    }
    return words
  }
}

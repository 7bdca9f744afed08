import Foundation

/// A sense: a set of nouns that mean the same thing.
public struct Synset: Hashable, Sendable {
  /// A relation to another synset of nouns.
  public struct Pointer: Hashable, Sendable {
    /// WordNet's symbol: "@" hypernym, "~" hyponym, "@i" and "~i" of instances, "#p" whole, "%p" part … (wninput(5WN)).
    public let symbol: String
    /// The other synset's ``Synset/offset``.
    public let target: Int
  }

  /// The byte of `data.noun` at which it is written.
  public let offset: Int
  public let file: LexicographerFile
  /// Case kept, blanks between the parts of compounds, most frequent first.
  public let words: [String]
  /// Those between whole synsets of nouns, in the file's order.
  public let pointers: [Pointer]
  /// What it means, with examples in quotation marks.
  public let gloss: String

  /// "n" and eight digits: the name that ImageNet uses.
  public var identifier: String {
    let digits = String(offset)
    return "n" + String(repeating: "0", count: max(8 - digits.count, 0)) + digits
  }

  /// The gloss without its examples.
  public var definition: String {
    gloss.replacing(#/"[^"]*"/#, with: "").trimmingCharacters(in: CharacterSet(charactersIn: "; "))
  }
}

extension Synset {
  /// A line of `data.noun`: offset, lexicographer file, "n", number of words (hexadecimal), word and lexical number of each,
  /// number of pointers, symbol, target, part of speech and words of each, "|" and the gloss (wndb(5WN)).
  ///
  /// - Returns: nil when the line is something else.
  init?(line: Substring, offset: Int) {
    guard let bar = line.firstRange(of: " | ") ?? line.firstRange(of: "|") else { return nil }
    var fields = line[..<bar.lowerBound].split(separator: " ")[...]
    guard let place = fields.popFirst(), place.utf8.count == 8, Int(place) == offset,
      let file = fields.popFirst().flatMap({ Int($0) }).flatMap(LexicographerFile.init), fields.popFirst() == "n",
      let count = fields.popFirst().flatMap({ Int($0, radix: 16) }), (1...255).contains(count)
    else { return nil }
    var words: [String] = []
    for _ in 0..<count {
      guard let word = fields.popFirst(), fields.popFirst() != nil else { return nil }
      words.append(Self.plain(word))
    }
    guard let pointers = Self.pointers(&fields), fields.isEmpty else { return nil }
    self.init(
      offset: offset, file: file, words: words, pointers: pointers,
      gloss: line[bar.upperBound...].trimmingCharacters(in: .whitespaces))
  }

  private static func pointers(_ fields: inout ArraySlice<Substring>) -> [Pointer]? {
    // Not 4 * count: a damaged count may be as large as a number can be.
    guard let count = fields.popFirst().flatMap({ Int($0) }), fields.count.isMultiple(of: 4), fields.count / 4 == count
    else { return nil }
    var pointers: [Pointer] = []
    for _ in 0..<count {
      guard let symbol = fields.popFirst(), let target = fields.popFirst().flatMap({ Int($0) }),
        let part = fields.popFirst(), let words = fields.popFirst(), words.utf8.count == 4
      else { return nil }
      if part == "n", words == "0000" { pointers.append(Pointer(symbol: String(symbol), target: target)) }
    }
    return pointers
  }

  /// Without a syntactic marker, "(p)", and with blanks.
  private static func plain(_ word: Substring) -> String {
    let word = word.hasSuffix(")") ? word.prefix { $0 != "(" } : word
    return String(word.map { $0 == "_" ? " " : $0 })
  }
}

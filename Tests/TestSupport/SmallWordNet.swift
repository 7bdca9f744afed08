public import Foundation

/// A folder of WordNet's files with a few nouns.
public struct SmallWordNet {
  public var exceptions = "axes ax axis\nmen man\n"
  /// Nouns and the numbers of their synsets.
  public var entries = [
    ("ax", [1]), ("axis", [2]), ("hex_nut", [4]), ("man", [5]), ("nut", [3, 6]), ("tool", [0]), ("zip", [7]),
  ]
  /// Lexicographer file, words, pointers as symbol and number, gloss.
  public var synsets: [(file: String, words: String, pointers: [(String, Int)], gloss: String)] = [
    ("06", "01 tool 0", [("~", 1), ("~", 3)], "what work is done with"),
    ("06", "01 ax 0", [("@", 0)], "a tool; \"he swung the ax\""), ("25", "01 axis 0", [], "a line"),
    ("06", "01 nut 0", [("@", 0), ("~", 4)], "a block with a thread"),
    ("06", "02 hex_nut 0 Six-Sided_Nut(p) 1", [("@", 3)], "a nut | with six sides"),
    ("18", "01 man 0", [], "somebody"), ("20", "01 nut 1", [], "a seed"), ("06", "01 zip 0", [], "a fastener"),
  ]
  public init() {}

  private static let licence = "  1 This software is nobody's.  \n  2 It has no warranty.  \n"

  /// A synset by the name that options take.
  public func identifier(_ number: Int) -> String { "n" + Self.digits(offset(number)) }

  /// Where a synset is written.
  public func offset(_ number: Int) -> Int {
    Self.licence.utf8.count + synsets.indices.prefix(number).reduce(0) { $0 + line($1, at: 0, { _ in 0 }).utf8.count }
  }

  private func line(_ number: Int, at offset: Int, _ target: (Int) -> Int) -> String {
    let synset = synsets[number]
    let pointers = synset.pointers.map { " \($0.0) \(Self.digits(target($0.1))) n 0000" }.joined()
    let count = "00\(synset.pointers.count + 2)"
    // Pointers that are none of ours: to a verb, and between single words of nouns.
    return
      "\(Self.digits(offset)) \(synset.file) n \(synset.words) \(count)\(pointers) + 00000042 v 0101 ! 00000042 n 0101 | \(synset.gloss)  \n"
  }

  private static func digits(_ offset: Int) -> String {
    String(repeating: "0", count: 8 - "\(offset)".count) + "\(offset)"
  }

  public func write(to folder: URL) throws {
    let data = synsets.indices.map { line($0, at: offset($0), offset) }.joined()
    let index = entries.map { name, numbers in
      "\(name) n \(numbers.count) 2 @ ~ \(numbers.count) 0 \(numbers.map { Self.digits(offset($0)) }.joined(separator: " "))  \n"
    }.joined()
    for (name, text) in [
      ("data.noun", Self.licence + data), ("index.noun", Self.licence + index), ("noun.exc", exceptions),
    ] { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
  }
}

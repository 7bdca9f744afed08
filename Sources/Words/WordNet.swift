import Foundation

/// The nouns of WordNet 3.0 (Fellbaum 1998), read where they lie: nothing is loaded before it is asked for.
public struct WordNet: Sendable {
  /// The folder of `index.noun`, `data.noun` and `noun.exc`.
  public let folder: String
  private let index, data, exceptions: WordNetFile

  /// Where Debian's and Ubuntu's package `wordnet-base` puts the files.
  public static let standardFolder = "/usr/share/wordnet"

  /// - folder: of the `dict` files of WordNet 3.0
  /// - Throws: ``WordNetError`` naming the file that is missing, and the package that has it.
  public init(folder: String = standardFolder) throws(WordNetError) {
    let folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    self.folder = folder
    index = try WordNetFile(folder: folder, name: "index.noun")
    data = try WordNetFile(folder: folder, name: "data.noun")
    exceptions = try WordNetFile(folder: folder, name: "noun.exc")
  }

  /// The senses of a noun or compound in any form, most frequent first: those of each base form in turn.
  ///
  /// - Throws: ``WordNetError`` when a file is damaged.
  public func senses(of noun: String) throws(WordNetError) -> [Synset] {
    var (found, seen): ([Synset], Set<Int>) = ([], [])
    for form in try baseForms(of: noun) {
      for offset in try offsets(ofLemma: form) ?? [] where seen.insert(offset).inserted {
        found.append(try synset(at: offset))
      }
    }
    return found
  }

  /// A synset by its place in `data.noun`.
  public func synset(at offset: Int) throws(WordNetError) -> Synset {
    guard let line = try data.line(at: offset), let synset = Synset(line: line, offset: offset) else {
      throw data.damaged(offset, "no synset of nouns is written there")
    }
    return synset
  }

  /// Synsets above or below another, nearest first, each once; instances count as what lies below their class.
  ///
  /// - depth: so many steps; 1 is the direct ones
  public func related(_ synset: Synset, by relation: Relation, depth: Int = 1) throws(WordNetError) -> [Synset] {
    var (found, level): ([Synset], [Synset]) = ([], [synset])
    var seen: Set = [synset.offset]
    for _ in 0..<max(depth, 0) where !level.isEmpty {
      var next: [Synset] = []
      for pointer in level.flatMap(\.pointers)
      where relation.symbols.contains(pointer.symbol) && seen.insert(pointer.target).inserted {
        next.append(try self.synset(at: pointer.target))
      }
      found += next
      level = next
    }
    return found
  }

  /// The base forms of a noun that WordNet has: itself, then what the list of exceptions says, or else what the rules for
  /// endings give (morphy(7WN), as NLTK reads it). With "_" between the parts of a compound.
  public func baseForms(of noun: String) throws(WordNetError) -> [String] {
    let form = Self.lemma(noun)
    var forms = [form]
    if let line = try exceptions.line(of: form) {
      forms += line.text.split(separator: " ").dropFirst().map(String.init)
    } else {
      forms += Self.endings.compactMap { form.hasSuffix($0) ? form.dropLast($0.count) + $1 : nil }
    }
    var found: [String] = []
    for form in forms where !form.isEmpty && !found.contains(form) {
      if try index.line(of: form) != nil { found.append(form) }
    }
    return found
  }

  private static let endings = [
    ("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("men", "man"),
    ("ies", "y"),
  ]

  /// As `index.noun` writes a noun.
  private static func lemma(_ noun: String) -> String {
    noun.lowercased().split { $0.isWhitespace || $0 == "_" }.joined(separator: "_")
  }

  /// A line of `index.noun`: lemma, "n", number of synsets, number of symbols, the symbols, number of senses, number of those
  /// in texts, the synsets' offsets (wndb(5WN)).
  private func offsets(ofLemma lemma: String) throws(WordNetError) -> [Int]? {
    guard let line = try index.line(of: lemma) else { return nil }
    let fields = line.text.split(separator: " ")
    guard fields.count > 3, fields[1] == "n", let count = Int(fields[2]), let symbols = Int(fields[3]), count > 0,
      symbols >= 0, symbols < fields.count, fields.count - 6 - symbols == count
    else { throw index.damaged(line.offset, "this is no entry of a noun") }
    let offsets = fields.suffix(count).compactMap { Int($0) }
    guard offsets.count == count else { throw index.damaged(line.offset, "a synset's place is no number") }
    return offsets
  }
}

/// How words hang together in WordNet.
public enum Relation: String, CaseIterable, Codable, Sendable {
  /// In the same synset.
  case synonym
  /// A wider term: a fastener, of a zipper.
  case hypernym
  /// A narrower term: a wing nut, of a nut.
  case hyponym

  var symbols: [String] {
    switch self {
    case .synonym: []
    case .hypernym: ["@", "@i"]
    case .hyponym: ["~", "~i"]
    }
  }
}

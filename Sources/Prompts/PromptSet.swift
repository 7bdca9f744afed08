import Foundation
public import TextImage
public import Words

/// A sentence about a product.
public struct Prompt: Codable, Hashable, Sendable {
  /// Where its word comes from.
  public enum Source: String, Codable, Sendable { case base, synonym, hypernym, hyponym, status }

  public let text: String
  /// Nil in the base prompt.
  public let word: String?
  public let source: Source
  /// The word of the keyword that WordNet was asked for; nil where it was not.
  public let lookedUp: String?

  init(text: String, word: String?, source: Source, lookedUp: String?) {
    (self.text, self.word, self.source, self.lookedUp) = (text, word, source, lookedUp)
  }

  /// A sentence of one's own.
  public init(_ text: String) { self.init(text: text, word: nil, source: .base, lookedUp: nil) }
}

/// The prompts of a keyword: W₁ … W_T related to the object W_o, and P_t = "a W_o with W_t" (arXiv 2403.06247; Eq. 1 of
/// our reading of it). Number 0 is the base prompt.
public struct PromptSet: Sendable {
  /// In lower case, with blanks.
  public let keyword: String
  public let description: String?
  /// Of the keyword's last part that WordNet has, then of those before it.
  public let senses: [SenseChoice]
  public let prompts: [Prompt]
  /// Words that were left out because there were too many.
  public let leftOut: Int
  /// Parts of the keyword that WordNet does not have.
  public let unknown: [String]

  /// - description: what the product is, in words; decides between senses of the keyword's last part. Without it, and for the
  ///   parts before it, the base prompt does.
  /// - senses: identifiers of synsets to take instead of the chosen ones
  /// - encoder: for senses, and for the choice among too many words; nil to take the first of both
  /// - Throws: ``PromptError``, `WordNetError`, what the encoder throws.
  public init(
    keyword: String, description: String? = nil, senses named: [String] = [], wordNet: WordNet,
    options: PromptOptions = PromptOptions(), encoder: (any TextEncoder)? = nil
  ) throws {
    try options.check()
    let object = Self.normalized(keyword)
    guard !object.isEmpty else { throw PromptError.emptyKeyword }
    let base = options.baseTemplate.replacing("{object}", with: object)
    let (parts, unknown) = try Self.parts(of: object, wordNet)
    let choices = try parts.enumerated().map { index, part in
      try SenseChoice(
        of: part, senses: wordNet.senses(of: part), context: index == 0 ? description ?? base : base, named: named,
        options: options, encoder: encoder)
    }
    try Self.check(named, choices)
    let words = try Self.words(object, choices, wordNet, options)
    let kept = try Self.nearest(words, to: object, options, encoder)
    (self.keyword, self.description, senses, self.unknown) = (object, description, choices, unknown)
    leftOut = words.count - kept.count
    prompts =
      [Prompt(text: base, word: nil, source: .base, lookedUp: nil)]
      + kept.map { word, source, part in
        // The word last: it may hold braces of its own.
        let text = options.template.replacing("{object}", with: object).replacing("{word}", with: word)
        return Prompt(text: text, word: word, source: source, lookedUp: part)
      }
  }

  private typealias Word = (word: String, source: Prompt.Source, part: String?)

  /// A keyword as prompts write it: in lower case, with single blanks between its words.
  public static func normalized(_ keyword: String) -> String {
    keyword.lowercased().split { $0.isWhitespace || $0 == "_" }.joined(separator: " ")
  }

  /// The longest ends of a keyword that WordNet has: all of it, or its last words, then the same of what stands before.
  private static func parts(of keyword: String, _ wordNet: WordNet) throws -> (known: [String], unknown: [String]) {
    var words = keyword.split(separator: " ").map(String.init)
    if keyword.contains("-"), try wordNet.baseForms(of: keyword).isEmpty {
      words = keyword.split { $0 == " " || $0 == "-" }.map(String.init)
    }
    var (known, unknown): ([String], [String]) = ([], [])
    while !words.isEmpty {
      let start = try words.indices.first { try !wordNet.baseForms(of: words[$0...].joined(separator: " ")).isEmpty }
      let part = words[(start ?? words.count - 1)...].joined(separator: " ")
      if start == nil { unknown.append(part) } else if !known.contains(part) { known.append(part) }
      words.removeLast(words.count - (start ?? words.count - 1))
    }
    return (known, unknown)
  }

  private static func check(_ named: [String], _ choices: [SenseChoice]) throws(PromptError) {
    let all = choices.flatMap { choice in choice.candidates.map { (choice.word, $0.synset) } }
    for asked in named where !all.contains(where: { $0.1.identifier == asked }) {
      throw .sense(asked: asked, known: all.map { "\($1.identifier) (\($0): \($1.definition))" })
    }
  }

  /// Words in the order of parts, then synonyms, wider and narrower terms; each once, the keyword's own parts left out.
  private static func words(
    _ object: String, _ choices: [SenseChoice], _ wordNet: WordNet, _ options: PromptOptions
  ) throws -> [Word] {
    var found: [Word] = []
    var seen = Set([object] + choices.map(\.word))
    for choice in choices {
      seen.formUnion(try wordNet.baseForms(of: choice.word).map { $0.replacing("_", with: " ") })
    }
    func add(_ word: String, _ source: Prompt.Source, _ part: String?) {
      let word = normalized(word)
      guard !word.isEmpty, !ExcludedWords.contains(word), seen.insert(word).inserted else { return }
      found.append((word, source, part))
    }
    for choice in choices {
      guard let sense = choice.chosen else { continue }
      for relation in Relation.allCases where options.relations.contains(relation) {
        let (synsets, source) =
          switch relation {
          case .synonym: ([sense], Prompt.Source.synonym)
          case .hypernym: (try wordNet.related(sense, by: relation, depth: options.hypernymDepth), .hypernym)
          case .hyponym: (try wordNet.related(sense, by: relation, depth: options.hyponymDepth), .hyponym)
          }
        for word in synsets.flatMap(\.words) { add(word, source, choice.word) }
      }
    }
    for word in options.statusWords { add(word, .status, nil) }
    return found
  }

  /// The `limit` words that are nearest to the object by cos(f_T("a photo of a w"), f_T("a photo of a W_o")), in their order.
  private static func nearest(
    _ words: [Word], to object: String, _ options: PromptOptions, _ encoder: (any TextEncoder)?
  ) throws -> [Word] {
    guard words.count > options.limit else { return words }
    guard let encoder else { return Array(words.prefix(options.limit)) }
    let texts = ([object] + words.map(\.word)).map { options.baseTemplate.replacing("{object}", with: $0) }
    let vectors = try encoder.vectors(ofTexts: texts)
    let best = Cosine.ranked(vectors.dropFirst().map { Cosine.of(vectors[0], $0) }).prefix(options.limit)
    return best.sorted().map { words[$0] }
  }
}

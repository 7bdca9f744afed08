public import Words

/// How a keyword becomes prompts. None of this is known of the paper but the pattern "a … with …"; all of it can be changed.
public struct PromptOptions: Codable, Hashable, Sendable {
  /// "{object}" and "{word}" are replaced.
  public var template = "a {object} with {word}"
  /// The prompt that is always there, as number 0.
  public var baseTemplate = "a photo of a {object}"
  /// Which words of WordNet are taken.
  public var relations = Relation.allCases
  /// So many steps to wider terms.
  public var hypernymDepth = 1
  /// So many steps to narrower terms.
  public var hyponymDepth = 1
  /// The kinds of things among which a sense is chosen …
  public var kinds: [LexicographerFile] = [.artifact, .food, .substance]
  /// … or else these, where a word has no such sense: of most products of plants, WordNet has the plant, too.
  public var otherKinds: [LexicographerFile] = [.plant, .object, .shape, .attribute, .group]
  /// Words that are not of WordNet, after those that are.
  public var statusWords = standardStatusWords
  /// At most so many words; of more, the nearest to the keyword are kept, or the first where there is no encoder.
  public var limit = 64

  /// Neutral things to say of a good product's surface.
  public static let standardStatusWords = [
    "clean surface", "smooth surface", "even texture", "uniform colour", "plain finish", "sharp edges", "intact shape",
  ]

  public init() {}

  /// - Throws: ``PromptError`` when a template lacks its places, or a number is out of range.
  public func check() throws(PromptError) {
    guard template.contains("{object}"), template.contains("{word}") else {
      throw .template(template, needs: "{object} and {word}")
    }
    guard baseTemplate.contains("{object}") else { throw .template(baseTemplate, needs: "{object}") }
    guard hypernymDepth >= 0, hyponymDepth >= 0, limit >= 0 else { throw .negative }
  }
}

/// What is wrong with a wish for prompts.
public enum PromptError: Error, Hashable, Sendable, CustomStringConvertible {
  case emptyKeyword
  case template(String, needs: String)
  case negative
  /// - known: the senses there are, as "n03836191 (nut: a small metal block …)"
  case sense(asked: String, known: [String])

  public var description: String {
    switch self {
    case .emptyKeyword: "The keyword is empty; name the product, as in 'metal nut'."
    case .template(let template, let needs): "The template '\(template)' needs \(needs)."
    case .negative: "Depths and limits of prompts must not be below 0."
    case .sense(let asked, let known) where known.isEmpty:
      "There is no sense \(asked): WordNet has no word of the keyword; leave --sense out."
    case .sense(let asked, let known):
      "\(asked) is no sense of the keyword's words; there is \(known.joined(separator: "; "))."
    }
  }
}

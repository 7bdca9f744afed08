public import ArgumentParser
import Datasets
import Foundation
import Prompts
import TextImage
import ToolSupport
public import Words

extension Relation: ExpressibleByArgument {}

extension LexicographerFile: ExpressibleByArgument {
  public init?(argument: String) {
    guard let file = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = file
  }

  public static var allValueStrings: [String] { allCases.map { "\($0)" } }
}

/// Where pictures of the product are; none need be named.
struct ProductPictures: ParsableArguments {
  @OptionGroup var place: ProductPlace

  @Option(
    help: ArgumentHelp(
      "Take this many training pictures: the first by name, or a random draw (default: all).", valueName: "COUNT"))
  var shots: Int?

  @Option(help: ArgumentHelp("Draw the shots at random with this seed.", valueName: "SEED"))
  var draw: UInt64?

  var areNamed: Bool { place.data != nil || !place.normal.isEmpty }

  func validate() throws {
    if !areNamed, shots != nil { throw ValidationError("--shots needs --data or --normal.") }
    if draw != nil, shots == nil { throw ValidationError("--draw needs --shots.") }
    if !place.normal.isEmpty, !place.isOwnLayout { throw place.foreignFolders }
  }

  /// The product and its pictures; nil where none were named.
  func load() throws -> (category: Datasets.Category, files: [String])? {
    guard areNamed else { return nil }
    let opened =
      place.normal.isEmpty
      ? try Dataset(place.dataset, root: place.data ?? ".", split: place.split)
      : Dataset(
        PictureFolders(
          name: place.category, root: place.data ?? "", normal: place.normal, abnormal: [], normalTest: [], masks: []))
    let found = try opened.category(place.category)
    return (found, try found.shots(shots, draw: draw))
  }
}

/// Which words become prompts; the defaults are those of the library.
struct PromptWords: ParsableArguments {
  private static let usual = PromptOptions()

  @Option(
    help: ArgumentHelp(
      "Take this sense, by its identifier; may be repeated, for words of a compound.", valueName: "nNNNNNNNN"))
  var sense: [String] = []

  @Option(
    help: ArgumentHelp(
      "Words from WordNet; may be repeated (default: all three).", valueName: "RELATION"))
  var relation: [Relation] = []

  @Option(help: ArgumentHelp("So many steps to wider terms.", valueName: "STEPS"))
  var hypernymDepth = usual.hypernymDepth

  @Option(help: ArgumentHelp("So many steps to narrower terms.", valueName: "STEPS"))
  var hyponymDepth = usual.hyponymDepth

  @Option(
    help: ArgumentHelp(
      "Choose senses of this kind; may be repeated (default: artifact, food and substance, else plant, object, shape, "
        + "attribute and group).", valueName: "KIND"))
  var kind: [LexicographerFile] = []

  @Option(
    help: ArgumentHelp(
      "Further words, one a line, instead of a short list about surfaces; 'none' for none.", valueName: "FILE"))
  var vocabulary: String?

  @Option(help: ArgumentHelp("At most so many words; the nearest to the keyword are kept.", valueName: "COUNT"))
  var limit = usual.limit

  @Option(help: ArgumentHelp("How a word becomes a prompt.", valueName: "TEXT"))
  var template = usual.template

  @Option(help: ArgumentHelp("The prompt that is always there.", valueName: "TEXT"))
  var baseTemplate = usual.baseTemplate

  @Option(name: .customLong("wordnet"), help: ArgumentHelp("The folder of WordNet 3.0's dict files.", valueName: "DIR"))
  var wordNet = WordNet.standardFolder

  func validate() throws {
    var options = withoutVocabulary
    options.statusWords = []
    do { try options.check() } catch { throw ValidationError("\(error)") }
  }

  /// - Throws: `Failure` when the file of words cannot be read.
  func options() throws -> PromptOptions {
    var options = withoutVocabulary
    guard let vocabulary else { return options }
    options.statusWords = []
    guard vocabulary != "none" else { return options }
    guard let text = try? String(contentsOfFile: vocabulary, encoding: .utf8) else {
      throw Failure("\(vocabulary) cannot be read as text; name a file with a word on each line.")
    }
    options.statusWords = text.split(whereSeparator: \.isNewline).map(String.init)
    return options
  }

  private var withoutVocabulary: PromptOptions {
    var options = Self.usual
    if !relation.isEmpty { options.relations = relation }
    if !kind.isEmpty { (options.kinds, options.otherKinds) = (kind, []) }
    (options.hypernymDepth, options.hyponymDepth, options.limit) = (hypernymDepth, hyponymDepth, limit)
    (options.template, options.baseTemplate) = (template, baseTemplate)
    return options
  }
}

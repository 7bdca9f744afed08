import Backbones
import Checkpoints
import Compute
import Datasets
import Foundation
import Images
import TestSupport
import TextImage
import Testing
import Words

@testable import Prompts
@testable import SampleData

private enum Real {
  private static func has(_ weights: KnownWeights) -> Bool { (try? WeightsCache.standard.locate(weights)) != nil }
  private static let wordNetIsThere = (try? WordNet()) != nil
  static let textIsThere = wordNetIsThere && has(.miniLM) && has(.miniLMVocabulary)
  static let textReason =
    "weights: those of all-MiniLM-L6-v2 or WordNet (wordnet-base) are missing: run Tools/demo once"
  static let picturesAreThere = textIsThere && RealWeights.areThere
  static let picturesReason =
    "weights: those of MiniLM or EfficientNet-Lite0, or WordNet, are missing: run Tools/demo once"
}

@Suite("Prompts by text alone", .enabled(if: Real.textIsThere, Comment(rawValue: Real.textReason)))
struct RealPromptsTests {
  private struct Expected: Decodable {
    struct Best: Decodable {
      let prompt: String
      let similarity: Double
    }

    let category, keyword, description: String
    let words: Int
    let senses: [String?]
    let best: [Best]
  }

  /// Another program's reading of the same rules, with NLTK and transformers: of all 15 categories of MVTec AD and the others.
  @Test func sensesAndTheBestFiveEqualTheReferences() throws {
    let all = try JSONDecoder().decode(
      [Expected].self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.path("prompts.json"))))
    let categories = Set(all.map(\.category))
    #expect(all.count == 32 && categories.isSuperset(of: ProductKeyword.all[0].products.map(\.category)))
    let (wordNet, encoder) = (try WordNet(), try MiniLM(on: #require(TestDevice.all.first).device))
    for expected in all {
      let product = try #require(ProductKeyword.of(category: expected.category))
      #expect(product.keyword == expected.keyword && product.description == expected.description)
      let set = try PromptSet(
        keyword: product.keyword, description: product.description, wordNet: wordNet, encoder: encoder)
      #expect(set.senses.map { $0.chosen?.identifier } == expected.senses, "\(expected.category)")
      #expect(set.prompts.count == expected.words + 1, "\(expected.category)")
      let best = try PromptRanking(set, encoder: encoder).entries.prefix(5)
      #expect(best.map(\.prompt.text) == expected.best.map(\.prompt), "\(expected.category)")
      for (found, expected) in zip(best, expected.best) { #expect(abs(found.similarity - expected.similarity) <= 1e-4) }
    }
  }

  /// What a person would say of MVTec AD's products; WordNet has no sense for its grid, and a cooking grid is taken.
  @Test func theSensesAreThoseThatAreMeant() throws {
    let (wordNet, encoder) = (try WordNet(), try MiniLM(on: #require(TestDevice.all.first).device))
    let meant = [
      "bottle": "n02876657", "cable": "n02934168", "capsule": "n02957586", "carpet": "n04118021", "grid": "n03458422",
      "hazelnut": "n07772788", "leather": "n14759722", "metal_nut": "n03836191", "pill": "n03936568",
      "screw": "n04153751",
      "tile": "n04435180", "toothbrush": "n04453156", "transistor": "n04471632", "wood": "n15098161",
      "zipper": "n04238321",
    ]
    for product in ProductKeyword.all[0].products {
      let set = try PromptSet(
        keyword: product.keyword, description: product.description, wordNet: wordNet, encoder: encoder)
      #expect(set.senses[0].chosen?.identifier == meant[product.category], "\(product.category)")
    }
  }
}

@Suite("Prompts by pictures", .enabled(if: Real.picturesAreThere, Comment(rawValue: Real.picturesReason)))
struct RealPicturesTests {
  /// The procedural data set's first four pictures: what the program itself found, so that changes are seen. These are no
  /// right answers: ConSE knows ImageNet's names, and no flange.
  @Test func theBestPromptsOfTheSampleDataStayTheSame() throws {
    let device = try #require(TestDevice.all.first).device
    let (wordNet, words) = (try WordNet(), try MiniLM(on: device))
    let encoder = try TextImageEncoderKind.conse.load(on: device)
    try withTemporaryFolder { folder in
      let root = folder.appendingPathComponent("sample")
      try SampleDataset(seed: 1, plan: SamplePlan(size: 224, training: 4, good: 1, defective: 1), threads: 2)
        .write(to: root) { _, _ in }
      let dataset = try Dataset(.mvtec, root: root.path)
      for (category, expected) in Self.best {
        let product = try #require(ProductKeyword.of(category: category))
        let pictures = try dataset.category(category).shots(4).map { try Image(path: $0) }
        let set = try PromptSet(
          keyword: product.keyword, description: product.description, wordNet: wordNet, encoder: words)
        let ranking = try PromptRanking(set.prompts, pictures: pictures, encoder: encoder)
        #expect(ranking.entries.count == set.prompts.count && ranking.reference == nil)
        for (text, entry) in zip(expected, ranking.entries) {
          // Which of near equals is first may differ between devices.
          let found = try #require(ranking.entries.first { $0.prompt.text == text }, "\(text)")
          #expect(abs(found.similarity - entry.similarity) <= 2e-3, "\(category): \(text), not \(entry.prompt.text)")
        }
        #expect(zip(ranking.entries, ranking.entries.dropFirst()).allSatisfy { $0.similarity >= $1.similarity })
      }
    }
  }

  private static let best: [(String, [String])] = [
    ("blister", ["package", "even texture", "parcel", "", "container"].map { prompt("capsule pack", $0) }),
    ("fabric", ["quilting", "tapestry", "drapery", "sheeting", "denim"].map { prompt("woven fabric", $0) }),
    (
      "flange", ["pinchbeck", "oroide", "rim", "bearing metal", "cheoplastic metal"].map { prompt("metal flange", $0) }
    ),
  ]

  private static func prompt(_ object: String, _ word: String) -> String {
    word.isEmpty ? "a photo of a \(object)" : "a \(object) with \(word)"
  }
}

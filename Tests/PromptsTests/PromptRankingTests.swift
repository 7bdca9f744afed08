import Foundation
import Images
import TestSupport
import Testing
import Words

@testable import Prompts

@Suite("Ranking of prompts")
struct PromptRankingTests {
  private static let prompts = (["aaa", "bbb", "ccc", "ddd"] as [String]).map {
    Prompt(text: "a nut with " + $0, word: $0, source: .status, lookedUp: nil)
  }

  @Test func theMostSimilarIsFirstAndOfEqualsTheFirst() throws {
    let encoder = StubEncoder(texts: [("aaa", 80), ("bbb", 30), ("ccc", 10), ("ddd", 30)])
    let ranking = try PromptRanking(Self.prompts, pictures: [StubEncoder.picture(0)], encoder: encoder)
    #expect(ranking.entries.map(\.index) == [2, 1, 3, 0] && ranking.reference == nil && ranking.encoder == "stub")
    let expected = [10.0, 30, 30, 80].map { cos($0 * Double.pi / 180) }
    for (entry, cosine) in zip(ranking.entries, expected) { #expect(abs(entry.similarity - cosine) <= 1e-6) }
    #expect(ranking.entries[1].margin == 0 && ranking.entries[3].margin == nil)
    #expect(abs((ranking.entries[0].margin ?? 0) - (expected[0] - expected[1])) <= 1e-6)
  }

  /// Of vectors at 0, 0 and 90 degrees, the mean's direction is at atan(1/2).
  @Test func severalPicturesCountByTheirMean() throws {
    let encoder = StubEncoder(texts: [("aaa", 0), ("bbb", 26.565), ("ccc", 45), ("ddd", 90)])
    let pictures = try [0, 0, 90].map { try StubEncoder.picture($0) }
    let ranking = try PromptRanking(Self.prompts, pictures: pictures, encoder: encoder)
    #expect(ranking.entries.map(\.index) == [1, 2, 0, 3])
    #expect(abs(ranking.entries[0].similarity - 1) <= 1e-6)
    // Opposite vectors have no direction: the order is the prompts'.
    let opposite = try PromptRanking(
      Self.prompts, pictures: [StubEncoder.picture(0), StubEncoder.picture(180)], encoder: encoder)
    #expect(opposite.entries.map(\.index) == [0, 1, 2, 3])
    #expect(opposite.entries.allSatisfy { $0.similarity == 0 && $0.margin ?? 0 == 0 })
  }

  @Test func withoutPicturesTheDescriptionOrTheBasePromptDecides() throws {
    try withTemporaryFolder { folder in
      try SmallWordNet().write(to: folder)
      let wordNet = try WordNet(folder: folder.path)
      let encoder = StubEncoder(texts: [("six", 10), ("tool", 60), ("described", 70), ("photo", 30)])
      let base = try PromptRanking(PromptSet(keyword: "nut", wordNet: wordNet), encoder: encoder)
      #expect(base.reference == "a photo of a nut" && base.entries[0].index == 0)
      #expect(abs(base.entries[0].similarity - 1) <= 1e-6)
      let described = try PromptRanking(
        PromptSet(keyword: "nut", description: "described", wordNet: wordNet), encoder: encoder)
      #expect(described.reference == "described" && described.entries[0].prompt.word == "tool")
    }
  }
}

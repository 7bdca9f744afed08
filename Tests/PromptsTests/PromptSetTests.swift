import Foundation
import TestSupport
import Testing
import Words

@testable import Prompts

@Suite("Prompts of a keyword")
struct PromptSetTests {
  private func withWordNet(
    _ small: SmallWordNet = SmallWordNet(), _ body: (SmallWordNet, WordNet) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try small.write(to: folder)
      try body(small, WordNet(folder: folder.path))
    }
  }

  private var plain: PromptOptions {
    var options = PromptOptions()
    options.statusWords = []
    return options
  }

  @Test func wordsComeInOrderAndOnce() throws {
    try withWordNet { _, wordNet in
      var options = PromptOptions()
      options.statusWords = ["Clean  surface", "tool", " ", "COFFIN"]
      let set = try PromptSet(keyword: " Metal_NUT ", wordNet: wordNet, options: options)
      #expect(set.keyword == "metal nut" && set.unknown == ["metal"] && set.leftOut == 0)
      #expect(
        set.prompts.map(\.text) == [
          "a photo of a metal nut", "a metal nut with tool", "a metal nut with hex nut",
          "a metal nut with six-sided nut",
          "a metal nut with clean surface",
        ])
      #expect(set.prompts.map(\.source) == [.base, .hypernym, .hyponym, .hyponym, .status])
      #expect(set.prompts.map(\.lookedUp) == [nil, "nut", "nut", "nut", nil])
    }
  }

  @Test func compoundsAreLookedUpWholeFirst() throws {
    try withWordNet { _, wordNet in
      func words(_ keyword: String) throws -> [String] {
        try PromptSet(keyword: keyword, wordNet: wordNet, options: plain).senses.map(\.word)
      }
      let whole = try words("hex nuts")
      #expect(whole == ["hex nuts"])
      #expect(try words("big hex nut") == ["hex nut"])
      #expect(try words("tool nut") == ["nut", "tool"])
      #expect(try words("nut-axes") == ["axes", "nut"])
      #expect(try words("nut nut") == ["nut"])
      #expect(try words("zap").isEmpty)
      let unknown = try PromptSet(keyword: "zap", wordNet: wordNet, options: plain)
      #expect(unknown.prompts.map(\.text) == ["a photo of a zap"] && unknown.unknown == ["zap"])
    }
  }

  @Test func relationsDepthsAndTemplatesAreOptions() throws {
    try withWordNet { _, wordNet in
      var options = plain
      (options.relations, options.hyponymDepth) = ([.hyponym], 2)
      (options.template, options.baseTemplate) = ("{word} of {object}", "{object}!")
      let set = try PromptSet(keyword: "tool", wordNet: wordNet, options: options)
      #expect(
        set.prompts.map(\.text) == ["tool!", "ax of tool", "nut of tool", "hex nut of tool", "six-sided nut of tool"])
      options.hyponymDepth = 0
      #expect(try PromptSet(keyword: "tool", wordNet: wordNet, options: options).prompts.count == 1)
    }
  }

  @Test func tooManyWordsAreCut() throws {
    try withWordNet { _, wordNet in
      var options = plain
      options.statusWords = ["aaa", "bbb", "ccc"]
      options.limit = 2
      let first = try PromptSet(keyword: "zip", wordNet: wordNet, options: options)
      #expect(first.prompts.map(\.word) == [nil, "aaa", "bbb"] && first.leftOut == 1)
      // The nearest two, in their order; of equals the first.
      let encoder = StubEncoder(texts: [("zip", 0), ("aaa", 50), ("bbb", 20), ("ccc", 10)])
      let nearest = try PromptSet(keyword: "zip", wordNet: wordNet, options: options, encoder: encoder)
      #expect(nearest.prompts.map(\.word) == [nil, "bbb", "ccc"] && nearest.leftOut == 1)
      let equals = StubEncoder(texts: [("zip", 0), ("aaa", 50)], other: 20)
      #expect(
        try PromptSet(keyword: "zip", wordNet: wordNet, options: options, encoder: equals).prompts[1].word == "bbb")
    }
  }

  @Test func anotherSenseCanBeNamed() throws {
    try withWordNet { small, wordNet in
      let set = try PromptSet(keyword: "nut", senses: [small.identifier(6)], wordNet: wordNet, options: plain)
      #expect(set.prompts.count == 1 && set.senses[0].reason == .named)
      let error = #expect(throws: PromptError.self) {
        try PromptSet(keyword: "nut", senses: [small.identifier(5)], wordNet: wordNet)
      }
      #expect(
        error?.description
          == "\(small.identifier(5)) is no sense of the keyword's words; there is \(small.identifier(3)) "
          + "(nut: a block with a thread); \(small.identifier(6)) (nut: a seed).")
    }
  }

  @Test func wrongWishesAreNamed() throws {
    try withWordNet { _, wordNet in
      let empty = #expect(throws: PromptError.emptyKeyword) { try PromptSet(keyword: " _ ", wordNet: wordNet) }
      #expect(empty?.description.contains("name the product") == true)
      for change: (inout PromptOptions) -> Void in [
        { $0.template = "a {word}" }, { $0.template = "a {object}" }, { $0.baseTemplate = "a" }, { $0.limit = -1 },
        { $0.hypernymDepth = -1 }, { $0.hyponymDepth = -1 },
      ] {
        var options = PromptOptions()
        change(&options)
        #expect(throws: PromptError.self) { try PromptSet(keyword: "nut", wordNet: wordNet, options: options) }
      }
    }
  }
}

@Suite("Choice of a sense")
struct SenseChoiceTests {
  /// Senses of "nut" and "man" as one word's: a man, a seed, a thread, a tool.
  private func choose(
    _ numbers: [Int], named: [Int] = [], encoder: StubEncoder?, kinds: [LexicographerFile]? = nil
  ) throws -> (chosen: Int?, choice: SenseChoice) {
    try withTemporaryFolder { folder in
      let small = SmallWordNet()
      try small.write(to: folder)
      let wordNet = try WordNet(folder: folder.path)
      var options = PromptOptions()
      if let kinds { options.kinds = kinds }
      let choice = try SenseChoice(
        of: "nut", senses: numbers.map { try wordNet.synset(at: small.offset($0)) }, context: "context",
        named: named.map(small.identifier), options: options, encoder: encoder)
      return (numbers.first { small.offset($0) == choice.chosen?.offset }, choice)
    }
  }

  @Test func theNearestGlossIsTaken() throws {
    let encoder = StubEncoder(texts: [("context", 0), ("thread", 40), ("work", 20)])
    let (chosen, choice) = try choose([5, 6, 3, 0], encoder: encoder)
    #expect(chosen == 0 && choice.reason == .similarity)
    #expect(choice.candidates.map(\.isAdmissible) == [false, false, true, true])
    #expect(choice.candidates.map { $0.similarity == nil } == [true, true, false, false])
    #expect(abs((choice.candidates[2].similarity ?? 0) - cos(40 * Double.pi / 180)) <= 1e-6)
    // Of equals the most frequent.
    let equals = try choose([5, 6, 3, 0], encoder: StubEncoder(texts: [("context", 0)]))
    #expect(equals.chosen == 3)
  }

  @Test func withoutAnEncoderTheMostFrequentIsTaken() throws {
    let (chosen, choice) = try choose([5, 6, 3, 0], encoder: nil)
    #expect(chosen == 3 && choice.reason == .frequency && choice.candidates.allSatisfy { $0.similarity == nil })
  }

  @Test func kindsComeInTwoSteps() throws {
    let encoder = StubEncoder(texts: [("context", 0)])
    let only = try choose([6, 3], encoder: encoder)
    #expect(only.chosen == 3 && only.choice.reason == .only)
    // A shape and a plant, but no thing.
    let second = try choose([5, 2, 6], encoder: nil)
    #expect(second.chosen == 2 && second.choice.reason == .frequency)
    let none = try choose([5], encoder: encoder)
    #expect(none.chosen == nil && none.choice.reason == .none && none.choice.candidates.count == 1)
    #expect(try choose([5, 3], encoder: nil, kinds: [.person]).chosen == 5)
    #expect(try choose([5, 3], named: [5], encoder: encoder).choice.reason == .named)
  }
}

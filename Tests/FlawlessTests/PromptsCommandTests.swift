import Foundation
import TestSupport
import Testing

@Suite("Prompts on the command line")
struct PromptsCommandTests {
  private func prompts(_ arguments: String...) throws -> ProgramRun.Outcome {
    try withTemporaryFolder { folder in
      try SmallWordNet().write(to: folder)
      try Data("warm glow\n\nhex nut\n".utf8).write(to: folder.appendingPathComponent("words.txt"))
      let arguments = arguments.map { $0.replacing("WORDS", with: folder.path) }
      return try ProgramRun(
        "flawless", ["prompts", "--wordnet", folder.path, "--encoder", "none"] + arguments
      ).wait()
    }
  }

  @Test func wordsAndSensesAreListed() throws {
    let outcome = try prompts("--keyword", "metal nut", "--vocabulary", "WORDS/words.txt", "--top", "4")
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(outcome.errors == "")
    let lines = outcome.output.split(separator: "\n", omittingEmptySubsequences: false)
    #expect(lines[0] == "keyword: metal nut")
    #expect(
      lines[1].hasPrefix("nut: n")
        && lines[1].hasSuffix("(artifact) nut: a block with a thread, the only one of its kind"))
    #expect(lines[2].hasPrefix("  --sense n") && lines[2].hasSuffix("(plant) nut: a seed"))
    #expect(lines[3] == "metal: not in WordNet")
    #expect(lines[5] == "prompts, not ranked:")
    #expect(lines[7].hasPrefix("a photo of a metal nut ") && lines[8].hasPrefix("a metal nut with tool "))
    #expect(lines[11] == "… and 1 more")
  }

  @Test func jsonHasEverything() throws {
    let outcome = try prompts("--category", "metal_nut", "--vocabulary", "none", "--relation", "hyponym", "--json", "-")
    #expect(outcome.status == 0, "\(outcome.errors)")
    let json = try outcome.json()
    #expect(json["keyword"] as? String == "metal nut" && json["category"] as? String == "metal_nut")
    #expect((json["description"] as? String)?.contains("thread") == true)
    #expect(json["ranked_by"] as? String == "nothing" && json["unknown"] as? [String] == ["metal"])
    let prompts = try #require(json["prompts"] as? [[String: Any]])
    #expect(prompts.map { $0["word"] as? String } == [nil, "hex nut", "six-sided nut"])
    let senses = try #require(json["senses"] as? [[String: Any]])
    #expect((senses.first?["candidates"] as? [[String: Any]])?.count == 2)
  }

  /// However it is written, a known keyword has its description; another product's name does not get it.
  @Test func aKnownKeywordKeepsItsDescription() throws {
    for (keyword, isKnown) in [("metal nut", true), ("metal_nut", true), (" Metal  NUT ", true), ("nut", false)] {
      let outcome = try prompts("--keyword", keyword, "--category", "metal_nut", "--json", "-")
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect((try outcome.json()["description"] is String) == isKnown, "\(keyword)")
    }
  }

  @Test func anUnknownSenseAndAMissingWordNetAreSaid() throws {
    let sense = try prompts("--keyword", "nut", "--sense", "n00000001")
    #expect(sense.status == 1 && sense.errors.hasPrefix("flawless: n00000001 is no sense of the keyword's words"))
    let missing = try prompts("--keyword", "nut", "--wordnet", "WORDS/none")
    #expect(missing.status == 1 && missing.errors.contains("apt-get install wordnet-base"))
    let words = try prompts("--keyword", "nut", "--vocabulary", "WORDS/none")
    #expect(words.status == 1 && words.errors.contains("name a file with a word on each line"))
  }
}

import Foundation
import HostileFiles
import TestSupport
import Testing

@testable import Words

@Suite("WordNet of a few nouns")
struct SmallWordNetTests {
  private func withWordNet(
    _ small: SmallWordNet = SmallWordNet(), _ body: (SmallWordNet, WordNet, URL) throws -> Void
  ) throws {
    try withTemporaryFolder { folder in
      try small.write(to: folder)
      try body(small, WordNet(folder: folder.path + "/"), folder)
    }
  }

  @Test func everyNounIsFound() throws {
    try withWordNet { small, wordNet, _ in
      for (name, numbers) in small.entries {
        #expect(try wordNet.senses(of: name).map(\.offset) == numbers.map(small.offset))
      }
      for name in ["", " ", "a", "nu", "nuts and bolts", "nuu", "zzz", "1", "This", "ﬁsh"] {
        #expect(try wordNet.senses(of: name).isEmpty, "\(name)")
      }
      #expect(try wordNet.senses(of: "  Hex  Nuts ").map(\.words) == [["hex nut", "Six-Sided Nut"]])
      #expect(try wordNet.baseForms(of: "axes") == ["ax", "axis"])
      let axes = try wordNet.senses(of: "axes")
      #expect(axes.map(\.file) == [.artifact, .shape])
      #expect(try wordNet.baseForms(of: "workmen").isEmpty)
    }
  }

  /// Each rule for endings by itself, with no exception that gives the same.
  @Test(arguments: [
    ("nut", "nuts"), ("lens", "lenses"), ("loaf", "loaves"), ("box", "boxes"), ("quiz", "quizes"), ("bench", "benches"),
    ("brush", "brushes"), ("workman", "workmen"), ("battery", "batteries"),
  ])
  func endingsAreTakenOff(_ noun: String, _ plural: String) throws {
    var small = SmallWordNet()
    small.entries = [(noun, [0])]
    try withWordNet(small) { _, wordNet, _ in
      let forms = try wordNet.baseForms(of: plural)
      #expect(forms == [noun])
      let senses = try wordNet.senses(of: plural.uppercased())
      #expect(senses.count == 1)
    }
  }

  @Test func aSynsetsPartsAreRead() throws {
    try withWordNet { small, wordNet, _ in
      let ax = try wordNet.senses(of: "ax")[0]
      #expect(ax.gloss == "a tool; \"he swung the ax\"" && ax.definition == "a tool")
      #expect(ax.pointers == [.init(symbol: "@", target: small.offset(0))])
      #expect(ax.identifier.count == 9 && Int(ax.identifier.dropFirst()) == ax.offset)
      #expect(try wordNet.senses(of: "hex nut")[0].gloss == "a nut | with six sides")
    }
  }

  @Test func relationsGoSoDeep() throws {
    try withWordNet { small, wordNet, _ in
      let tool = try wordNet.senses(of: "tool")[0]
      func offsets(_ relation: Relation, _ depth: Int) throws -> [Int] {
        try wordNet.related(tool, by: relation, depth: depth).map(\.offset)
      }
      #expect(try offsets(.hyponym, 1) == [1, 3].map(small.offset))
      #expect(try offsets(.hyponym, 2) == [1, 3, 4].map(small.offset))
      #expect(try offsets(.hyponym, 9) == [1, 3, 4].map(small.offset))
      #expect(try offsets(.hyponym, 0).isEmpty && offsets(.hypernym, 3).isEmpty && offsets(.synonym, 1).isEmpty)
    }
  }

  /// A circle ends.
  @Test func eachSynsetComesOnce() throws {
    var small = SmallWordNet()
    small.synsets[4].pointers = [("~", 0)]
    try withWordNet(small) { small, wordNet, _ in
      let tool = try wordNet.senses(of: "tool")[0]
      #expect(try wordNet.related(tool, by: .hyponym, depth: 50).map(\.offset) == [1, 3, 4].map(small.offset))
    }
  }

  @Test func missingFilesAreNamedWithThePackage() throws {
    for name in ["index.noun", "data.noun", "noun.exc"] {
      try withWordNet { _, _, folder in
        let path = folder.appendingPathComponent(name).path
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: WordNetError.missing(path: path)) { try WordNet(folder: folder.path) }
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(throws: WordNetError.unreadable(path: path, reason: "it is a folder")) {
          try WordNet(folder: folder.path)
        }
      }
    }
    let text = WordNetError.missing(path: "a/index.noun").description
    #expect(text.hasPrefix("There is no a/index.noun; ") && text.contains("apt-get install wordnet-base"))
  }

  @Test(arguments: [
    "99999999 06 n 01 nut 0 000 | x", "00000000 06 n 01 nut 0 000 | x", "OFFSET 99 n 01 nut 0 000 | x",
    "OFFSET 06 v 01 nut 0 000 | x", "OFFSET 06 n 00 000 | x", "OFFSET 06 n 02 nut 0 000 | x",
    "OFFSET 06 n 01 nut 0 000",
    "OFFSET 06 n 01 nut 0 001 @ 00000000 n | x", "OFFSET 06 n 01 nut 0 000 @ | x", "OFFSET 06 n 01 nut 0 -01 | x",
    "OFFSET 06 n 01 nut 0 9223372036854775807 @ 00000000 n 0000 | x",
    "OFFSET 06 n 01 nut 0 001 @ abcdefgh n 0000 | x", "OFFSET 06 n 01 nut | x", "OFFSET | x", " | ", "",
  ])
  func damagedSynsetsAreAnError(_ line: String) throws {
    try withWordNet { small, _, folder in
      let (path, offset) = (folder.appendingPathComponent("data.noun"), small.offset(3))
      var data = try Data(contentsOf: path)
      let digits = String(repeating: "0", count: 8 - "\(offset)".count) + "\(offset)"
      data.replaceSubrange(offset..., with: Data((line.replacing("OFFSET", with: digits) + "\n").utf8))
      try data.write(to: path)
      let wordNet = try WordNet(folder: folder.path)
      #expect(
        throws: WordNetError.damaged(
          path: path.path, offset: offset, reason: "no synset of nouns is written there")
      ) { try wordNet.senses(of: "nut") }
    }
  }

  @Test(arguments: [
    "nut", "nut n", "nut v 1 0 1 0 00000000", "nut n 0 0 0 0", "nut n 2 0 2 0 00000000", "nut n 1 9 @ 1 0 00000000",
    "nut n 1 0 1 0 x", "nut n 1 -1 1 0 00000000", "nut n 9999999999999 0 1 0 0", "nut n 1 9223372036854775807 1 0 0",
    "nut n 9223372036854775807 0 1 0 0",
  ])
  func damagedEntriesAreAnError(_ line: String) throws {
    try withWordNet { _, _, folder in
      let path = folder.appendingPathComponent("index.noun")
      try Data("  1 licence\n\(line)\n".utf8).write(to: path)
      let wordNet = try WordNet(folder: folder.path)
      let error = #expect(throws: WordNetError.self) { try wordNet.senses(of: "nut") }
      #expect(error?.description.hasPrefix("\(path.path) is damaged at byte 12: ") == true)
    }
  }

  /// Whatever the bytes are, there is a value or the typed error; a trap would end the run.
  @Test func changedFilesGiveValuesOrTheirError() throws {
    try withWordNet { small, _, folder in
      var mutator = Mutator(seed: 1)
      var (read, refused) = (0, 0)
      for name in ["index.noun", "data.noun", "noun.exc"] {
        let path = folder.appendingPathComponent(name)
        let original = try [UInt8](Data(contentsOf: path))
        for _ in 0..<300 {
          try Data(mutator.mutated(original)).write(to: path)
          do throws(WordNetError) {
            let wordNet = try WordNet(folder: folder.path)
            for (noun, _) in small.entries + [("axes", []), ("nuts", [])] {
              for sense in try wordNet.senses(of: noun) {
                for relation in Relation.allCases { _ = try wordNet.related(sense, by: relation, depth: 9) }
              }
            }
            read += 1
          } catch { refused += 1 }
        }
        try Data(original).write(to: path)
      }
      #expect(read >= 100 && refused >= 100, "\(read) read, \(refused) refused")
    }
  }

  /// Also empty files, and places outside.
  @Test func nothingIsReadBeyondTheFiles() throws {
    try withWordNet { small, wordNet, folder in
      for offset in [-1, 1, small.offset(3) + 1, 1_000_000, .max] {
        #expect(throws: WordNetError.self) { try wordNet.synset(at: offset) }
      }
      for name in ["index.noun", "data.noun", "noun.exc"] {
        try Data().write(to: folder.appendingPathComponent(name))
      }
      #expect(try WordNet(folder: folder.path).senses(of: "nut").isEmpty)
    }
  }
}

@Suite("WordNet 3.0 against NLTK", .enabled(if: RealWordNet.isThere, Comment(rawValue: RealWordNet.reason)))
struct RealWordNetTests {
  private struct Word: Decodable {
    struct Sense: Decodable {
      let offset: Int
      let file, definition: String
      let words: [String]
      let hypernyms, hyponyms, allHypernyms, hyponymsOfTwo: [Int]
    }

    let word: String
    let forms: [String]
    let senses: [Sense]
  }

  private static let words = Result {
    try JSONDecoder().decode(
      [Word].self, from: Data(contentsOf: URL(fileURLWithPath: Fixtures.path("wordnet.json"))))
  }

  @Test func wordsEqualNLTKs() throws {
    let (wordNet, words) = (try RealWordNet.contents.get(), try Self.words.get())
    #expect(words.count == 304 && words.reduce(0) { $0 + $1.senses.count } > 400)
    for expected in words {
      #expect(try wordNet.baseForms(of: expected.word) == expected.forms, "\(expected.word)")
      let found = try wordNet.senses(of: expected.word)
      #expect(found.map(\.offset) == expected.senses.map(\.offset), "\(expected.word)")
      for (found, expected) in zip(found, expected.senses) {
        func offsets(_ relation: Relation, _ depth: Int) throws -> [Int] {
          try wordNet.related(found, by: relation, depth: depth).map(\.offset).sorted()
        }
        #expect(found.words == expected.words && found.file.name == expected.file)
        #expect(found.definition == expected.definition)
        #expect(try offsets(.hypernym, 1) == expected.hypernyms && offsets(.hypernym, 99) == expected.allHypernyms)
        #expect(try offsets(.hyponym, 1) == expected.hyponyms && offsets(.hyponym, 2) == expected.hyponymsOfTwo)
      }
    }
  }

  @Test func theNutOfABoltIsWhereImageNetHasIt() throws {
    let wordNet = try RealWordNet.contents.get()
    let senses = try wordNet.senses(of: "nut")
    #expect(senses.count == 7)
    let nut = try #require(senses.first { $0.identifier == "n03836191" })
    #expect(nut.file == .artifact && nut.words == ["nut"])
    #expect(try wordNet.related(nut, by: .hypernym).flatMap(\.words) == ["block"])
    let narrower = Set(try wordNet.related(nut, by: .hyponym).flatMap(\.words))
    #expect(narrower.isSuperset(of: ["hex nut", "locknut", "square nut", "stuffing nut", "wing nut"]))
    #expect(try wordNet.senses(of: "metal nut").isEmpty)
  }

  /// 0.2 to 0.8 ms in a debug build; the bound is for a busy machine.
  @Test func aLookupTakesLessThanAMillisecond() throws {
    let (wordNet, words) = (try RealWordNet.contents.get(), try Self.words.get())
    var senses = 0
    let time = try ContinuousClock().measure {
      for word in words { senses += try wordNet.senses(of: word.word).count }
    }
    #expect(senses > 400)
    print("WordNet: \(time / words.count) a lookup with its senses")
    #expect(time / words.count < .milliseconds(20))
  }
}

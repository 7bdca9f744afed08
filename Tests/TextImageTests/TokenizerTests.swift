import Checkpoints
import Foundation
import TestSupport
import TextImage
import Testing

/// Vocabularies that the set-up fetches.
enum Vocabularies {
  static let clip = try? WeightsCache.standard.locate(.clipVocabulary)
  static let bert = try? WeightsCache.standard.locate(.miniLMVocabulary)
  static let areThere = clip != nil && bert != nil
  static let reason = "weights: the vocabularies of CLIP and MiniLM are not in the cache: run Tools/demo once"
}

@Suite("Tokens of CLIP and BERT", .enabled(if: Vocabularies.areThere, Comment(rawValue: Vocabularies.reason)))
struct TokenizerTests {
  private static let lines: [String] = {
    let text = try? String(contentsOf: URL(fileURLWithPath: Fixtures.path("tokenizer-corpus.txt")), encoding: .utf8)
    return (text ?? "").unicodeScalars.split(separator: "\n").map(String.init)
  }()

  private static func clip() throws -> BytePairTokenizer { try BytePairTokenizer(path: #require(Vocabularies.clip)) }
  private static func bert() throws -> WordPieceTokenizer { try WordPieceTokenizer(path: #require(Vocabularies.bert)) }

  /// FNV-1a of the identifiers' bytes, as in `make_tokenizer_fixtures.py`.
  private static func hash(_ identifiers: [Int32]) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for identifier in identifiers {
      for byte in 0..<4 {
        hash = (hash ^ UInt64(UInt8(truncatingIfNeeded: identifier >> (8 * byte)))) &* 0x100_0000_01B3
      }
    }
    return Int(bitPattern: UInt(hash))
  }

  private func compare(_ name: String, _ identifiers: (String) -> [Int32]) throws {
    let file = try SafetensorsFile(path: Fixtures.path("tokenizers.safetensors"))
    let (counts, hashes) = (try file.integers(named: "\(name).counts"), try file.integers(named: "\(name).hashes"))
    var first = try file.integers(named: "\(name).first")[...]
    #expect(Self.lines.count == 2000 && counts.count == 2000)
    var differing: [String] = []
    for (index, line) in Self.lines.enumerated() {
      let found = identifiers(line)
      if found.count != counts[index] || Self.hash(found) != hashes[index] { differing.append(line) }
      if index < 200 {
        #expect(found.map(Int.init) == Array(first.prefix(counts[index])), "\(line)")
        first = first.dropFirst(counts[index])
      }
    }
    #expect(differing.isEmpty, "\(differing.count) lines differ: \(differing.prefix(5))")
  }

  @Test func bytePairsOfTheCorpusEqualOpenCLIPs() throws {
    let tokenizer = try Self.clip()
    try compare("clip") { tokenizer.identifiers($0) }
  }

  @Test func wordPiecesOfTheCorpusEqualTransformers() throws {
    let tokenizer = try Self.bert()
    try compare("bert") { tokenizer.identifiers($0) }
  }

  /// Published vectors, and those of the specification's own runs of OpenAI's tokenizer.
  @Test(arguments: [
    ("a photo of a cat", [320, 1125, 539, 320, 2368]), ("a diagram", [320, 22697]),
    ("hello world!", [3306, 1002, 256]),
    ("a metal nut with metallical", [320, 4044, 6491, 593, 19084, 1110]),
    ("a Metal-nut with predegenerate", [320, 4044, 268, 6491, 593, 38454, 16896]),
    ("a photo of a metal_nut", [320, 1125, 539, 320, 4044, 318, 6491]), ("hazelnut", [35816]),
    ("transistor", [32236, 17740]), ("a screw with metallic", [320, 14225, 593, 17257]),
    ("it's 2024!", [585, 568, 273, 271, 273, 275, 256]), ("", []), ("cat<|endoftext|>", [2368, 49407]),
  ])
  func bytePairsEqualPublishedOnes(_ text: String, _ expected: [Int32]) throws {
    #expect(try Self.clip().identifiers(text) == expected)
  }

  @Test(arguments: [
    ("a photo of a metal nut", [101, 1037, 6302, 1997, 1037, 3384, 17490, 102]),
    ("A photo of a bolt", [101, 1037, 6302, 1997, 1037, 10053, 102]), ("", [101, 102]),
  ])
  func wordPiecesEqualTheSpecifications(_ text: String, _ expected: [Int32]) throws {
    #expect(try Self.bert().sequence(text) == expected)
  }

  @Test func longTextsAreCutAndStillEnd() throws {
    let text = String(repeating: "nut ", count: 300)
    let clip = try Self.clip().sequence(text)
    #expect(clip.count == 77 && clip.first == 49406 && clip.last == 49407 && clip[75] == 6491)
    let bert = try Self.bert().sequence(text)
    #expect(bert.count == 256 && bert.first == 101 && bert.last == 102 && bert[254] == 17490)
  }
}

@Suite("Vocabulary files that are none")
struct VocabularyFileTests {
  @Test func eachIsRefusedInASentence() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("vocabulary").path
      for tokenizer in [{ _ = try BytePairTokenizer(path: $0) }, { _ = try WordPieceTokenizer(path: $0) }]
        as [(String) throws -> Void]
      {
        #expect(throws: CheckpointError.self) { try tokenizer(path) }
      }
      try Data("no pieces\nof BERT\n".utf8).write(to: URL(fileURLWithPath: path))
      let noGzip = #expect(throws: CheckpointError.self) { try BytePairTokenizer(path: path) }
      #expect(noGzip?.description.hasSuffix("it is no gzip file, or was cut.") == true)
      let noPieces = #expect(throws: CheckpointError.self) { try WordPieceTokenizer(path: path) }
      #expect(
        noPieces?.description.hasSuffix("it lacks [UNK], [CLS] or [SEP], so it is no vocabulary of BERT.") == true)
      // gzip -n of "one line\n".
      let small: [UInt8] = [
        31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 203, 207, 75, 85, 200, 201, 204, 75, 229, 2, 0, 53, 60, 106, 222, 9, 0, 0, 0,
      ]
      try Data(small).write(to: URL(fileURLWithPath: path))
      let tooSmall = #expect(throws: CheckpointError.self) { try BytePairTokenizer(path: path) }
      #expect(tooSmall?.description.contains("fewer than CLIP's vocabulary") == true)
    }
  }
}

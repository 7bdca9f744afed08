import Backbones
import Checkpoints
import Compute
import Foundation
import Tensors
import TestSupport
import Testing

@testable import TextImage

@Suite("MiniLM against transformers")
struct MiniLMTests {
  @Test(arguments: TestDevice.all)
  func vectorsOfASmallOneEqualTransformers(_ tested: TestDevice) throws {
    let fixtures = try EncoderFixtures.contents.get()
    let encoder = try MiniLM(
      EncoderFixtures.open("minilm.safetensors"), on: tested.device)
    #expect(encoder.width == 64)
    expectVectors(try encoder.vectors(ofTokens: fixtures.sequences), fixtures.minilm.texts)
    #expect(try encoder.vectors(ofTokens: []).isEmpty)
  }

  @Test func aFileOfAnotherNetworkIsNone() throws {
    let mismatch = #expect(throws: NetworkMismatch.self) {
      try MiniLM(
        EncoderFixtures.open("clip-open.safetensors"), on: #require(TestDevice.all.first).device)
    }
    #expect(mismatch?.missing.first == "embeddings.word_embeddings.weight")
  }
}

/// The weights that the set-up fetches.
enum RealMiniLM {
  static let areThere = (try? WeightsCache.standard.locate(.miniLM)) != nil && Vocabularies.bert != nil
  static let reason = "weights: those of all-MiniLM-L6-v2 are not in the cache: run Tools/demo once"
}

@Suite("MiniLM's published similarities", .enabled(if: RealMiniLM.areThere, Comment(rawValue: RealMiniLM.reason)))
struct RealMiniLMTests {
  private static func cosine(_ a: [Float], _ b: [Float]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  @Test(arguments: TestDevice.oneOfEachKind)
  func similaritiesEqualThePublishedOnes(_ tested: TestDevice) throws {
    let encoder = try MiniLM(on: tested.device)
    // The example of sentence-transformers' documentation.
    let published = try encoder.vectors(ofTexts: [
      "The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium.",
    ])
    for (first, second, expected) in [(0, 1, 0.6660), (0, 2, 0.1046), (1, 2, 0.1411)] {
      #expect(abs(Self.cosine(published[first], published[second]) - expected) <= 6e-5)
    }
    let prompts = try encoder.vectors(ofTexts: ["metal nut", "bolt", "cat"].map { "a photo of a \($0)" })
    for (first, second, expected) in [(0, 1, 0.6502), (0, 2, 0.2984), (1, 2, 0.3794)] {
      #expect(abs(Self.cosine(prompts[first], prompts[second]) - expected) <= 6e-5)
    }
  }

  /// Accents, dashes and ideographs among them.
  @Test(arguments: TestDevice.oneOfEachKind)
  func vectorsOfSentencesEqualTransformers(_ tested: TestDevice) throws {
    let encoder = try MiniLM(on: tested.device)
    let tokenizer = try WordPieceTokenizer(path: #require(Vocabularies.bert))
    let sentences = try EncoderFixtures.contents.get().sentences
    #expect(sentences.count == 6)
    for sentence in sentences { #expect(tokenizer.sequence(sentence.text) == sentence.identifiers) }
    expectVectors(try encoder.vectors(ofTexts: sentences.map(\.text)), sentences.map(\.vector))
  }
}

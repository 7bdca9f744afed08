import Backbones
import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import TextImage

@Suite("Encoders by name")
struct TextImageEncoderKindTests {
  @Test func missingWeightsAreNamedWithWhatToDo() throws {
    let device = try #require(TestDevice.all.first).device
    try withTemporaryFolder { folder in
      let cache = WeightsCache(folder: folder)
      #expect(
        throws: CheckpointError.notInstalled(
          name: "EfficientNet-Lite0", file: "efficientnet-lite0-57934424.pth", folder: folder.path)
      ) { try TextImageEncoderKind.conse.load(cache: cache, on: device) }
      #expect(
        throws: CheckpointError.notInstalled(
          name: "vocabulary of CLIP", file: "bpe_simple_vocab_16e6.txt.gz", folder: folder.path)
      ) { try TextImageEncoderKind.clip.load(cache: cache, on: device) }
      #expect(throws: TextImageError.onlyForCLIP) {
        try TextImageEncoderKind.conse.load(cache: cache, on: device, weights: "ViT-B-32.pt")
      }
    }
  }

  @Test(.enabled(if: Vocabularies.areThere, Comment(rawValue: Vocabularies.reason)))
  func filesOfCLIPAreReadAndRefused() throws {
    let device = try #require(TestDevice.all.first).device
    try withTemporaryFolder { folder in
      let vocabulary = folder.appendingPathComponent(KnownWeights.clipVocabulary.file)
      try FileManager.default.copyItem(atPath: #require(Vocabularies.clip), toPath: vocabulary.path)
      let cache = WeightsCache(folder: folder)
      #expect(
        throws: CheckpointError.notInstalled(
          name: "CLIP ViT-B/32", file: "ViT-B-32.pt", folder: folder.path)
      ) { try TextImageEncoderKind.clip.load(cache: cache, on: device) }
      let file = EncoderFixtures.path("clip-open.safetensors")
      #expect(throws: TextImageError.unknownActivation(path: file)) {
        try TextImageEncoderKind.clip.load(cache: cache, on: device, weights: file)
      }
      // The small one has 64 words, and the tokenizer 49 408.
      let mismatch = #expect(throws: NetworkMismatch.self) {
        try TextImageEncoderKind.clip.load(cache: cache, on: device, weights: file, activation: .exact)
      }
      #expect(mismatch?.wrongShapes.map(\.name) == ["token_embedding.weight"])
      // An archive with a program, that nobody has pinned.
      let unsupported = #expect(throws: CheckpointError.self) {
        try TextImageEncoderKind.clip.load(cache: cache, on: device, weights: EncoderFixtures.path("clip-openai.pt"))
      }
      #expect(unsupported?.description.contains("holds what Flawless does not read") == true)
      // Under a published name it must be the published one.
      try FileManager.default.copyItem(atPath: file, toPath: folder.appendingPathComponent("ViT-B-16.pt").path)
      let other = #expect(throws: CheckpointError.self) { try TextImageEncoderKind.clip.load(cache: cache, on: device) }
      #expect(other?.description.contains(KnownWeights.clipViTB16.sha256) == true)
    }
  }

  @Test func errorsAreSentencesWithWhatToDo() {
    #expect(
      TextImageError.unknownActivation(path: "a.bin").description
        == """
        a.bin does not say which activation its CLIP was trained with; name it: quick for weights of OpenAI, LAION-400M and \
        DFN, exact for LAION-2B and DataComp.
        """)
    #expect(TextImageError.onlyForCLIP.description.hasSuffix("leave weights and activation out, or choose clip."))
  }
}

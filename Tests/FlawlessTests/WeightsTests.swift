import Checkpoints
import Foundation
import HostileFiles
import TestSupport
import Testing

@Suite("flawless weights")
struct WeightsTests {
  private let file = "efficientnet-lite0-57934424.pth"

  private func weights(_ arguments: [String], cache: URL) throws -> ProgramRun.Outcome {
    try ProgramRun("flawless", ["weights"] + arguments, environment: ["XDG_CACHE_HOME": cache.path]).wait()
  }

  @Test func anEmptyCacheIsListed() throws {
    try withTemporaryFolder { cache in
      let outcome = try weights(["list"], cache: cache)
      #expect(outcome.status == 0)
      #expect(outcome.output.hasPrefix("EfficientNet-Lite0: missing\n"))
      #expect(outcome.output.hasSuffix("folder: \(cache.path)/flawless/weights\n"))
      #expect(try weights(["verify"], cache: cache).output.contains("EfficientNet-Lite0: missing"))
      let json = try weights(["list", "--json", "-"], cache: cache).json()
      #expect(((json["weights"] as? [[String: Any]])?.first?["state"] as? String) == "missing")
    }
  }

  /// Networks and vocabularies for texts are listed with where they come from; vocabularies are known by their contents.
  @Test func filesForTextsAreListedAndKnown() throws {
    try withTemporaryFolder { cache in
      let list = try weights(["list"], cache: cache).output
      for name in ["all-MiniLM-L6-v2", "vocabulary of all-MiniLM-L6-v2", "vocabulary of CLIP", "CLIP ViT-B/32"] {
        #expect(list.contains("\n\(name): missing\n"))
      }
      #expect(!list.contains("not built yet"))
      let small = try weights(["add", Fixtures.path("encoders/clip-open.bin")], cache: cache)
      #expect(small.status == 1)
      #expect(small.errors.contains("holds no weights that Flawless knows"))
    }
  }

  @Test(.enabled(if: RealWeights.vocabularies.count == 2, "weights: \(RealWeights.vocabulariesReason)"))
  func realVocabulariesAreAddedUnderAnyName() throws {
    try withTemporaryFolder { cache in
      for vocabulary in RealWeights.vocabularies {
        let copy = cache.appendingPathComponent("copy")
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.copyItem(atPath: vocabulary, toPath: copy.path)
        let outcome = try weights(["add", copy.path], cache: cache)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.hasPrefix("added vocabulary of "))
      }
      let verified = try weights(["verify"], cache: cache).output
      #expect(verified.contains("vocabulary of all-MiniLM-L6-v2: verified\nvocabulary of CLIP: verified\n"))
    }
  }

  @Test func aDamagedFileIsFound() throws {
    try withTemporaryFolder { cache in
      let folder = cache.appendingPathComponent("flawless/weights")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data("damaged".utf8).write(to: folder.appendingPathComponent(file))
      let outcome = try weights(["verify"], cache: cache)
      #expect(outcome.status == 1)
      #expect(outcome.output.contains("EfficientNet-Lite0: damaged"))
      #expect(
        outcome.errors == "flawless: Damaged: EfficientNet-Lite0; add the file again with 'flawless weights add'.\n")
    }
  }

  @Test func unknownFilesAreNotAdded() throws {
    try withTemporaryFolder { cache in
      let stranger = cache.appendingPathComponent("stranger.pth")
      try Data("something".utf8).write(to: stranger)
      let outcome = try weights(["add", stranger.path], cache: cache)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("holds no weights that Flawless knows"))
      #expect(!FileManager.default.fileExists(atPath: cache.appendingPathComponent("flawless").path))
    }
  }

  /// A file of true names and shapes, of a hash that nobody has pinned; --weights takes its name.
  @Test func aFileIsRecognisedByItsTensors() throws {
    try withTemporaryFolder { cache in
      let outcome = try weights(["add", Fixtures.path("networks/resnet18.legacy.pth")], cache: cache)
      #expect(outcome.status == 0)
      #expect(
        outcome.output.hasPrefix(
          """
          added ResNet-18: \(cache.path)/flawless/weights/resnet18.legacy.pth
            by names and shapes; its SHA-256 is not one that Flawless knows: 
          """))
      #expect(
        try weights(["list"], cache: cache).output.contains("\nresnet18.legacy.pth: ResNet-18, not the pinned one\n"))
      let others = try weights(["verify", "--json", "-"], cache: cache).json()["others"] as? [[String: Any]]
      #expect(others?.first?["file"] as? String == "resnet18.legacy.pth")
      #expect(others?.first?["kinds"] as? [String] == ["ResNet-18"])
    }
  }

  /// A checkpoint as Lightning writes it: the network's tensors have a prefix, and there are classes beside them.
  @Test func aCheckpointOfLightningIsAddedInertly() throws {
    let network = try openTensorFile(Fixtures.path("networks/resnet18.legacy.pth"))
    let state = try network.names.map { name in
      // One stored number for each tensor, repeated along its axes.
      let shape = try network.shape(of: name)
      func tuple(_ values: [Int]) -> [UInt8] { Array("(".utf8) + values.flatMap(PickleBytes.number) + Array("t".utf8) }
      return (
        "model.\(name)",
        Array("ctorch._utils\n_rebuild_tensor_v2\n(".utf8) + PickleBytes.storage("0", 1) + PickleBytes.number(0)
          + tuple(shape) + tuple(shape.map { _ in 0 }) + [0x89] + Array("}tR".utf8)
      )
    }
    let callbacks = Array("}(cpytorch_lightning.callbacks.model_checkpoint\nModelCheckpoint\n}u".utf8)
    let checkpoint = PickleBytes.zipFile(
      PickleBytes.dictionary([("callbacks", callbacks), ("state_dict", PickleBytes.dictionary(state))]),
      storages: [("0", [0.5])])
    try withTemporaryFolder { cache in
      let file = cache.appendingPathComponent("epoch=9.ckpt")
      try Data(checkpoint).write(to: file)
      let strict = try weights(["add", file.path], cache: cache)
      #expect(strict.status == 1)
      #expect(strict.errors.contains("it refers to 'pytorch_lightning.callbacks.model_checkpoint ModelCheckpoint'"))
      #expect(strict.errors.contains("'flawless weights add --inert FILE' takes the tensors out, and runs nothing."))
      let inert = try weights(["add", "--inert", file.path], cache: cache)
      #expect(inert.status == 0, "\(inert.errors)")
      #expect(
        inert.output.hasPrefix(
          """
          added ResNet-18: \(cache.path)/flawless/weights/epoch=9.safetensors
            by names and shapes, written anew; its SHA-256 is not one that Flawless knows: 
          """))
      #expect(
        try weights(["list"], cache: cache).output.contains("\nepoch=9.safetensors: ResNet-18, not the pinned one\n"))
      let kept = try openTensorFile("\(cache.path)/flawless/weights/epoch=9.safetensors")
      #expect(kept.names.sorted() == network.names.sorted())
      #expect(try kept.tensor(named: "fc.bias").values == .init(repeating: 0.5, count: 1000))
    }
  }

  /// Under a pinned file's name other contents are refused, and nothing is written.
  @Test func anotherFileOfAPinnedNameIsRefused() throws {
    try withTemporaryFolder { cache in
      let file = cache.appendingPathComponent("resnet18-f37072fd.pth")
      try FileManager.default.copyItem(atPath: Fixtures.path("networks/resnet18.legacy.pth"), toPath: file.path)
      let outcome = try weights(["add", file.path], cache: cache)
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("it is damaged or another version"))
      #expect(!FileManager.default.fileExists(atPath: cache.appendingPathComponent("flawless").path))
    }
  }

  @Test(.enabled(if: RealWeights.areThere, "weights: \(RealWeights.reason)"))
  func theRealFileIsAddedAndVerified() throws {
    try withTemporaryFolder { cache in
      let outcome = try weights(["add", #require(RealWeights.efficientNetLite0)], cache: cache)
      #expect(outcome.status == 0)
      #expect(outcome.output.hasPrefix("added EfficientNet-Lite0: \(cache.path)/flawless/weights/\(file)"))
      #expect(try weights(["verify"], cache: cache).output.hasPrefix("EfficientNet-Lite0: verified\n"))
    }
  }
}

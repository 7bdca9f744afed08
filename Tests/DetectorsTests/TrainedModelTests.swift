import Backbones
import Checkpoints
import Compute
import Detectors
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Model folders that are damaged")
struct DamagedModelTests {
  private let device = CPUOnly.device

  @Test func aFolderWithoutADescriptionThrows() throws {
    try withTemporaryFolder { folder in
      #expect(throws: DetectorError.model(path: folder.path, reason: "there is no model.json in it")) {
        try TrainedModel.load(folder.path, on: device)
      }
      #expect(throws: DetectorError.self) { try TrainedModel.load("\(folder.path)/missing", on: device) }
    }
  }

  @Test(arguments: [
    ("", "its model.json is damaged"), ("{\"format\": 1", "its model.json is damaged"),
    ("[]", "its model.json is damaged"),
    ("{\"format\": \"one\"}", "its model.json is damaged"),
    ("{\"format\": 2}", "its format is 2, this program reads 1"), ("{\"format\": 1}", "its model.json is incomplete"),
  ])
  func aDamagedDescriptionThrows(_ text: String, _ reason: String) throws {
    try withTemporaryFolder { folder in
      try Data(text.utf8).write(to: folder.appendingPathComponent("model.json"))
      #expect(throws: DetectorError.model(path: folder.path, reason: reason)) {
        try TrainedModel.readDescription(folder.path)
      }
      #expect(throws: DetectorError.self) { try TrainedModel.load(folder.path, on: device) }
    }
  }

  @Test func somethingElseIsNotOverwritten() throws {
    try withTemporaryFolder { folder in
      try TrainedModel.checkReplaceable("\(folder.path)/new")
      try TrainedModel.checkReplaceable(folder.path)
      try Data("notes".utf8).write(to: folder.appendingPathComponent("notes.txt"))
      #expect(throws: DetectorError.self) { try TrainedModel.checkReplaceable(folder.path) }
      #expect(throws: DetectorError.self) { try TrainedModel.checkReplaceable("\(folder.path)/notes.txt") }
    }
  }
}

/// What needs no device of its own.
private enum CPUOnly {
  static let device = TestDevice.all[0].device
}

@Suite("Model folders", .enabled(if: RealWeights.areThere, "weights: \(RealWeights.reason)"))
struct TrainedModelTests {
  /// Loading the network takes seconds in debug: these tests share what they can.
  private static let trained = Result { try train(on: CPUOnly.device) }

  private static func train(on device: any Device) throws -> TrainedModel {
    var configuration = PatchCoreConfiguration()
    configuration.size = 64
    let loaded = try LoadedBackbone(.efficientNetLite0, on: device)
    let detector = try PatchCore.fit(
      configuration, backbone: loaded.backbone, pictures: 2,
      load: { NetworkPicture(try DrawnPictures.texture($0), size: 64) })
    return TrainedModel(
      description: ModelDescription(
        configuration: configuration, weightsSHA256: loaded.weightsSHA256,
        trainingFiles: [.init(path: "a/000.png", sha256: "0f"), .init(path: "a/ü.png", sha256: "1f")], shots: 2,
        draw: .max, threshold: detector.threshold, seed: 7, device: device.description, programVersion: "0.0.0"),
      detector: detector)
  }

  @Test(arguments: TestDevice.oneOfEachKind)
  func aLoadedModelGivesTheSameScores(_ tested: TestDevice) throws {
    let model = tested.device === CPUOnly.device ? try Self.trained.get() : try Self.train(on: tested.device)
    try withTemporaryFolder { folder in
      let path = "\(folder.path)/a.model"
      try model.save(to: path)
      // Once more over the first one.
      try model.save(to: path)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.model"])
      let loaded = try TrainedModel.load(path, on: tested.device)
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      #expect(try encoder.encode(loaded.description) == encoder.encode(model.description))
      #expect(loaded.detector.threshold == model.detector.threshold)
      #expect(try loaded.detector.tensors() == model.detector.tensors())
      let picture = try DrawnPictures.blemished(9, column: 8, row: 30, side: 16)
      let (before, after) = (try model.detector.inspect(picture), try loaded.detector.inspect(picture))
      #expect(before.score == after.score)
      #expect(before.reweightedScore == after.reweightedScore)
      #expect(before.map.values == after.map.values)
    }
  }

  @Test func damagedContentsThrow() throws {
    let device = CPUOnly.device
    let model = try Self.trained.get()
    let rows = [Float](repeating: 0.5, count: 152 * 3)
    try withTemporaryFolder { folder in
      let path = "\(folder.path)/a.model"
      try model.save(to: path)
      let (weights, description) = (URL(fileURLWithPath: "\(path)/weights.safetensors"), "\(path)/model.json")
      let whole = try Data(contentsOf: weights)
      func expectThrows<Failure: Error>(
        _ type: Failure.Type, _ data: Data?, _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation
      ) throws {
        if let data { try data.write(to: weights) } else { try FileManager.default.removeItem(at: weights) }
        #expect(throws: type, what, sourceLocation: sourceLocation) { try TrainedModel.load(path, on: device) }
      }
      func bank(_ shape: [Int], _ values: [Float], name: String = "memory_bank") throws -> Data {
        try SafetensorsFile.encoded([name: HostTensor(shape: shape, values: values)])
      }
      try expectThrows(CheckpointError.self, nil, "no weights")
      try expectThrows(CheckpointError.self, Data(), "empty")
      try expectThrows(CheckpointError.self, whole.prefix(whole.count - 1), "cut off")
      try expectThrows(CheckpointError.self, bank([3, 152], rows, name: "bank"), "another name")
      try expectThrows(DetectorError.self, bank([], [1]), "a scalar")
      try expectThrows(DetectorError.self, bank([2, 228], rows), "another width")
      try expectThrows(DetectorError.self, bank([3, 152], rows.dropLast() + [.nan]), "NaN")
      try whole.write(to: weights)

      let text = try String(contentsOfFile: description, encoding: .utf8)
      func expect(_ error: DetectorError, replacing old: String, by new: String) throws {
        try #require(text.contains(old))
        try Data(text.replacing(old, with: new).utf8).write(to: URL(fileURLWithPath: description))
        #expect(throws: error) { try TrainedModel.load(path, on: device) }
      }
      let hash = model.description.weightsSHA256
      try expect(.weights(expected: "abc", found: hash), replacing: hash, by: "abc")
      try expect(
        .setting(name: "size", reason: "must be between 32 and 4096 pixels"), replacing: "\"size\" : 64",
        by: "\"size\" : 1")
      try expect(
        .model(path: path, reason: "its model.json is incomplete"), replacing: "efficientnet-lite0", by: "vgg")
    }
  }
}

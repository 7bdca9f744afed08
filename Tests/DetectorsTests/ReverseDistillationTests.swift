import Backbones
import Checkpoints
import Compute
import Detectors
import Foundation
import Images
import Networks
import Tensors
import TestSupport
import Testing

/// On a backbone with random weights: what is learnt of it is small, but the same on every run.
@Suite("Reverse Distillation")
struct ReverseDistillationTests {
  private static func configuration(steps: Int = 2) -> ReverseDistillationConfiguration {
    var configuration = ReverseDistillationConfiguration(.fast)
    configuration.size = 64
    configuration.length = .steps(steps)
    configuration.batch = 3
    configuration.variants = 2
    return configuration
  }

  /// Pictures as they are.
  private static func plain(steps: Int = 2) -> ReverseDistillationConfiguration {
    var configuration = configuration(steps: steps)
    configuration.augmentation = nil
    return configuration
  }

  private static func backbone(_ device: any Device) throws -> any Backbone {
    try LoadedBackbone(.efficientNetLite0, weights: "random:5", on: device).backbone
  }

  private static func fit(
    _ numbers: [Int], steps: Int = 2, _ configuration: ReverseDistillationConfiguration? = nil, on device: any Device,
    change: (inout Fitting) -> Void = { _ in }
  ) throws -> ReverseDistillation {
    var fitting = Fitting(pictures: numbers.count) {
      NetworkPicture(try DrawnPictures.texture(numbers[$0]), size: 64)
    }
    change(&fitting)
    return try ReverseDistillation.fit(
      configuration ?? Self.configuration(steps: steps), backbone: backbone(device), fitting)
  }

  /// The folded student against the one that was trained.
  @Test(arguments: TestDevice.all)
  func foldingChangesNothing(_ tested: TestDevice) throws {
    let plan = try ReverseDistillationPlan.plan(for: .efficientNetLite0)
    let builder = NetworkBuilder(on: tested.device, seed: 3)
    let network = try ReverseDistillationNetwork(plan, builder)
    var reproducible = Reproducible(11)
    // Running statistics that are not those of the start.
    try builder.setValues { name, shape in
      let values = reproducible.floats(shape.reduce(1, *))
      return name.hasSuffix("running_var") || name.hasSuffix("weight") && shape.count == 1
        ? values.map { 1 + abs($0) } : values.map { $0 / Float(shape.dropFirst().reduce(1, *)).squareRoot() }
    }
    let teachers = try zip(plan.channels, [24, 12, 6]).map { channels, side in
      try Tensor(
        reproducible.floats(2 * side * (side + 8) * channels), shape: [2, side, side + 8, channels], on: tested.device)
    }
    // Widths 32, 16, 8 … of [side + 8] would not halve: these do.
    let levels = try zip(teachers, [24, 12, 6]).map { tensor, side in try tensor.sliced(0..<side, axis: 2) }
    let (trained, folded) = (try network(levels, .inference), try network.folded()(levels, .inference))
    for level in 0..<3 {
      try expectEqual(
        folded[level].values(), trained[level].values(), within: Tolerance(ofLargest: 1e-5 / Tolerance.unit),
        "level \(level)")
    }
  }

  @Test(arguments: TestDevice.oneOfEachKind)
  func twoTrainingsAreOne(_ tested: TestDevice) throws {
    let (first, second) = (
      try Self.fit([0, 1, 2, 3], on: tested.device), try Self.fit([0, 1, 2, 3], on: tested.device)
    )
    #expect(try first.tensors() == second.tensors())
    #expect(first.threshold == second.threshold)
    #expect(first.heldOut?.scores.count == 4)
    #expect(first.heldOut?.origin == "4 normal training pictures, cross-fitted in 2 folds")
    let other = try Self.fit([0, 1, 2, 3], on: tested.device) { $0.seed = 1 }
    #expect(try first.tensors() != other.tensors())
  }

  /// Each picture is scored by a student that was trained on the others alone.
  @Test func heldOutPicturesAreNotTrainedOn() throws {
    let device = TestDevice.all[0].device
    let scores = try #require(Self.fit([0, 1], Self.plain(), on: device).heldOut).scores
    for picture in 0..<2 {
      let score = try Self.fit([1 - picture], Self.plain(), on: device).inspect(DrawnPictures.texture(picture)).score
      #expect(scores[picture].picture == score)
    }
  }

  /// Variants are the same bits whether the teacher's features of them fit into memory or are computed in every step, and the
  /// first is the picture itself.
  @Test func variantsAreDrawnOnce() throws {
    let device = TestDevice.all[0].device
    var configuration = Self.configuration(steps: 3)
    let kept = try Self.fit([0], configuration, on: device).tensors()
    configuration.featureBudget = 0
    #expect(try Self.fit([0], configuration, on: device).tensors() == kept)
    configuration.variants = 1
    let single = try Self.fit([0], configuration, on: device).tensors()
    configuration.augmentation = nil
    #expect(try Self.fit([0], configuration, on: device).tensors() == single)
    #expect(single != kept)
    let picture = NetworkPicture(try DrawnPictures.texture(0), size: 64)
    configuration = Self.configuration()
    #expect(try configuration.variant(0, of: picture, index: 3, seed: 1).values == picture.values)
    let first = try configuration.variant(1, of: picture, index: 3, seed: 1).values
    #expect(try configuration.variant(1, of: picture, index: 3, seed: 1).values == first)
    for (number, index, seed) in [(2, 3, UInt64(1)), (1, 2, 1), (1, 3, 2)] {
      #expect(try configuration.variant(number, of: picture, index: index, seed: seed).values != first)
    }
  }

  /// What is watched is not trained on, and goes into the log; patience ends a training whose loss is as small as it gets.
  @Test func aPartOfThePicturesIsWatched() throws {
    let device = TestDevice.all[0].device
    var configuration = Self.plain(steps: 4)
    (configuration.validationPart, configuration.validationSteps) = (0.25, 2)
    func fit(_ configuration: ReverseDistillationConfiguration) throws -> (ReverseDistillation, log: String) {
      var log = ""
      let model = try withTemporaryFolder { folder in
        let place = folder.appendingPathComponent("a.training")
        let workspace = try TrainingWorkspace(place, purpose: Data(), resuming: false)
        let model = try Self.fit([0, 1, 2, 3], configuration, on: device) { $0.workspace = workspace }
        log = String(decoding: try #require(workspace.results["training.jsonl"]), as: UTF8.self)
        return model
      }
      return (model, log)
    }
    let (watched, log) = try fit(configuration)
    let lines = log.split(separator: "\n")
    #expect(lines.map { $0.contains("\"validation\":{\"loss\":") } == [false, true, false, true])
    let held = ExampleSplit(examples: 4, fraction: 0.25, seed: 0)
    #expect(held.validation.count == 1)
    configuration.validationPart = 0
    let alone = try Self.fit(held.training, configuration, on: device)
    let names = try alone.tensors().keys.sorted()
    #expect(try names.allSatisfy { try watched.tensors()[$0] == alone.tensors()[$0] })
    // With such a rate the loss does not fall every time.
    (configuration.validationPart, configuration.validationSteps) = (0.25, 1)
    (configuration.rate, configuration.patience, configuration.length) = (0.5, 1, .steps(40))
    #expect(try fit(configuration).log.split(separator: "\n").count < 40)
    configuration.validationPart = 0
    #expect(throws: DetectorError.self) { try configuration.validate() }
  }

  /// Every step's pictures are its own, whatever was done before it.
  @Test func aTrainingOnVariedPicturesGoesOnToo() throws {
    struct Stopped: Error {}
    let device = TestDevice.all[0].device
    var configuration = Self.configuration(steps: 4)
    var augmentation = Augmentation()
    (augmentation.brightness, augmentation.translation, augmentation.horizontalFlip) = (0.2, 0.1, 0.5)
    (configuration.augmentation, configuration.variants) = (augmentation, nil)
    func fit(_ change: (inout Fitting) throws -> Void) throws -> ReverseDistillation {
      var fitting = Fitting(pictures: 1) { NetworkPicture(try DrawnPictures.texture($0), size: 64) }
      try change(&fitting)
      return try ReverseDistillation.fit(configuration, backbone: Self.backbone(device), fitting)
    }
    try withTemporaryFolder { folder in
      func workspace(resuming: Bool) throws -> TrainingWorkspace {
        try TrainingWorkspace(folder.appendingPathComponent("a.training"), purpose: Data(), resuming: resuming)
      }
      let whole = try fit { _ in }
      #expect(throws: Stopped.self) {
        try fit { fitting in
          fitting.workspace = try workspace(resuming: false)
          fitting.progress = { stage, done, _ in if stage.name == "training", done == 3 { throw Stopped() } }
        }
      }
      let resumed = try fit { $0.workspace = try workspace(resuming: true) }
      #expect(try resumed.tensors() == whole.tensors())
      #expect(try resumed.tensors() != Self.fit([0], steps: 4, on: device).tensors())
    }
  }

  @Test(arguments: TestDevice.oneOfEachKind)
  func aModelComesBackFromDisk(_ tested: TestDevice) throws {
    let model = try Self.fit([0], on: tested.device)
    #expect(model.heldOut?.isWeak == true)
    let description = ModelDescription(
      configuration: model.configuration, weightsSHA256: "random:5", trainingFiles: [], shots: nil, draw: nil,
      threshold: model.threshold, heldOut: model.heldOut, seed: 0, device: "test", programVersion: "0.0")
    try withTemporaryFolder { folder in
      let path = "\(folder.path)/a.model"
      try TrainedModel(description: description, detector: model).save(to: path)
      let loaded = try TrainedModel.load(path, on: tested.device)
      #expect(loaded.description.kind == .reverseDistillation)
      #expect(loaded.description.configuration.equals(model.configuration))
      #expect(loaded.detector.threshold == model.threshold)
      let picture = try DrawnPictures.blemished(9, column: 8, row: 30, side: 16)
      let (before, after) = (try model.inspect(picture), try loaded.detector.inspect(picture))
      #expect(before.score.bitPattern == after.score.bitPattern && before.map.values == after.map.values)
      #expect(after.reweightedScore == nil && after.score == after.map.largest && after.score > 0)
    }
  }

  @Test(arguments: TestDevice.oneOfEachKind)
  func whatIsIgnoredHasNoInfluence(_ tested: TestDevice) throws {
    let ignored = Mask(width: 64, height: 64, values: (0..<4096).map { $0 % 64 < 32 ? 1 : 0 })
    func fit(blemish: Bool) throws -> ReverseDistillation {
      var fitting = Fitting(pictures: 2) {
        NetworkPicture(
          blemish
            ? try DrawnPictures.blemished($0, column: 2, row: 10, side: 20) : try DrawnPictures.texture($0), size: 64)
      }
      fitting.ignored = ignored
      return try ReverseDistillation.fit(Self.configuration(), backbone: Self.backbone(tested.device), fitting)
    }
    let (plain, blemished) = (try fit(blemish: false), try fit(blemish: true))
    #expect(try plain.tensors() == blemished.tensors())
    let good = try plain.inspect(DrawnPictures.texture(50))
    let bad = try plain.inspect(DrawnPictures.blemished(50, column: 2, row: 10, side: 20))
    let seen = try plain.inspect(DrawnPictures.blemished(50, column: 40, row: 10, side: 20))
    #expect(good.map.values == bad.map.values && good.score == bad.score)
    #expect(good.map.values != seen.map.values)
    #expect((0..<64).allSatisfy { row in (0..<32).allSatisfy { good.map.values[row * 64 + $0] == 0 } })
  }

  /// Stopped by its progress in the middle of the second fold, and gone on with: the same bits, and nothing twice.
  @Test(arguments: TestDevice.oneOfEachKind)
  func aStoppedTrainingGoesOn(_ tested: TestDevice) throws {
    struct Stopped: Error {}
    try withTemporaryFolder { folder in
      let purpose = Data("a test".utf8)
      let place = folder.appendingPathComponent("a.training")
      let whole = try Self.fit([0, 1, 2], steps: 4, on: tested.device)
      var reports = 0
      #expect(throws: Stopped.self) {
        try Self.fit([0, 1, 2], steps: 4, on: tested.device) { fitting in
          fitting.workspace = try? TrainingWorkspace(place, purpose: purpose, resuming: false)
          fitting.progress = { stage, _, _ in
            guard stage.name.hasPrefix("training") else { return }
            reports += 1
            if reports == 10 { throw Stopped() }
          }
        }
      }
      #expect(TrainingWorkspace.isUnfinished(place))
      #expect(throws: DetectorError.self) {
        try TrainingWorkspace(place, purpose: Data("another".utf8), resuming: true)
      }
      reports = 0
      let resumed = try Self.fit([0, 1, 2], steps: 4, on: tested.device) { fitting in
        fitting.workspace = try? TrainingWorkspace(place, purpose: purpose, resuming: true)
        fitting.progress = { stage, _, _ in if stage.name.hasPrefix("training") { reports += 1 } }
      }
      #expect(reports == 2)
      #expect(try resumed.tensors() == whole.tensors())
      #expect(resumed.heldOut == whole.heldOut)
      let workspace = try TrainingWorkspace(place, purpose: purpose, resuming: true)
      #expect(
        workspace.results["training.jsonl"].map { String(decoding: $0, as: UTF8.self).split(separator: "\n").count }
          == 4)
      #expect(workspace.results["loss.svg"] != nil)
      workspace.remove()
      #expect(!TrainingWorkspace.isUnfinished(place))
    }
  }

  @Test func wrongSettingsAndFilesAreRefused() throws {
    let device = TestDevice.all[0].device
    var configuration = Self.configuration()
    configuration.size = 100
    #expect(throws: DetectorError.self) { try configuration.validate() }
    configuration = Self.configuration()
    configuration.backbone = .vgg16
    #expect(throws: DetectorError.self) { try configuration.validate() }
    let model = try Self.fit([0], on: device)
    var tensors = try model.tensors()
    func load() throws -> ReverseDistillation {
      try ReverseDistillation(
        Self.configuration(), backbone: Self.backbone(device), file: HostTensors(tensors, from: "a test"),
        threshold: nil, heldOut: nil, ignored: nil)
    }
    // What the authors' checkpoints hold besides.
    tensors["bn.conv4.weight"] = HostTensor(shape: [1], values: [.nan])
    tensors["bn.bn1.num_batches_tracked"] = HostTensor(shape: [], values: [7])
    _ = try load()
    tensors["bn.conv5.weight"] = HostTensor(shape: [1], values: [1])
    #expect(throws: DetectorError.self) { try load() }
    tensors["bn.conv5.weight"] = nil
    let bias = try #require(tensors["decoder.layer1.0.bn1.bias"])
    tensors["decoder.layer1.0.bn1.bias"] = HostTensor(shape: bias.shape, values: bias.values.map { _ in .nan })
    #expect(throws: DetectorError.self) { try load() }
    tensors["decoder.layer1.0.bn1.bias"] = nil
    #expect(throws: CheckpointError.self) { try load() }
  }
}

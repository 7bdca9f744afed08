import Backbones
import Checkpoints
import Compute
import Detectors
import Networks
import TestSupport
import Testing

@Suite("Reverse Distillation with generated pictures")
struct ReverseDistillationUnionTests {
  private static func configuration(steps: Int = 2) -> ReverseDistillationConfiguration {
    var configuration = ReverseDistillationConfiguration(.fast)
    configuration.size = 64
    configuration.length = .steps(steps)
    configuration.batch = 3
    configuration.variants = 2
    // Units know real pictures from generated ones; here it is about what is learnt.
    configuration.normalizesLevels = false
    return configuration
  }

  /// Pictures as they are.
  private static func plain(steps: Int = 2) -> ReverseDistillationConfiguration {
    var configuration = configuration(steps: steps)
    configuration.augmentation = nil
    return configuration
  }

  /// - generated: their numbers, with the real ones that they descend from
  private static func fit(
    _ real: [Int], generated: [(number: Int, parents: [Int]?)] = [],
    _ configuration: ReverseDistillationConfiguration, on device: any Device,
    change: (inout Fitting) -> Void = { _ in }
  ) throws -> ReverseDistillation {
    func load(_ number: Int) throws -> NetworkPicture { NetworkPicture(try DrawnPictures.texture(number), size: 64) }
    var fitting = Fitting(pictures: real.count) { try load(real[$0]) }
    fitting.parents = generated.map(\.parents)
    fitting.loadGenerated = { try load(generated[$0].number) }
    change(&fitting)
    let loaded = try LoadedBackbone(.efficientNetLite0, weights: "random:5", on: device)
    return try ReverseDistillation.fit(configuration, backbone: loaded.backbone, fitting)
  }

  /// Judged by a picture for validation: no folds, which would take longest.
  private static func judgeQuickly(_ fitting: inout Fitting) {
    (fitting.validation, fitting.loadValidation) = (
      1, { NetworkPicture(try DrawnPictures.texture($0 + 50), size: 64) }
    )
  }

  /// Taken as they are, in variants that are kept or not, and varied in every step; epochs count all.
  @Test(arguments: TestDevice.oneOfEachKind, 0..<4)
  func realAndGeneratedPicturesAreTrainedOnTogether(_ tested: TestDevice, kind: Int) throws {
    var configuration = kind == 0 ? Self.plain() : Self.configuration()
    configuration.batch = 2
    switch kind {
    case 0: configuration.length = .epochs(1)
    case 1: configuration.featureBudget = 0
    case 2: break
    default: configuration.variants = nil
    }
    let mixed = try Self.fit(
      [0, 1], generated: [(2, nil)], configuration, on: tested.device, change: Self.judgeQuickly)
    let all = try Self.fit([0, 1, 2], configuration, on: tested.device, change: Self.judgeQuickly)
    let alone = try Self.fit([0, 1], configuration, on: tested.device, change: Self.judgeQuickly)
    #expect(try mixed.tensors() == all.tensors())
    #expect(try mixed.tensors() != alone.tensors())
    #expect(mixed.threshold == all.threshold)
  }

  @Test func aFoldTrainsOnNoDescendantOfWhatItHoldsOut() throws {
    let device = TestDevice.all[0].device
    let model = try Self.fit([0, 1], generated: [(2, [0]), (3, nil)], Self.plain(), on: device)
    let first = try Self.fit([1], Self.plain(), on: device).inspect(DrawnPictures.texture(0)).score
    let second = try Self.fit([0, 2], Self.plain(), on: device, change: Self.judgeQuickly)
      .inspect(DrawnPictures.texture(1)).score
    #expect(model.heldOut?.scores.map(\.picture) == [first, second])
    #expect(
      model.heldOut?.origin == "2 normal training pictures, cross-fitted in 2 folds, each without generated "
        + "descendants of the pictures that it holds out, without 1 generated picture of unknown parents")
  }

  /// Only real pictures are watched, and what descends from them is not trained on.
  @Test func aWatchedPictureHasNoDescendantsInTraining() throws {
    let device = TestDevice.all[0].device
    var configuration = Self.plain(steps: 3)
    (configuration.validationPart, configuration.validationSteps) = (0.25, 1)
    let held = try #require(ExampleSplit(examples: 4, fraction: 0.25, seed: 0).validation.first)
    let generated = (0..<4).map { (number: 10 + $0, parents: [$0] as [Int]?) } + [(20, nil), (21, [])]
    let model = try Self.fit([0, 1, 2, 3], generated: generated, configuration, on: device, change: Self.judgeQuickly)
    configuration.validationPart = 0
    let others = (0..<4).filter { $0 != held }
    let expected = try Self.fit(
      others + others.map { 10 + $0 } + [21], configuration, on: device, change: Self.judgeQuickly)
    #expect(try model.tensors() == expected.tensors())
  }

  /// The student learns the same whoever a picture is of; what its distances are measured in is the real ones'.
  @Test(arguments: TestDevice.oneOfEachKind)
  func levelsAreMeasuredInUnitsOfRealPictures(_ tested: TestDevice) throws {
    var configuration = Self.plain()
    configuration.normalizesLevels = true
    func tensors(_ real: [Int], generated: [(number: Int, parents: [Int]?)] = []) throws -> [String: HostTensor] {
      try Self.fit(real, generated: generated, configuration, on: tested.device, change: Self.judgeQuickly).tensors()
    }
    let (mixed, all) = (try tensors([0, 1], generated: [(2, nil)]), try tensors([0, 1, 2]))
    #expect(Set(mixed.keys) == Set(all.keys))
    for (name, values) in mixed { #expect((values == all[name]) == !name.hasPrefix("level_"), "\(name)") }
  }

  @Test func aStudentFromElsewhereTakesNoGeneratedPictures() throws {
    let device = TestDevice.all[0].device
    let tensors = try Self.fit([0], Self.plain(), on: device).tensors()
    #expect(throws: DetectorError.self) {
      try Self.fit([0, 1], generated: [(2, nil)], Self.plain(), on: device) {
        $0.learnt = HostTensors(tensors, from: "a test")
      }
    }
  }
}

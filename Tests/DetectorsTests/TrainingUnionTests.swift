import Compute
import Detectors
import Images
import Tensors
import TestSupport
import Testing

@Suite("Real and generated pictures together")
struct TrainingUnionTests {
  @Test func foldsHoldOutRealPicturesWithTheirDescendants() {
    let union = TrainingUnion(real: 5, parents: [[0], nil, [3, 1], [], [4]])
    #expect(union.generated == 5 && union.count == 10)
    let folds = union.folds(2)
    #expect(folds.map(\.heldOut) == [[0, 2, 4], [1, 3]])
    #expect(folds.map(\.trained) == [[1, 3, 7, 8], [0, 2, 4, 5, 8, 9]])
    #expect(union.trained(without: []) == Array(0..<10))
    #expect(union.folds(9).map(\.heldOut) == [[0], [1], [2], [3], [4]])
    #expect(TrainingUnion(real: 3).folds(2).map(\.trained) == [[1], [0, 2]])
  }

  // MARK: PatchCore

  private static let configuration = {
    var configuration = PatchCoreConfiguration()
    configuration.size = 64
    return configuration
  }()

  private static func load(_ number: Int) throws -> NetworkPicture {
    NetworkPicture(try DrawnPictures.texture(number), size: 64)
  }

  private static func fit(
    _ real: [Int], _ generated: [(number: Int, parents: [Int]?)] = [], on device: any Device,
    _ configuration: PatchCoreConfiguration = configuration, change: (inout Fitting) -> Void = { _ in }
  ) throws -> PatchCore {
    var fitting = Fitting(pictures: real.count) { try load(real[$0]) }
    fitting.parents = generated.map(\.parents)
    fitting.loadGenerated = { try load(generated[$0].number) }
    change(&fitting)
    return try PatchCore.fit(configuration, backbone: FakeBackbone(on: device), fitting)
  }

  private static func scores(_ model: PatchCore) -> [Float]? { model.heldOut?.scores.map(\.picture) }

  @Test(arguments: TestDevice.all)
  func theBankIsThatOfAllPictures(_ tested: TestDevice) throws {
    var configuration = Self.configuration
    for (minimum, rows) in [(8192, 256), (0, 64)] {
      (configuration.coresetMinimum, configuration.coresetRatio) = (minimum, 0.25)
      let mixed = try Self.fit([0, 1], [(7, nil), (8, [0])], on: tested.device, configuration)
      let all = try Self.fit([0, 1, 7, 8], on: tested.device, configuration)
      #expect(mixed.bankRows == rows)
      #expect(try mixed.bankValues() == all.bankValues())
    }
    let mixed = try Self.fit([0, 1], [(7, [0])], on: tested.device)
    #expect(try mixed.inspect(DrawnPictures.texture(7)).score == 0)
    #expect(try Self.fit([0, 1], on: tested.device).inspect(DrawnPictures.texture(7)).score > 0)
  }

  /// The generated pictures are copies of the real ones: seen by the model of their fold, they would make the scores zero.
  @Test(arguments: TestDevice.all)
  func noFoldSeesDescendantsOfWhatItHoldsOut(_ tested: TestDevice) throws {
    let alone = try Self.fit([0, 33], on: tested.device)
    let expected = try #require(Self.scores(alone))
    #expect(expected.allSatisfy { $0 > 0 })
    #expect(alone.threshold?.origin == "2 normal training pictures, cross-fitted in 2 folds")
    let known = try Self.fit([0, 33], [(0, [0]), (33, [1])], on: tested.device)
    #expect(Self.scores(known) == expected)
    #expect(
      known.threshold?.origin == "2 normal training pictures, cross-fitted in 2 folds, "
        + "each without generated descendants of the pictures that it holds out")
    let unknown = try Self.fit([0, 33], [(0, nil), (33, nil)], on: tested.device)
    #expect(Self.scores(unknown) == expected)
    #expect(
      unknown.threshold?.origin == "2 normal training pictures, cross-fitted in 2 folds, "
        + "without 2 generated pictures of unknown parents")
    // What a wrong manifest would do, and so this test's proof that it can fail.
    #expect(try Self.scores(Self.fit([0, 33], [(0, [1]), (33, [0])], on: tested.device)) == [0, 0])
  }

  @Test(arguments: TestDevice.all)
  func descendantsOfOthersAreTrainedOnInAFold(_ tested: TestDevice) throws {
    let model = try Self.fit([0, 33], [(5, [0]), (6, [])], on: tested.device)
    let first = try Self.fit([33, 6], on: tested.device).inspect(DrawnPictures.texture(0)).score
    let second = try Self.fit([0, 5, 6], on: tested.device).inspect(DrawnPictures.texture(33)).score
    #expect(Self.scores(model) == [first, second])
  }

  @Test(arguments: TestDevice.all)
  func oneRealPictureIsJudgedByItsCopies(_ tested: TestDevice) throws {
    let model = try Self.fit([0], [(7, [0]), (8, nil)], on: tested.device)
    let scores = try Self.load(0).admissibleCopies().map { try model.inspect($0).score }
    #expect(Self.scores(model) == scores)
    #expect(model.threshold?.lowConfidence == true && model.heldOut?.isWeak == true)
    #expect(
      model.threshold?.origin
        == "6 relit and moved copies of the one training picture, by a model of it and its generated pictures")
  }

  @Test(arguments: TestDevice.all)
  func validationPicturesJudgeTheModelItself(_ tested: TestDevice) throws {
    let model = try Self.fit([0, 1], [(7, [0])], on: tested.device) {
      ($0.validation, $0.loadValidation) = (2, { try Self.load(40 + $0) })
    }
    #expect(Self.scores(model) == (try (40...41).map { try model.inspect(DrawnPictures.texture($0)).score }))
    #expect(model.threshold?.origin == "2 normal validation pictures")
  }

  @Test(arguments: TestDevice.all)
  func theBudgetCountsAllAndRealOnesMustBeThere(_ tested: TestDevice) throws {
    var configuration = Self.configuration
    configuration.descriptorBudget = 3 * 64 * 12 * 4 - 1
    #expect(throws: DetectorError.overBudget(pictures: 3, rows: 192, bytes: 9216, budget: 9215)) {
      try Self.fit([0, 1], [(7, nil)], on: tested.device, configuration)
    }
    #expect(throws: DetectorError.noPictures) { try Self.fit([], [(7, nil)], on: tested.device) }
  }

  @Test(arguments: TestDevice.all, [8192, 192])
  func addedPicturesJoinBoth(_ tested: TestDevice, minimum: Int) throws {
    var configuration = Self.configuration
    (configuration.coresetMinimum, configuration.coresetRatio) = (minimum, 0.5)
    let mixed = try Self.fit([0, 1], [(7, [0])], on: tested.device, configuration)
    let extended = try mixed.extended(trainedOn: 3, by: 1) { try Self.load($0 + 40) }
    #expect(extended.bankRows == (minimum == 192 ? 128 : 256))
    #expect(try extended.bankValues() == Self.fit([0, 1, 7, 40], on: tested.device, configuration).bankValues())
    #expect(
      extended.threshold?.origin.hasSuffix("holds out, and 1 picture added later, each scored by a model without it")
        == true)
  }
}

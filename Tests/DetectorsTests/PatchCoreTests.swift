import Compute
import Detectors
import Foundation
import Images
import Tensors
import TestSupport
import Testing

@Suite("PatchCore on pictures drawn by the test")
struct PatchCoreTests {
  /// Small pictures, whole memory banks.
  private static let configuration = {
    var configuration = PatchCoreConfiguration()
    configuration.size = 64
    return configuration
  }()

  private static func fit(
    _ numbers: [Int], on device: any Device, _ configuration: PatchCoreConfiguration = configuration
  ) throws -> PatchCore {
    try PatchCore.fit(
      configuration, backbone: FakeBackbone(on: device), pictures: numbers.count,
      load: { NetworkPicture(try DrawnPictures.texture(numbers[$0]), size: configuration.size) })
  }

  @Test(arguments: TestDevice.all)
  func aBlemishIsFoundAndLocalised(_ tested: TestDevice) throws {
    let model = try Self.fit(Array(0..<8), on: tested.device)
    let good = try (100..<105).map { try model.inspect(DrawnPictures.texture($0)) }
    let largestGood = good.map(\.score).max() ?? .nan
    for (column, row) in [(40, 8), (8, 40), (24, 24)] {
      let found = try model.inspect(DrawnPictures.blemished(200, column: column, row: row, side: 16))
      #expect(found.score > 2 * largestGood)
      #expect(found.map.width == 64 && found.map.height == 64)
      // The map's largest value lies within the blemish, give or take the 8 pixels of a patch.
      let place = try #require(found.map.values.firstIndex(of: found.map.largest))
      #expect(((column - 8)...(column + 24)).contains(place % 64), "column \(place % 64) of \(column)")
      #expect(((row - 8)...(row + 24)).contains(place / 64), "row \(place / 64) of \(row)")
    }
  }

  @Test(arguments: TestDevice.all)
  func aTrainingPictureHasDistanceZeroFromAWholeBank(_ tested: TestDevice) throws {
    let found = try Self.fit([0, 1, 2], on: tested.device).inspect(DrawnPictures.texture(1))
    #expect(found.score == 0)
    #expect(found.map.largest == 0)
  }

  @Test(arguments: TestDevice.all)
  func aScoreDependsOnItsPictureOnly(_ tested: TestDevice) throws {
    let model = try Self.fit([0, 1, 2, 3], on: tested.device)
    let picture = try DrawnPictures.blemished(50, column: 3, row: 30, side: 11)
    let alone = try model.inspect(picture)
    for other in 60..<63 { _ = try model.inspect(DrawnPictures.texture(other)) }
    let after = try model.inspect(picture)
    #expect(alone.score.bitPattern == after.score.bitPattern)
    #expect(alone.reweightedScore?.bitPattern == after.reweightedScore?.bitPattern)
    #expect(alone.map.values == after.map.values)
  }

  /// Sums in another order differ by a few units in the last place.
  private let betweenDevices: Float = 1e-5

  @Test func devicesAgree() throws {
    let picture = try DrawnPictures.blemished(50, column: 3, row: 30, side: 11)
    let scores = try TestDevice.all.map { try Self.fit([0, 1, 2], on: $0.device).inspect(picture).score }
    let first = try #require(scores.first)
    for score in scores { #expect(abs(score - first) <= betweenDevices * first) }
  }

  // MARK: the re-weighted score

  /// `(1 − e^(d*) / Σ e^(dⱼ)) · s*` in Double from the bank and the picture's descriptors.
  @Test(arguments: TestDevice.all, [1, 2, 9, 32])
  func theReweightedScoreFollowsItsFormula(_ tested: TestDevice, neighbours: Int) throws {
    var configuration = Self.configuration
    configuration.neighbours = neighbours
    let model = try Self.fit([0, 1, 2], on: tested.device, configuration)
    let picture = NetworkPicture(try DrawnPictures.blemished(9, column: 20, row: 20, side: 13), size: 64)
    let found = try model.inspect(picture)
    let extractor = DescriptorExtractor(model.backbone, size: 64, strides: configuration.strides)
    let width = model.descriptorWidth
    let (bank, patches) = (
      Rows(try model.bankValues(), width), Rows(try extractor.descriptors(of: picture).values(), width)
    )
    let nearest = (0..<patches.count).map { patch in
      (0..<bank.count).map { (row: $0, distance: patches.distance(patch, bank, $0)) }
        .min { ($0.distance, $0.row) < ($1.distance, $1.row) } ?? (0, .nan)
    }
    let patch = try #require((0..<patches.count).max { nearest[$0].distance < nearest[$1].distance })
    let (row, score) = nearest[patch]
    #expect(abs(Double(found.score) - score) <= Self.relative * score)
    let around = (0..<bank.count).sorted { bank.distance(row, bank, $0) < bank.distance(row, bank, $1) }
      .prefix(neighbours).map { patches.distance(patch, bank, $0) }
    let weight = neighbours == 1 ? 1 : 1 - exp(score) / around.reduce(0) { $0 + exp($1) }
    #expect(abs(Double(try #require(found.reweightedScore)) - weight * score) <= Self.relative * score)
  }

  /// Of the score: a sum of 12 squares in Float32, and the exponential of distances below 30 that are so rounded.
  private static let relative = 1e-5

  private struct Rows {
    let values: [Float]
    let width: Int
    var count: Int { values.count / width }

    init(_ values: [Float], _ width: Int) {
      self.values = values
      self.width = width
    }

    func distance(_ row: Int, _ other: Rows, _ otherRow: Int) -> Double {
      (0..<width).reduce(0) { sum, column in
        let difference = Double(values[row * width + column]) - Double(other.values[otherRow * width + column])
        return sum + difference * difference
      }.squareRoot()
    }
  }

  // MARK: the threshold

  /// With two pictures and two folds each is scored by a model of the other one alone.
  @Test(arguments: TestDevice.all)
  func crossFittingHoldsPicturesOut(_ tested: TestDevice) throws {
    let threshold = try #require(try Self.fit([0, 33], on: tested.device).threshold)
    let first = try Self.fit([0], on: tested.device).inspect(DrawnPictures.texture(33))
    let second = try Self.fit([33], on: tested.device).inspect(DrawnPictures.texture(0))
    #expect(threshold.score == Threshold.quantile([first.score, second.score], 0.99))
    #expect(threshold.pixel == Threshold.quantile([first.map.largest, second.map.largest], 0.99))
    #expect(threshold.heldOut == 2)
    #expect(threshold.lowConfidence)
    #expect(threshold.origin == "2 normal training pictures, cross-fitted in 2 folds")
  }

  /// Seven pictures in five folds: pictures 0 and 5 are held out together.
  @Test(arguments: TestDevice.all)
  func pictureAndFoldNumbersDecideWhoIsHeldOut(_ tested: TestDevice) throws {
    let numbers = [0, 1, 2, 3, 4, 40, 41]
    let threshold = try #require(try Self.fit(numbers, on: tested.device).threshold)
    let folds = [[0, 5], [1, 6], [2], [3], [4]]
    let scores = try folds.flatMap { fold in
      let model = try Self.fit(numbers.indices.filter { !fold.contains($0) }.map { numbers[$0] }, on: tested.device)
      return try fold.map { try model.inspect(DrawnPictures.texture(numbers[$0])).score }
    }
    #expect(threshold.score == Threshold.quantile(scores, 0.99))
    #expect(threshold.heldOut == 7)
  }

  @Test(arguments: TestDevice.all)
  func onePictureGivesALowConfidenceThresholdFromItsCopies(_ tested: TestDevice) throws {
    let model = try Self.fit([0], on: tested.device)
    let threshold = try #require(model.threshold)
    let picture = NetworkPicture(try DrawnPictures.texture(0), size: 64)
    let scores = try picture.admissibleCopies().map { try model.inspect($0).score }
    #expect(scores.count == 6)
    #expect(threshold.score == Threshold.quantile(scores, 0.99))
    #expect(threshold.lowConfidence)
    #expect(threshold.origin == "6 relit and moved copies of the one training picture")
  }

  /// Pictures that a data set sets apart are scored by the finished model; also beside a single training picture.
  @Test(arguments: TestDevice.all, [[0], [0, 1, 2]])
  func validationPicturesGiveTheThreshold(_ tested: TestDevice, training: [Int]) throws {
    let validation = [33, 40, 50]
    let model = try PatchCore.fit(
      Self.configuration, backbone: FakeBackbone(on: tested.device), pictures: training.count,
      load: { NetworkPicture(try DrawnPictures.texture(training[$0]), size: 64) }, validation: validation.count,
      loadValidation: { NetworkPicture(try DrawnPictures.texture(validation[$0]), size: 64) })
    let threshold = try #require(model.threshold)
    let found = try validation.map { try model.inspect(DrawnPictures.texture($0)) }
    #expect(threshold.score == Threshold.quantile(found.map(\.score), 0.99))
    #expect(threshold.pixel == Threshold.quantile(found.map(\.map.largest), 0.99))
    #expect(threshold.heldOut == 3)
    #expect(threshold.lowConfidence)
    #expect(threshold.origin == "3 normal validation pictures")
    #expect(try model.bankValues() == Self.fit(training, on: tested.device).bankValues())
  }

  // MARK: the memory bank

  @Test(arguments: TestDevice.all)
  func theBankKeepsTheGivenPartOfManyRows(_ tested: TestDevice) throws {
    var configuration = Self.configuration
    configuration.coresetMinimum = 0
    configuration.coresetRatio = 0.25
    // 3 pictures of 8 x 8 patches.
    #expect(try Self.fit([0, 1, 2], on: tested.device, configuration).bankRows == 48)
    configuration.coresetMinimum = 192
    #expect(try Self.fit([0, 1, 2], on: tested.device, configuration).bankRows == 192)
    configuration.coresetMinimum = 191
    #expect(try Self.fit([0, 1, 2], on: tested.device, configuration).bankRows == 48)
  }

  @Test func atLeastOneRowIsKept() {
    var configuration = PatchCoreConfiguration()
    configuration.coresetMinimum = 0
    #expect(configuration.bankRows(of: 9) == 1)
    #expect(configuration.bankRows(of: 1024) == 102)
    #expect(configuration.bankRows(of: 214_016) == 21_401)
  }

  // MARK: errors

  @Test(arguments: TestDevice.all)
  func morePatchesThanTheBudgetThrow(_ tested: TestDevice) throws {
    var configuration = Self.configuration
    // 5 pictures · 64 patches · 12 floats
    configuration.descriptorBudget = 5 * 64 * 12 * 4 - 1
    var loaded = 0
    #expect(throws: DetectorError.overBudget(pictures: 5, rows: 320, bytes: 15360, budget: 15359)) {
      try PatchCore.fit(
        configuration, backbone: FakeBackbone(on: tested.device), pictures: 5,
        load: {
          loaded += 1
          return NetworkPicture(try DrawnPictures.texture($0), size: 64)
        })
    }
    #expect(loaded == 0)
    configuration.descriptorBudget += 1
    #expect(try Self.fit([0, 1, 2, 3, 4], on: tested.device, configuration).bankRows == 320)
  }

  @Test(arguments: TestDevice.all)
  func noPicturesThrow(_ tested: TestDevice) throws {
    #expect(throws: DetectorError.noPictures) { try Self.fit([], on: tested.device) }
  }

  @Test(arguments: TestDevice.all)
  func featuresThatAreNotFiniteThrow(_ tested: TestDevice) throws {
    let model = try Self.fit([0], on: tested.device)
    var values = NetworkPicture(try DrawnPictures.texture(1), size: 64).values
    values[7] = .nan
    #expect(throws: DetectorError.self) { try model.inspect(NetworkPicture(size: 64, values: values)) }
  }

  @Test func settingsOutOfRangeAreNamed() throws {
    let device = try #require(TestDevice.all.first).device
    let changes: [(name: String, change: (inout PatchCoreConfiguration) -> Void)] = [
      ("size", { $0.size = 31 }), ("size", { $0.size = 4097 }), ("coreset minimum", { $0.coresetMinimum = -1 }),
      ("neighbours", { $0.neighbours = 0 }), ("neighbours", { $0.neighbours = 33 }), ("folds", { $0.folds = 1 }),
      ("coreset ratio", { $0.coresetRatio = 0 }), ("coreset ratio", { $0.coresetRatio = 1.01 }),
      ("coreset ratio", { $0.coresetRatio = .nan }), ("false-alarm rate", { $0.falseAlarmRate = 0 }),
      ("false-alarm rate", { $0.falseAlarmRate = 1 }), ("smoothing", { $0.smoothingSigma = 0 }),
      ("smoothing", { $0.smoothingSigma = .nan }), ("strides", { $0.strides = [] }),
      ("strides", { $0.strides = [8, 0] }),
    ]
    for (name, change) in changes {
      var configuration = Self.configuration
      change(&configuration)
      let error = #expect(throws: DetectorError.self) { try Self.fit([0], on: device, configuration) }
      guard case .setting(let found, _) = error else {
        Issue.record("\(name): not a setting: \(String(describing: error))")
        continue
      }
      #expect(found == name)
    }
  }
}

@Suite("Anomaly maps")
struct AnomalyMapTests {
  /// The host's resizing must do what the devices' does: half-pixel centres, edges held.
  @Test(
    arguments: OperationFixtures.cases("resampling").filter {
      $0.texts["mode"] == "bilinearHalfPixel" && (try? $0.shape("x").extents.last) == 1
    })
  func resizingEqualsPyTorchs(_ fixture: OperationCase) throws {
    let (x, y) = (try fixture.shape("x"), try fixture.shape("y"))
    let map = AnomalyMap(width: x[2], height: x[1], values: try fixture.values("x"))
    let resized = map.resized(width: y[2], height: y[1])
    #expect(resized.width == y[2] && resized.height == y[1])
    // Positions are rounded as on the devices: see ResamplingTests.
    let tolerance = Tolerance(ofLargest: 4 + 4 * Double(max(x[1], x[2])))
    try expectEqual(resized.values, fixture.values("y"), within: tolerance, "\(fixture.name)")
  }

  @Test func thereAreMapsToResize() {
    #expect(OperationFixtures.cases("resampling").count { (try? $0.shape("x").extents.last) == 1 } == 6)
  }
}

import Compute
import Detectors
import Images
import Tensors
import TestSupport
import Testing

@Suite("Adding pictures to a PatchCore model")
struct ExtensionTests {
  private static let configuration = {
    var configuration = PatchCoreConfiguration()
    configuration.size = 64
    return configuration
  }()

  private static func load(_ number: Int) throws -> NetworkPicture {
    NetworkPicture(try DrawnPictures.texture(number), size: 64)
  }

  private static func fit(
    _ numbers: [Int], on device: any Device, _ configuration: PatchCoreConfiguration = configuration
  ) throws -> PatchCore {
    try PatchCore.fit(
      configuration, backbone: FakeBackbone(on: device), pictures: numbers.count, load: { try load(numbers[$0]) })
  }

  private static func extended(_ model: PatchCore, trainedOn trained: Int, by numbers: [Int]) throws -> PatchCore {
    try model.extended(trainedOn: trained, by: numbers.count, load: { try load(numbers[$0]) })
  }

  /// 3 and 4 pictures of 64 patches: everything is kept, or the old bank is whole and the larger one reduced.
  @Test(arguments: TestDevice.all, [8192, 192, 300])
  func aWholeBankBecomesThatOfOneTraining(_ tested: TestDevice, minimum: Int) throws {
    var configuration = Self.configuration
    configuration.coresetMinimum = minimum
    configuration.coresetRatio = 0.3
    let together = try Self.fit([0, 1, 2, 3, 4, 5, 6], on: tested.device, configuration)
    let first = try Self.fit([0, 1, 2], on: tested.device, configuration)
    #expect(first.bankRows == 192)
    let added = try Self.extended(first, trainedOn: 3, by: [3, 4, 5, 6])
    #expect(added.bankRows == (minimum == 8192 ? 448 : 134))
    #expect(try added.bankValues() == together.bankValues())
    let picture = try DrawnPictures.blemished(9, column: 20, row: 20, side: 13)
    #expect(try added.inspect(picture).score == together.inspect(picture).score)
  }

  /// The old rows stay first; each further one is farthest from all before it, in Double and up to rounding.
  @Test(arguments: TestDevice.all)
  func aReducedBankGoesOnGreedily(_ tested: TestDevice) throws {
    var configuration = Self.configuration
    configuration.coresetMinimum = 0
    configuration.coresetRatio = 0.25
    let first = try Self.fit([0, 1, 2], on: tested.device, configuration)
    // The new pictures have blemishes, which the old bank is far from.
    let added = try first.extended(
      trainedOn: 3, by: 2,
      load: { NetworkPicture(try DrawnPictures.blemished($0 + 3, column: 8, row: 30, side: 20), size: 64) })
    let (old, new, width) = (try first.bankValues(), try added.bankValues(), first.descriptorWidth)
    #expect(first.bankRows == 48 && added.bankRows == 80)
    #expect(Array(new.prefix(old.count)) == old)
    let extractor = DescriptorExtractor(added.backbone, size: 64, strides: configuration.strides)
    let candidates = try (3...4).flatMap {
      try extractor.descriptors(
        of: NetworkPicture(try DrawnPictures.blemished($0, column: 8, row: 30, side: 20), size: 64)
      ).values()
    }
    func squared(_ a: [Float], _ i: Int, _ b: [Float], _ j: Int) -> Double {
      (0..<width).reduce(0) { sum, column in
        let difference = Double(a[i * width + column]) - Double(b[j * width + column])
        return sum + difference * difference
      }
    }
    for pick in 48..<80 {
      let farthest = (0..<128).map { row in (0..<pick).map { squared(candidates, row, new, $0) }.min() ?? .nan }.max()
      let found = (0..<pick).map { squared(new, pick, new, $0) }.min() ?? .nan
      // Sums of 12 squares in Float32: 32 roundings are more than enough.
      #expect(abs(found - (farthest ?? .nan)) <= 32 * Tolerance.unit * found, "pick \(pick)")
      #expect((0..<128).contains { squared(candidates, $0, new, pick) == 0 })
    }
  }

  @Test(arguments: TestDevice.all)
  func newPicturesAreScoredByModelsWithoutThem(_ tested: TestDevice) throws {
    let first = try Self.fit([0, 1, 2], on: tested.device)
    let before = try #require(first.heldOut)
    #expect(before.scores.count == 3 && before.added == 0)
    let two = try Self.extended(first, trainedOn: 3, by: [30, 31])
    let after = try #require(two.heldOut)
    let expected = try [(30, 31), (31, 30)].map { heldOut, other in
      try Self.fit([0, 1, 2, other], on: tested.device).inspect(DrawnPictures.texture(heldOut)).score
    }
    #expect(after.scores.map(\.picture) == before.scores.map(\.picture) + expected)
    #expect(after.added == 2)
    let threshold = try #require(two.threshold)
    #expect(threshold.score == Threshold.quantile(after.scores.map(\.picture), 0.99))
    #expect(
      threshold.origin == "3 normal training pictures, cross-fitted in 3 folds, and 2 pictures added later, "
        + "each scored by a model without it")
    let one = try Self.extended(two, trainedOn: 5, by: [32])
    #expect(one.heldOut?.scores.last?.picture == (try two.inspect(DrawnPictures.texture(32)).score))
    #expect(one.threshold?.origin.contains("and 3 pictures added later") == true)
  }

  /// Copies of the one training picture give way to real ones; the minimum area stays.
  @Test func copiesGiveWay() throws {
    var first = try Self.fit([0], on: TestDevice.all[0].device)
    #expect(first.heldOut?.isWeak == true)
    first.threshold?.minimumArea = .pixels(7)
    let added = try Self.extended(first, trainedOn: 1, by: [1, 2])
    #expect(added.heldOut?.scores.count == 2)
    #expect(added.heldOut?.isWeak == false)
    #expect(added.threshold?.minimumArea == .pixels(7))
    #expect(added.threshold?.origin == "2 pictures added later, each scored by a model without it")
    #expect(throws: DetectorError.noPictures) { try Self.extended(first, trainedOn: 1, by: []) }
  }
}

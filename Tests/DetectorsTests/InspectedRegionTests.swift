import Compute
import Detectors
import Foundation
import Images
import TestSupport
import Testing

/// Pictures of 64 pixels have a grid of 8 x 8 patches, whose centres lie at 4, 12, … 60.
@Suite("Ignored parts of pictures")
struct InspectedRegionTests {
  private static let configuration = {
    var configuration = PatchCoreConfiguration()
    configuration.size = 64
    return configuration
  }()

  private static func fit(
    _ numbers: [Int], ignoring ignored: Mask?, on device: any Device, blemish: Bool = false
  ) throws -> PatchCore {
    try PatchCore.fit(
      configuration, backbone: FakeBackbone(on: device), pictures: numbers.count, ignored: ignored,
      load: {
        let picture =
          blemish
          ? try DrawnPictures.blemished(numbers[$0], column: 2, row: 10, side: 20)
          : try DrawnPictures.texture(numbers[$0])
        return NetworkPicture(picture, size: 64)
      })
  }

  /// The left `columns` of 64.
  private static func left(_ columns: Int, width: Int = 64, height: Int = 64) -> Mask {
    Mask(
      width: width, height: height,
      values: (0..<(width * height)).map { $0 % width * 64 < columns * width ? 1 : 0 })
  }

  @Test(arguments: TestDevice.all)
  func whatLiesThereHasNoInfluence(_ tested: TestDevice) throws {
    let ignored = Self.left(28)
    let plain = try Self.fit([0, 1, 2], ignoring: ignored, on: tested.device)
    let blemished = try Self.fit([0, 1, 2], ignoring: ignored, on: tested.device, blemish: true)
    #expect(try plain.bankValues() == blemished.bankValues())
    #expect(plain.threshold == blemished.threshold)
    // The blemish reaches from column 2 to 21.
    let good = try plain.inspect(DrawnPictures.texture(50))
    let bad = try plain.inspect(DrawnPictures.blemished(50, column: 2, row: 10, side: 20))
    #expect(good.score == bad.score && good.reweightedScore == bad.reweightedScore)
    #expect(good.map.values == bad.map.values)
    // Without the mask it is seen; and with it a blemish elsewhere is.
    let whole = try Self.fit([0, 1, 2], ignoring: nil, on: tested.device)
    #expect(
      try whole.inspect(DrawnPictures.blemished(50, column: 2, row: 10, side: 20)).score
        > 2 * whole.inspect(DrawnPictures.texture(50)).score)
    #expect(try plain.inspect(DrawnPictures.blemished(50, column: 40, row: 10, side: 20)).score > 2 * good.score)
  }

  /// A patch counts when the mask is not set at its centre: at 28 of 64 columns, the patches of the centres 4, 12 and 20
  /// are out, and that of 28 is in. The mask's own size does not matter.
  @Test(arguments: [(28, 64, 5), (29, 64, 4), (28, 16, 5), (28, 640, 5)])
  func patchesAreLeftOutByTheirCentres(_ columns: Int, _ width: Int, _ inspected: Int) throws {
    let model = try Self.fit(
      [0, 1, 2], ignoring: Self.left(columns, width: width, height: 20), on: TestDevice.all[0].device)
    #expect(model.patchesPerPicture == inspected * 8)
    #expect(model.bankRows == 3 * inspected * 8)
    #expect(model.gridPatches == 64)
  }

  @Test(arguments: TestDevice.all)
  func theMapIsZeroThereAtEverySize(_ tested: TestDevice) throws {
    let model = try Self.fit([0, 1, 2], ignoring: Self.left(28, width: 640, height: 3), on: tested.device)
    let map = try model.inspect(DrawnPictures.blemished(50, column: 30, row: 10, side: 20)).map
    for (width, height) in [(64, 64), (200, 131), (640, 480), (7, 5)] {
      let resized = map.resized(width: width, height: height)
      let ignored = try #require(resized.ignored).resized(width: width, height: height)
      #expect(ignored.defectivePixels == height * (0..<width).count { (2 * $0 + 1) * 64 < 28 * 2 * width })
      for place in resized.values.indices {
        #expect((resized.values[place] == 0) == (ignored.values[place] != 0))
      }
    }
  }

  @Test func aMaskOfEverythingIsRefused() throws {
    #expect(throws: DetectorError.setting(name: "ignore mask", reason: "leaves no patch to inspect")) {
      try Self.fit([0, 1], ignoring: Self.left(61), on: TestDevice.all[0].device)
    }
  }

  /// One picture's copies are moved and relit; the ignored part stays where it is.
  @Test(arguments: TestDevice.all)
  func copiesKeepTheMask(_ tested: TestDevice) throws {
    let plain = try Self.fit([0], ignoring: Self.left(28), on: tested.device)
    let blemished = try Self.fit([0], ignoring: Self.left(28), on: tested.device, blemish: true)
    #expect(plain.heldOut == blemished.heldOut)
  }
}

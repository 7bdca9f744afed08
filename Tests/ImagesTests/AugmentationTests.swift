import Checkpoints
import Foundation
import Images
import TestSupport
import Testing

@Suite("Augmentation")
struct AugmentationTests {
  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    let input, output, operation, fill: String
    let numbers: [Double]
    var testDescription: String { "\(input), \(operation) \(numbers) \(fill)" }

    func apply(to picture: FloatImage) throws -> FloatImage {
      switch operation {
      case "brightness": return picture.adjusted(brightness: Float(numbers[0]))
      case "contrast": return picture.adjusted(contrast: Float(numbers[0]))
      case "saturation": return picture.adjusted(saturation: Float(numbers[0]))
      default:
        let fills = ["zeros": EdgeFill.constant(0), "edge": .edge, "reflected": .reflected]
        return picture.moved(
          degrees: numbers[0], right: numbers[1], down: numbers[2], scale: numbers[3],
          fill: try #require(fills[fill]))
      }
    }
  }

  private static let file = try? SafetensorsFile(path: Fixtures.path("augmentation.safetensors"))
  static let cases = (try? JSONDecoder().decode([Case].self, from: Data((file?.metadata["cases"] ?? "").utf8))) ?? []

  private func picture(_ name: String) throws -> FloatImage {
    let tensor = try #require(Self.file).tensor(named: name)
    return try FloatImage(
      width: tensor.shape[1], height: tensor.shape[0], channels: tensor.shape[2], samples: tensor.values)
  }

  @Test(arguments: cases)
  func changesAreTorchvisions(_ found: Case) throws {
    let (result, expected) = (try found.apply(to: picture(found.input)), try picture(found.output))
    #expect(result.width == expected.width && result.height == expected.height)
    // Grey levels up to 255 in float32, a few roundings each.
    expectEqual(result.samples, expected.samples, within: Tolerance(absolute: 255 * 8 * Tolerance.unit))
  }

  @Test func casesAreThere() { #expect(Self.cases.count == 124) }

  /// As `PhiloxStream`, but for this folder a plain sequence is enough.
  private struct Sequence: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private func ramp(_ width: Int, _ height: Int) throws -> FloatImage {
    try FloatImage(
      width: width, height: height, channels: 3, samples: (0..<(width * height * 3)).map { Float($0 % 251) })
  }

  @Test func flipsAndCropsMovePixels() throws {
    let picture = try FloatImage(width: 3, height: 2, samples: [1, 2, 3, 4, 5, 6])
    #expect(picture.flipped(horizontally: true).samples == [3, 2, 1, 6, 5, 4])
    #expect(picture.flipped(vertically: true).samples == [4, 5, 6, 1, 2, 3])
    #expect(picture.cropped(left: 1, top: 1, width: 2, height: 1).samples == [5, 6])
  }

  @Test func nothingIsChangedUnlessAskedFor() throws {
    var random = Sequence(state: 5)
    let picture = try ramp(7, 5)
    #expect(try Augmentation().applied(to: picture, using: &random) == picture)
  }

  /// Every setting moves something, and draws stay in their ranges.
  @Test func drawsAreUniformInTheirRanges() throws {
    let grey = try FloatImage(width: 8, height: 8, samples: [Float](repeating: 100, count: 64))
    var (augmentation, random) = (Augmentation(), Sequence(state: 7))
    augmentation.brightness = 0.25
    let factors = try (0..<2000).map { _ in try augmentation.applied(to: grey, using: &random).samples[0] / 100 }
    let (low, high) = (try #require(factors.min()), try #require(factors.max()))
    #expect(low >= 0.75 && low < 0.76 && high <= 1.25 && high > 1.24)
    #expect(abs(factors.reduce(0, +) / 2000 - 1) < 0.02)
    augmentation = Augmentation()
    (augmentation.horizontalFlip, augmentation.crop) = (0.25, 3)
    let picture = try FloatImage(width: 4, height: 3, samples: (0..<12).map(Float.init))
    let firsts = try (0..<4000).map { _ in try augmentation.applied(to: picture, using: &random).samples.prefix(2) }
    #expect(abs(firsts.count { $0[1] < $0[0] } - 1000) < 150)
    #expect(Set(firsts.map { min($0[0], $0[1]) }).isSubset(of: [0, 1, 2]))
    #expect(abs(firsts.count { [0, 2].contains($0[0]) && ($0[0] == 0) == ($0[1] > $0[0]) } - 2000) < 200)
  }

  @Test func oneColourChangeIsOneOfThree() throws {
    var (augmentation, random) = (Augmentation(), Sequence(state: 9))
    (augmentation.brightness, augmentation.contrast, augmentation.saturation) = (0.2, 0.2, 0.2)
    augmentation.oneColourChange = true
    // A grey picture of two levels: brightness keeps their ratio, contrast their mean, saturation both.
    let grey = try FloatImage(width: 2, height: 1, channels: 3, samples: [50, 50, 50, 100, 100, 100])
    let kinds = try (0..<900).map { _ -> String in
      let found = try augmentation.applied(to: grey, using: &random).samples
      if abs(found[0] - 50) < 1e-2 { return "saturation" }
      return abs(found[3] / found[0] - 2) < 1e-3 ? "brightness" : "contrast"
    }
    for kind in ["saturation", "brightness", "contrast"] { #expect(abs(kinds.count { $0 == kind } - 300) < 80) }
  }

  @Test func settingsAreChecked() throws {
    let wrong: [(inout Augmentation) -> Void] = [
      { $0.brightness = -0.1 }, { $0.contrast = .nan }, { $0.saturation = .infinity }, { $0.degrees = 181 },
      { $0.translation = 1.5 }, { $0.scale = 1 }, { $0.crop = 0 }, { $0.horizontalFlip = 2 },
      { $0.verticalFlip = -1 },
    ]
    for change in wrong {
      var augmentation = Augmentation()
      change(&augmentation)
      #expect(throws: ImageError.self) { try augmentation.validate() }
    }
    var (augmentation, random) = (Augmentation(), Sequence(state: 1))
    augmentation.crop = 6
    try augmentation.validate()
    #expect(try JSONDecoder().decode(Augmentation.self, from: JSONEncoder().encode(augmentation)) == augmentation)
    let error = #expect(throws: ImageError.self) { try augmentation.applied(to: ramp(7, 5), using: &random) }
    #expect(error?.description == "The augmentation's crop of 6 pixels does not fit a picture of 7 x 5.")
  }
}

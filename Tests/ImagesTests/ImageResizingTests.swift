import Foundation
import Images
import TestSupport
import Testing

@Suite("Resizing pictures")
struct ImageResizingTests {
  @Test(arguments: ImageReference.resizing)
  func equalsPillowBitForBit(_ reference: ImageReference.Resizing) throws {
    let image = try Image(
      width: reference.width, height: reference.height, channels: reference.channels, pixels: [UInt8](reference.pixels))
    for expected in reference.results {
      let result = image.resized(width: expected.width, height: expected.height)
      #expect(result.extent == [expected.width, expected.height, image.channels])
      #expect(result.pixels == [UInt8](expected.pixels), "to \(expected.width) x \(expected.height)")
    }
  }

  @Test(arguments: ImageReference.filtered)
  func everyFilterEqualsPillow(_ reference: ImageReference.Filtered) throws {
    let image = try Image(
      width: reference.width, height: reference.height, channels: reference.channels, pixels: [UInt8](reference.pixels))
    #expect(Set(reference.results.map(\.filter)) == Set(ResizeFilter.allCases.map(\.rawValue)))
    for expected in reference.results {
      let filter = try #require(ResizeFilter(rawValue: expected.filter))
      let (width, height) = (expected.width, expected.height)
      let place: Comment = "\(filter) to \(width) x \(height)"
      #expect(image.resized(width: width, height: height, filter: filter).pixels == [UInt8](expected.pixels), place)
      // Pillow sums in double precision: some roundings of single precision at 255 lie between.
      let result = FloatImage(image).resized(width: width, height: height, filter: filter)
      #expect(result.width == width && result.height == height && result.channels == image.channels)
      let differences = zip(result.samples, floats(expected.floats)).map { abs($0 - $1) }
      #expect(differences.count == width * height * image.channels)
      #expect(differences.allSatisfy { $0 <= 2e-4 }, place)
      #expect(FloatImage(image, width: width, height: height, filter: filter) == result)
    }
  }

  @Test func sixteenBitsAreResizedWithTheirLowBytes() throws {
    // Dark: the upper bytes are 0 and 1 only.
    let words = (0..<(12 * 9)).map { $0 * 37 % 300 }
    let header = Array("P5 12 9 65535\n".utf8)
    let image = try Image(Data(header + words.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }), path: "memory")
    #expect(image.lowBytes != nil)
    let deep = FloatImage(image, width: 5, height: 4)
    let exact = try FloatImage(width: 12, height: 9, samples: words.map { Float($0) / 257 }).resized(
      width: 5, height: 4)
    #expect(zip(deep.samples, exact.samples).allSatisfy { abs($0 - $1) <= 1e-6 })
    #expect(Set(deep.samples).count == 20)
    #expect(image.resized(width: 5, height: 4).lowBytes == nil)
    #expect(image.rgb.lowBytes == nil)
  }

  @Test(arguments: ResizeFilter.allCases)
  func itsOwnSizeChangesNothing(_ filter: ResizeFilter) throws {
    let image = try noise(11, 6, 3)
    #expect(image.resized(width: 11, height: 6, filter: filter) == image)
    #expect(FloatImage(image).resized(width: 11, height: 6, filter: filter) == FloatImage(image))
  }

  @Test func sizesBelowOneBecomeOne() throws {
    let image = try noise(5, 4, 1).resized(width: 0, height: -3)
    #expect(image.extent == [1, 1, 1])
  }

  @Test(arguments: [UInt8(0), 1, 127, 254, 255])
  func anEvenPictureStaysEven(_ value: UInt8) throws {
    let image = try Image(
      width: 7, height: 5, channels: 3, pixels: [UInt8](repeating: value, count: 105))
    for (width, height) in [(3, 2), (16, 11), (1, 1)] {
      #expect(image.resized(width: width, height: height).pixels.allSatisfy { $0 == value })
    }
  }
}
